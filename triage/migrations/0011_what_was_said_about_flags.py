"""What office and IT said to each other stood in notes on the office's ticket alone: IT could not read the office's part."""

import datetime as dt
from itertools import groupby
from operator import itemgetter

from django.db import migrations

# How the note of a deed begins, which deed wrote it, and what kind of words it is.
SAID = {
    "IT asks: ": ("flag:ask_office", "ask"),
    "IT answers: ": ("flag:answer", "answer"),
    "IT sent the flag back: ": ("flag:decline", "return"),
    "To IT: ": ("flag:reply_to_it", "reply"),
}
DEEDS = [deed for deed, _kind in SAID.values()]
WITHIN = dt.timedelta(seconds=5)  # a deed's line is of its beginning, its note is written behind its locks
AT_ONCE = 500


def from_notes(apps, schema_editor):
    """Only what the product wrote itself: a note that somebody typed is the office's own, however it begins. The ledger
    knows: the same person did that deed on the flag at that moment, and each deed wrote one note."""
    Flag = apps.get_model("triage", "Escalation")
    Said = apps.get_model("triage", "EscalationMessage")
    Note = apps.get_model("helpdesk", "TicketMessage")
    rows = Flag.objects.order_by("ticket_id", "created_at", "id").values_list("ticket_id", "id", "public_id")
    tickets = [(key, list(flags)) for key, flags in groupby(rows.iterator(), key=itemgetter(0))]
    for start in range(0, len(tickets), AT_ONCE):
        of_ticket = dict(tickets[start : start + AT_ONCE])
        deeds = _deeds(apps, [flag for flags in of_ticket.values() for _ticket, _pk, flag in flags])
        found = []
        notes = Note.objects.filter(ticket_id__in=of_ticket, visibility="internal").order_by("at", "id")
        for note in notes.iterator():
            mark = next((mark for mark in SAID if note.body.startswith(mark)), None)
            body = note.body.partition(": ")[2].strip()
            if mark is None or not body:
                continue
            deed, kind = SAID[mark]
            for _ticket, pk, flag in of_ticket[note.ticket_id]:
                moments = deeds.get((flag, deed, note.author_id), [])
                at = next((at for at in moments if at <= note.at <= at + WITHIN), None)
                if at is not None:
                    moments.remove(at)
                    said = {"by_id": note.author_id, "by_label": note.author_label, "body": body, "at": note.at}
                    found.append(Said(flag_id=pk, kind=kind, **said))
                    break
        Said.objects.bulk_create(found, batch_size=AT_ONCE)


def _deeds(apps, flags):
    """When who did what on these flags."""
    lines = apps.get_model("kernel", "AuditEvent").objects.filter(
        target_type="triage.escalation", target_id__in=flags, action__in=DEEDS
    )
    found = {}
    for flag, deed, by, at in lines.order_by("at", "id").values_list("target_id", "action", "actor_id", "at"):
        found.setdefault((flag, deed, by), []).append(at)
    return found


class Migration(migrations.Migration):
    dependencies = [
        ("helpdesk", "0017_undo_of_many"),
        ("kernel", "0001_initial"),
        ("triage", "0010_exchange_about_a_flag"),
    ]

    operations = [migrations.RunPython(from_notes, migrations.RunPython.noop)]
