"""Full-text search over the tickets a person may open; the same answers on PostgreSQL and on SQLite.

A storey above that wants its own rows found keeps their words in a `WordsField` of its own (with its engine beside the
table, as migration 0006 makes it) and asks with `question`; `document`, `excerpt`, `marked` and `answered` are for it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import BigIntegerField
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from helpdesk.access import seen_by
from helpdesk.enums import DONE, LIVE, Visibility
from helpdesk.models import Ticket, TicketMessage
from helpdesk.models.search import WordsField
from helpdesk.rules import words
from helpdesk.rules.words import Pieces, Question, answered, document, excerpt, marked, question

if TYPE_CHECKING:
    from portal_core.directory.models import Staff

__all__ = [
    "Found", "Hit", "Pieces", "Question", "WordsField", "answered", "document", "excerpt", "marked", "question",
    "tickets",
]  # fmt: skip
FOUND = 15


@dataclass(frozen=True, slots=True)
class Hit:
    """A ticket that answers the question, with its words cut up for marking. `where` says what the excerpt is from."""

    ticket: Ticket
    who: words.Pieces
    subject: words.Pieces
    where: str
    excerpt: words.Pieces
    message: TicketMessage | None  # which the excerpt is from, if from one


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what a search found, newest ticket first; `after` asks for the next one, empty at the end."""

    hits: list[Hit]
    after: str


def tickets(staff: "Staff", text: str, *, live: bool | None = None, after: str = "", limit: int = FOUND) -> Found:
    """Tickets this person may open in which every word of `text` begins a word: of the reference, the subject, the
    requester, the patient, the error text, the device or any message. At most three queries."""
    asked = words.question(text)
    if not asked:
        return Found([], "")
    rows = Ticket.objects.filter(seen_by(staff), search_entry__words__hold=asked)
    if live is not None:
        rows = rows.filter(state__in=LIVE if live else DONE)
    if after:
        rows = rows.filter(search_entry__lt=Ticket.objects.filter(seen_by(staff), public_id=after).values("pk")[:1])
    # A number is on a handful of tickets. PostgreSQL cannot know that, and would read all tickets from the newest on
    # until it has a page of them: an order that no index has makes it ask the index of the words.
    newest = Coalesce("search_entry__ticket_id", 0, output_field=BigIntegerField()).desc() if asked.rare else None
    rows = rows.select_related("office", "owner", "patient").order_by(newest or "-search_entry")
    found = list(rows[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    messages: dict[int, list[TicketMessage]] = {row.pk: [] for row in found}
    for message in TicketMessage.objects.filter(ticket__in=found).order_by("-at", "-id"):
        messages[message.ticket_id].append(message)
    hits = [_hit(row, messages[row.pk], asked) for row in found]
    return Found(hits, found[-1].public_id if more else "")


def _hit(ticket: Ticket, messages: list[TicketMessage], asked: words.Question) -> Hit:
    """The excerpt is from the text that answers most of the words, the newest of equals."""
    texts: list[tuple[str, str, TicketMessage | None]] = [(_("Message"), row.body, row) for row in messages]
    texts.append((_("On the screen"), ticket.error_text, None))
    texts.append((_("Device"), ", ".join(str(value) for value in ticket.device.values()), None))
    where, text, message = max(texts, key=lambda one: len(words.answered(one[1], asked)))
    if not words.answered(text, asked):
        where, text, message = "", messages[0].body if messages else "", None
    if message is not None and message.visibility == Visibility.INTERNAL:
        where = _("Internal note")
    return Hit(
        ticket=ticket,
        who=words.marked(ticket.requester_name, asked),
        subject=words.marked(ticket.subject, asked),
        where=where,
        excerpt=words.excerpt(text, asked),
        message=message,
    )
