"""What makes flags findable, beside the table: PostgreSQL's tsvector column, SQLite's FTS5 table and its triggers."""

ENTRIES, WORDS = "triage_flagwords", "triage_flagwords_found"
POSTGRESQL = (
    f"""ALTER TABLE {ENTRIES} ADD COLUMN vector tsvector
    GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED""",
    f"CREATE INDEX {ENTRIES}_vector ON {ENTRIES} USING gin (vector)",
)
POSTGRESQL_BACK = (f"DROP INDEX {ENTRIES}_vector", f"ALTER TABLE {ENTRIES} DROP COLUMN vector")

_FORGET = f"INSERT INTO {WORDS} ({WORDS}, rowid, words) VALUES ('delete', OLD.flag_id, OLD.words)"  # noqa: S608
_LEARN = f"INSERT INTO {WORDS} (rowid, words) VALUES (NEW.flag_id, NEW.words)"  # noqa: S608
SQLITE = (
    f"""CREATE VIRTUAL TABLE {WORDS} USING fts5(
    words, content='{ENTRIES}', content_rowid='flag_id', tokenize='unicode61 remove_diacritics 0')""",
    f"CREATE TRIGGER {WORDS}_insert AFTER INSERT ON {ENTRIES} BEGIN {_LEARN}; END",
    f"CREATE TRIGGER {WORDS}_delete AFTER DELETE ON {ENTRIES} BEGIN {_FORGET}; END",
    f"CREATE TRIGGER {WORDS}_update AFTER UPDATE ON {ENTRIES} BEGIN {_FORGET}; {_LEARN}; END",
)
SQLITE_BACK = (
    *(f"DROP TRIGGER {WORDS}_{verb}" for verb in ("insert", "delete", "update")),
    f"DROP TABLE {WORDS}",
)


def install(apps, schema_editor):
    _run(schema_editor.connection, {"postgresql": POSTGRESQL, "sqlite": SQLITE})


def remove(apps, schema_editor):
    _run(schema_editor.connection, {"postgresql": POSTGRESQL_BACK, "sqlite": SQLITE_BACK})


def _run(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
