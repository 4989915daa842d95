"""Finding patients by the beginnings of words, by index on PostgreSQL, row by row on SQLite."""

import sqlite3
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Func

from portal_core.directory.rules.words import kept

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler


class WordBegins(Func):
    """Whether some word of a patient begins with one of these; a condition for `filter` over patients.

    PostgreSQL keeps the words in a column that it writes itself (migration 0006).
    """

    conditional = True
    output_field = models.BooleanField()

    def __init__(self, *beginnings: str) -> None:
        super().__init__("first_name", "last_name", "preferred_name", "mrn", "phone")
        self.beginnings = beginnings

    def as_postgresql(self, compiler: "SQLCompiler", connection: "BaseDatabaseWrapper", **_: Any) -> Any:
        table = connection.ops.quote_name(self.source_expressions[0].alias)  # type: ignore[attr-defined]
        # Words hold neither quotes nor backslashes, so nothing can end the quotation.
        return f"{table}.words @@ %s::tsquery", [" | ".join(f"'{word}':*" for word in self.beginnings)]

    def as_sqlite(self, compiler: "SQLCompiler", connection: "BaseDatabaseWrapper", **_: Any) -> Any:
        arguments, values = [], []
        for expression in self.source_expressions:
            sql, parameters = compiler.compile(expression)
            arguments.append(sql)
            values += parameters
        words = f"patient_words({', '.join(arguments)})"
        found = " OR ".join(f"instr({words}, %s) > 0" for _word in self.beginnings)
        return f"({found})", [value for word in self.beginnings for value in (*values, f" {word}")]


def teach_sqlite(connection: "BaseDatabaseWrapper", **_: object) -> None:
    """A new connection to SQLite learns what the words of a patient are."""
    if connection.vendor == "sqlite":
        raw: sqlite3.Connection = connection.connection
        raw.create_function("patient_words", 5, _words, deterministic=True)


def _words(first: str, last: str, preferred: str, mrn: str, phone: str) -> str:
    return kept(f"{first} {last} {preferred} {mrn}", phone)
