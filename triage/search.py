"""Full-text search over flags: IT finds those of its practice, an office its own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpdesk.search import Pieces, Question, answered, excerpt, marked, question
from portal_core.directory.enums import Permission
from triage.enums import ESCALATION_OPEN
from triage.models import Escalation
from triage.rules.flag_words import texts_of

if TYPE_CHECKING:
    from portal_core.directory.models import Staff

FOUND = 10


@dataclass(frozen=True, slots=True)
class FlagHit:
    """A flag that answers the question, with its words cut up for marking. `where` says what the excerpt is from."""

    flag: Escalation
    kind: Pieces
    where: str
    excerpt: Pieces
    at_office: bool  # opened at the office's desk, with its ticket; else at IT's console


@dataclass(frozen=True, slots=True)
class FoundFlags:
    """The newest flags that answer; `more`: there are others."""

    hits: list[FlagHit]
    more: bool


def flags(staff: "Staff", text: str, *, live: bool | None = None, limit: int = FOUND) -> FoundFlags:
    """Flags this person may see in which every word of `text` begins a word of what was written in them, of their kind,
    reason, office, or the ticket's number; the newest first. Two queries."""
    asked = question(text)
    if not asked:
        return FoundFlags([], more=False)
    seen = Escalation.objects.seen_by_it(staff) | Escalation.objects.seen_by_office(staff)
    rows = seen.filter(found_by__words__hold=asked).select_related("office", "ticket", "assignee")
    rows = rows.prefetch_related("exchange")
    if live is not None:
        rows = rows.filter(state__in=ESCALATION_OPEN) if live else rows.exclude(state__in=ESCALATION_OPEN)
    found = list(rows.order_by("-created_at", "-id")[: limit + 1])
    return FoundFlags([_hit(row, asked, staff) for row in found[:limit]], more=len(found) > limit)


def _hit(flag: Escalation, asked: Question, staff: "Staff") -> FlagHit:
    """The excerpt is from the text that answers most of the words, the newest of equals."""
    where, text = max(texts_of(flag), key=lambda one: len(answered(one[1], asked)))
    return FlagHit(
        flag=flag, kind=marked(str(flag.get_category_display()), asked), where=where, excerpt=excerpt(text, asked),
        at_office=staff.may(Permission.OFFICE_DESK, office_id=flag.ticket.office_id),
    )  # fmt: skip
