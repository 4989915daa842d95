import django.db.models.deletion
from django.db import migrations, models

import helpdesk.models.search
from helpdesk.rules.words import document

ENTRIES, WORDS = "helpdesk_searchentry", "helpdesk_searchwords"
BATCH = 500
POSTGRESQL = (
    f"""ALTER TABLE {ENTRIES} ADD COLUMN vector tsvector
    GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED""",
    f"CREATE INDEX {ENTRIES}_vector ON {ENTRIES} USING gin (vector)",
)
POSTGRESQL_BACK = (f"DROP INDEX {ENTRIES}_vector", f"ALTER TABLE {ENTRIES} DROP COLUMN vector")

_FORGET = f"INSERT INTO {WORDS} ({WORDS}, rowid, words) VALUES ('delete', OLD.ticket_id, OLD.words)"  # noqa: S608
_LEARN = f"INSERT INTO {WORDS} (rowid, words) VALUES (NEW.ticket_id, NEW.words)"  # noqa: S608
SQLITE = (
    f"""CREATE VIRTUAL TABLE {WORDS} USING fts5(
    words, content='{ENTRIES}', content_rowid='ticket_id', tokenize='unicode61 remove_diacritics 0')""",
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


def index(apps, schema_editor):
    """Tickets written before there was a search."""
    tickets, messages = apps.get_model("helpdesk", "Ticket"), apps.get_model("helpdesk", "TicketMessage")
    entries = apps.get_model("helpdesk", "SearchEntry")
    last = 0
    while rows := list(tickets.objects.filter(pk__gt=last).select_related("patient").order_by("pk")[:BATCH]):
        last = rows[-1].pk
        texts = {row.pk: _texts(row) for row in rows}
        for ticket_id, body in messages.objects.filter(ticket__in=rows).values_list("ticket_id", "body"):
            texts[ticket_id].append(body)
        entries.objects.bulk_create(
            [entries(ticket_id=row.pk, words=document(texts[row.pk], phones=[row.requester_phone])) for row in rows]
        )


def _texts(ticket):
    who = ticket.patient
    names = [who.first_name, who.last_name, who.preferred_name] if who is not None else []
    mine = [ticket.subject, ticket.requester_name, ticket.requester_email, ticket.error_text]
    device = [str(value) for value in ticket.device.values()]
    return [ticket.reference, ticket.reference.replace("-", ""), *mine, *device, *names]


class Migration(migrations.Migration):
    dependencies = [("helpdesk", "0005_mail_and_texts")]
    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_entry",
                        serialize=False,
                        to="helpdesk.ticket",
                    ),
                ),
                ("words", helpdesk.models.search.WordsField()),
            ],
        ),
        migrations.RunPython(install, remove),
        migrations.RunPython(index, migrations.RunPython.noop, elidable=True),
    ]
