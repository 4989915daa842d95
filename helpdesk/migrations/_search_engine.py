"""What makes rows findable by their words, beside the table that keeps them: PostgreSQL's tsvector column, SQLite's FTS5
table and its triggers. For a table of the same kind in a storey above, too."""


class Engine:
    """Of the table `entries` with a column `words` and the key `key`; `found` is the name of the FTS5 table."""

    def __init__(self, *, entries, found, key):
        forget = f"INSERT INTO {found} ({found}, rowid, words) VALUES ('delete', OLD.{key}, OLD.words)"  # noqa: S608
        learn = f"INSERT INTO {found} (rowid, words) VALUES (NEW.{key}, NEW.words)"  # noqa: S608
        self.made = {
            "postgresql": (
                f"""ALTER TABLE {entries} ADD COLUMN vector tsvector
    GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED""",
                f"CREATE INDEX {entries}_vector ON {entries} USING gin (vector)",
            ),
            "sqlite": (
                f"""CREATE VIRTUAL TABLE {found} USING fts5(
    words, content='{entries}', content_rowid='{key}', tokenize='unicode61 remove_diacritics 0')""",
                f"CREATE TRIGGER {found}_insert AFTER INSERT ON {entries} BEGIN {learn}; END",
                f"CREATE TRIGGER {found}_delete AFTER DELETE ON {entries} BEGIN {forget}; END",
                f"CREATE TRIGGER {found}_update AFTER UPDATE ON {entries} BEGIN {forget}; {learn}; END",
            ),
        }
        self.unmade = {
            "postgresql": (f"DROP INDEX {entries}_vector", f"ALTER TABLE {entries} DROP COLUMN vector"),
            "sqlite": (
                *(f"DROP TRIGGER {found}_{verb}" for verb in ("insert", "delete", "update")),
                f"DROP TABLE {found}",
            ),
        }

    def install(self, apps, schema_editor):
        _run(schema_editor.connection, self.made)

    def remove(self, apps, schema_editor):
        _run(schema_editor.connection, self.unmade)


def _run(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)


TICKETS = Engine(entries="helpdesk_searchentry", found="helpdesk_searchwords", key="ticket_id")
install, remove = TICKETS.install, TICKETS.remove
