"""What office and IT said to each other stood in notes on the office's ticket alone: IT could not read the office's part."""

from itertools import groupby
from operator import itemgetter

from django.db import migrations

SAID = {"IT asks: ": "ask", "IT answers: ": "answer", "IT sent the flag back: ": "return", "To IT: ": "reply"}
AT_ONCE = 500


def from_notes(apps, schema_editor):
    Flag = apps.get_model("triage", "Escalation")
    Said = apps.get_model("triage", "EscalationMessage")
    Note = apps.get_model("helpdesk", "TicketMessage")
    flags = Flag.objects.order_by("ticket_id", "created_at", "id").values_list("ticket_id", "id", "created_at")
    tickets = [(key, list(rows)) for key, rows in groupby(flags.iterator(), key=itemgetter(0))]
    for start in range(0, len(tickets), AT_ONCE):
        of_ticket = dict(tickets[start : start + AT_ONCE])
        found = []
        notes = Note.objects.filter(ticket_id__in=of_ticket, visibility="internal").order_by("at", "id")
        for note in notes.iterator():
            kind = next((kind for mark, kind in SAID.items() if note.body.startswith(mark)), None)
            mine = [pk for _ticket, pk, sent_at in of_ticket[note.ticket_id] if sent_at <= note.at]
            body = note.body.partition(": ")[2].strip()
            if kind and mine and body:
                found.append(
                    Said(
                        flag_id=mine[-1],
                        kind=kind,
                        by_id=note.author_id,
                        by_label=note.author_label,
                        body=body,
                        at=note.at,
                    )  # fmt: skip
                )
        Said.objects.bulk_create(found, batch_size=AT_ONCE)


class Migration(migrations.Migration):
    dependencies = [
        ("helpdesk", "0017_undo_of_many"),
        ("triage", "0010_exchange_about_a_flag"),
    ]

    operations = [migrations.RunPython(from_notes, migrations.RunPython.noop)]
