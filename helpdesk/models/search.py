"""The words of every ticket, for full-text search on both databases.

PostgreSQL keeps a `tsvector` beside them (a generated column with a GIN index), SQLite an FTS5 table that triggers keep
in step. Both are made by the migration; whoever has SQLite make this table anew makes the triggers anew too.
"""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Lookup

from helpdesk.models.ticket import Ticket

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

    from helpdesk.rules.words import Question

    TextField = models.TextField[str, str]
else:
    TextField = models.TextField


class WordsField(TextField):
    """Words from `rules.words.document`, each once; `words__hold=question(…)` finds them. The key of its table is the
    key of what is found; a subclass for another table names that table's FTS5 engine."""

    engine = "helpdesk_searchwords"


@WordsField.register_lookup
class Hold(Lookup):
    """Every word of the question begins some word of the document."""

    lookup_name = "hold"
    prepare_rhs = False
    rhs: "Question"

    def as_postgresql(self, compiler: "SQLCompiler", connection: "BaseDatabaseWrapper") -> tuple[str, list[Any]]:
        return f"{self._table(connection)}.vector @@ %s::tsquery", [self.rhs.for_postgresql()]

    def as_sqlite(self, compiler: "SQLCompiler", connection: "BaseDatabaseWrapper") -> tuple[str, list[Any]]:
        engine, key = self.lhs.target.engine, self.lhs.target.model._meta.pk.column
        found = f"SELECT rowid FROM {engine} WHERE {engine} MATCH %s"  # noqa: S608 - names from our own classes
        return f"{self._table(connection)}.{key} IN ({found})", [self.rhs.for_sqlite()]

    def _table(self, connection: "BaseDatabaseWrapper") -> str:
        alias: str = self.lhs.alias
        return connection.ops.quote_name(alias)


class SearchEntry(models.Model):
    """What one ticket is found by. `actions.search.index` writes it in the transaction of every change of a ticket."""

    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, primary_key=True, related_name="search_entry")
    words = WordsField()
