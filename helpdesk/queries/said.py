"""What a requester said, wherever it stands: the rules look for urgent words in all of it."""

from collections.abc import Iterable, Sequence

from helpdesk.enums import Author, Channel, Hanging
from helpdesk.models import PhoneCall, Ticket, TicketMessage
from helpdesk.rules.alarms import LOOKED_AT, alarm

__all__ = ["alarm", "said", "said_in"]


def said(ticket: Ticket, thread: Sequence[TicketMessage]) -> str:
    """In one ticket, whose `thread` is read already; the newest words first. What was heard on the phone is what the
    one who answered wrote down first. One query where a message was spoken, else none."""
    words = [row.body for row in thread if row.author_kind == Author.REQUESTER]
    if ticket.channel == Channel.PHONE and thread:
        words.append(thread[0].body)
    spoken: list[str] = []
    if ticket.channel == Channel.VOICEMAIL and ticket.may_have(Hanging.CALLS):
        spoken = list(ticket.calls.exclude(transcript="").values_list("transcript", flat=True))
    return _joined(ticket, [*spoken, *reversed(words)])


def said_in(tickets: Iterable[Ticket]) -> dict[int, str]:
    """In many, by their keys; two queries whatever the number."""
    rows = {ticket.pk: ticket for ticket in tickets}
    found: dict[int, list[str]] = {key: [] for key in rows}
    spoken = [key for key, ticket in rows.items() if ticket.channel == Channel.VOICEMAIL]
    for key, words in PhoneCall.objects.filter(ticket__in=spoken).values_list("ticket_id", "transcript"):
        if key is not None:
            found[key].append(words)
    written = TicketMessage.objects.filter(ticket__in=rows, author_kind=Author.REQUESTER).order_by("-at", "-id")
    for key, body in written.values_list("ticket_id", "body"):
        found[key].append(body)
    return {key: _joined(ticket, found[key]) for key, ticket in rows.items()}


def _joined(ticket: Ticket, words: Iterable[str]) -> str:
    return "\n".join(filter(None, [ticket.subject, ticket.error_text, *words]))[:LOOKED_AT]
