"""Keeping the words of tickets in step with what was written."""

from collections.abc import Iterable

from django.db import transaction

from helpdesk.enums import Channel
from helpdesk.models import PhoneCall, SearchEntry, Ticket, TicketMessage
from helpdesk.rules.words import document


@transaction.atomic
def index(ticket: Ticket) -> None:
    """Called by every verb of a ticket, in its transaction: what was just written is found at once."""
    index_many([ticket])


@transaction.atomic
def index_many(tickets: Iterable[Ticket]) -> int:
    """Write the words of these tickets anew; two queries whatever the number, three where a message was spoken, plus
    the patients not yet loaded."""
    rows = list(tickets)
    bodies: dict[int, list[str]] = {row.pk: [] for row in rows}
    for ticket_id, body in TicketMessage.objects.filter(ticket__in=rows).values_list("ticket_id", "body"):
        bodies[ticket_id].append(body)
    spoken = [row for row in rows if row.channel == Channel.VOICEMAIL]
    if spoken:
        heard = PhoneCall.objects.filter(ticket__in=spoken).exclude(transcript="")
        for ticket_id, transcript in heard.values_list("ticket_id", "transcript"):
            bodies[ticket_id].append(transcript)
    SearchEntry.objects.bulk_create(
        [SearchEntry(ticket=row, words=_words(row, bodies[row.pk])) for row in rows],
        update_conflicts=True,
        unique_fields=["ticket"],
        update_fields=["words"],
    )
    return len(rows)


def _words(ticket: Ticket, bodies: list[str]) -> str:
    patient = ticket.patient
    names = [patient.first_name, patient.last_name, patient.preferred_name] if patient is not None else []
    texts = [
        ticket.reference,
        ticket.reference.replace("-", ""),
        ticket.subject,
        ticket.requester_name,
        ticket.requester_email,
        ticket.error_text,
    ]
    device = [str(value) for value in ticket.device.values()]
    return document([*texts, *device, *names, *bodies], phones=[ticket.requester_phone])
