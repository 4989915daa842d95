"""Finding patients by the beginnings of their words, by the index that migration 0006 makes on either database."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Func

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler


class WordBegins(Func):
    """Whether some word of a patient begins with `word`, from `rules.words.parts_of`, or the phone number ends with it
    where that is `number`; a condition for `filter` over patients."""

    conditional = True
    output_field = models.BooleanField()

    def __init__(self, word: str, *, number: bool) -> None:
        super().__init__("pk", "phone")
        self.word, self.number = word, number

    def as_postgresql(self, compiler: "SQLCompiler", connection: "BaseDatabaseWrapper", **_: Any) -> Any:
        table = connection.ops.quote_name(self.source_expressions[0].alias)  # type: ignore[attr-defined]
        ends = f" | '#{self.word[::-1]}':*" if self.number else ""  # kept from its end
        return f"{table}.words @@ %s::tsquery", [f"'{self.word}':*{ends}"]

    def as_sqlite(self, compiler: "SQLCompiler", connection: "BaseDatabaseWrapper", **_: Any) -> Any:
        (key, _none), (phone, _none) = (compiler.compile(one) for one in self.source_expressions)
        found = f"{key} IN (SELECT rowid FROM directory_patientwords WHERE words MATCH %s)"  # noqa: S608 - our own names
        if self.number:
            return f"({found} OR {phone} LIKE %s)", [f'"{self.word}"*', f"%{self.word}"]
        return found, [f'"{self.word}"*']
