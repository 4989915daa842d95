import django.db.models.deletion
from django.db import migrations, models

import helpdesk.models.search
from helpdesk.migrations._search_engine import install, remove
from helpdesk.rules.words import document

BATCH = 500


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
