"""Patients are found by the beginnings of their words, accents or not (`directory.rules.words`), by index.

PostgreSQL writes the words into a column generated from others; these cannot change their type while it stands:
whoever changes one of them drops `words` before and adds it again after. SQLite keeps them in an FTS5 table by
triggers; whoever has it make the table of patients anew makes the triggers anew too. The tests of the search tell.
"""

from django.db import migrations

NAMES = "{row}first_name || ' ' || {row}last_name || ' ' || {row}preferred_name || ' ' || {row}mrn"
LETTERS = {
    "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ħ": "h", "Ħ": "h", "ı": "i",
    "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th", "ß": "ss", "ẞ": "ss",
}  # fmt: skip


def plain(names):
    """Without the letters that Unicode does not take apart."""
    for one, two in LETTERS.items():
        names = f"replace({names}, '{one}', '{two}')"
    return names


def joined(names):
    """O'Brien is also obrien, Smith-Jones also smithjones."""
    for sign in ("''", "‘", "’", "‐", "‑", "-"):
        names = f"replace({names}, '{sign}', '')"
    return names


# --- PostgreSQL
FOLDED = f"lower(regexp_replace(normalize({plain(NAMES.format(row=''))}, NFKD), '[\\u0300-\\u036f]', '', 'g'))"
WORDS = f"regexp_replace({joined(FOLDED)} || ' ' || {FOLDED}, '[\\x01-/:-@\\[-`{{-\\u00a9\\u2010-\\u201f]+', ' ', 'g')"
NUMBER = "'#' || reverse(regexp_replace(phone, '[^0-9]', '', 'g'))"

# --- SQLite
NEW = plain(NAMES.format(row="NEW."))
OLD = plain(NAMES.format(row=""))
KNOWN = "INSERT INTO directory_patientwords (rowid, words)"
LEARN = f"{KNOWN} VALUES (NEW.id, {NEW} || ' ' || {joined(NEW)})"
FORGET = "DELETE FROM directory_patientwords WHERE rowid = OLD.id"
NAMED = "first_name, last_name, preferred_name, mrn"

MADE = {
    "postgresql": (
        "ALTER TABLE directory_patient ADD COLUMN words tsvector GENERATED ALWAYS AS"
        f" (array_to_tsvector(array_remove(string_to_array({WORDS}, ' ') || ({NUMBER}), ''))) STORED",
        "CREATE INDEX patient_by_words ON directory_patient USING gin (words)",
    ),
    "sqlite": (
        "CREATE VIRTUAL TABLE directory_patientwords USING fts5(words, tokenize='unicode61 remove_diacritics 2')",
        f"{KNOWN} SELECT id, {OLD} || ' ' || {joined(OLD)} FROM directory_patient",  # noqa: S608 - no value of anybody's
        f"CREATE TRIGGER patient_words_insert AFTER INSERT ON directory_patient BEGIN {LEARN}; END",
        f"CREATE TRIGGER patient_words_delete AFTER DELETE ON directory_patient BEGIN {FORGET}; END",
        f"CREATE TRIGGER patient_words_update AFTER UPDATE OF {NAMED} ON directory_patient"
        f" BEGIN {FORGET}; {LEARN}; END",
    ),
}
UNMADE = {
    "postgresql": ("DROP INDEX patient_by_words", "ALTER TABLE directory_patient DROP COLUMN words"),
    "sqlite": (
        *(f"DROP TRIGGER patient_words_{verb}" for verb in ("insert", "delete", "update")),
        "DROP TABLE directory_patientwords",
    ),
}


def install(apps, schema_editor):
    _run(schema_editor.connection, MADE)


def remove(apps, schema_editor):
    _run(schema_editor.connection, UNMADE)


def _run(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("directory", "0005_ages_of_proxies")]

    operations = [migrations.RunPython(install, remove)]
