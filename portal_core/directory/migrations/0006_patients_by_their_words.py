"""Patients are found by the beginnings of their words, accents or not (`directory.rules.words`); PostgreSQL by index.

A column that is generated from others keeps these from changing their type: whoever changes one of the names, the
record number or the phone number drops `words` before and adds it again after.
"""

from django.db import migrations

LETTERS = (
    "translate(first_name || ' ' || last_name || ' ' || preferred_name || ' ' || mrn, 'øØłŁđĐðÐħĦı', 'oOlLdDdDhHi')"
)
for one, two in {"æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th", "ß": "ss", "ẞ": "ss"}.items():
    LETTERS = f"replace({LETTERS}, '{one}', '{two}')"
PLAIN = f"lower(regexp_replace(normalize({LETTERS}, NFKD), '[\\u0300-\\u036f]', '', 'g'))"
JOINED = f"regexp_replace({PLAIN}, '[''\\u2018\\u2019\\u2010\\u2011-]', '', 'g')"
WORDS = f"regexp_replace({JOINED} || ' ' || {PLAIN}, '[\\x01-/:-@\\[-`{{-\\u00a9\\u2010-\\u201f]+', ' ', 'g')"
NUMBER = "'#' || reverse(regexp_replace(phone, '[^0-9]', '', 'g'))"
MADE = (
    "ALTER TABLE directory_patient ADD COLUMN words tsvector GENERATED ALWAYS AS"
    f" (array_to_tsvector(array_remove(string_to_array({WORDS}, ' ') || ({NUMBER}), ''))) STORED",
    "CREATE INDEX patient_by_words ON directory_patient USING gin (words)",
)
UNMADE = ("DROP INDEX patient_by_words", "ALTER TABLE directory_patient DROP COLUMN words")


def _run(schema_editor, statements):
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("directory", "0005_ages_of_proxies")]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: _run(schema_editor, MADE),
            lambda apps, schema_editor: _run(schema_editor, UNMADE),
        )
    ]
