"""What the IT console lists: flags by what is due, and what is said after an incident. Constant numbers of queries."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Case, F, Q, QuerySet, When

from helpdesk import queries as helpdesk
from helpdesk.enums import Turn
from statuspage import queries as statuspage
from statuspage.contracts import IncidentSummary
from triage.enums import ESCALATION_OPEN, ESCALATION_TURN, EscalationState
from triage.models import Escalation
from triage.queries import UNLINKED
from triage.rules.surge import MEMORY
from triage.rules.views import MINE, NOBODY, Wanted

if TYPE_CHECKING:
    from portal_core.directory.models import Staff

LIST = 100
OLDER = 20
DISSENTS = 3
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagPage:
    """One page of the console's list. `after`: the cursor of the next one, empty at the end."""

    flags: list[Escalation]
    after: str


def it_flags(staff: "Staff", wanted: Wanted = Wanted(), *, after: str = "", limit: int = LIST) -> FlagPage:  # noqa: B008
    """Open flags on which somebody has to do something, IT's own move first, by what is due; those that wait for an
    incident are counted apart (`linked_flags`). One query and no patient. Those that sleep are among them:
    `Escalation.sleeps` tells."""
    its_move = Q(state__in=[state for state, turn in ESCALATION_TURN.items() if turn == Turn.IT])
    open_flags = Escalation.objects.seen_by_it(staff).filter(state__in=ESCALATION_OPEN)
    rows: QuerySet[Any] = open_flags.exclude(state=EscalationState.LINKED).annotate(
        rank=Case(When(its_move, then=0), default=1), queue_at=F("ticket__queue_at")
    )
    if wanted.turn:
        rows = rows.filter(its_move) if wanted.turn == Turn.IT else rows.exclude(its_move)
    if wanted.who == MINE:
        rows = rows.filter(assignee=staff)
    elif wanted.who == NOBODY:
        rows = rows.filter(assignee=None)
    if wanted.category:
        rows = rows.filter(category=wanted.category)
    if wanted.office:
        rows = rows.filter(office__public_id=wanted.office)
    rank, _, rest = after.partition("_")
    if rank in ("0", "1") and (place := helpdesk.cursor(rest)) is not None:
        later = Q(queue_at__gt=place[0]) | Q(queue_at=place[0], id__gt=place[1])
        rows = rows.filter(Q(rank__gt=int(rank)) | Q(rank=int(rank)) & later)
    rows = rows.select_related("office", "assignee", "attestation__attempt", "ticket").defer("note", "answer")
    found = list(rows.order_by("rank", "queue_at", "id")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    last = found[-1] if found else None
    end = f"{last.rank}_{last.queue_at.isoformat()}_{last.pk}" if more and last is not None else ""
    return FlagPage(flags=found, after=end)


def linked_flags(staff: "Staff") -> int:
    """How many flags wait for an incident."""
    return Escalation.objects.seen_by_it(staff).filter(state=EscalationState.LINKED).count()


def fresh_flags(staff: "Staff", now: dt.datetime) -> list[Escalation]:
    """What `proposals` looks at: every flag of the last two hours that is part of no incident, newest first."""
    rows = Escalation.objects.seen_by_it(staff).filter(state__in=UNLINKED, created_at__gte=now - MEMORY)
    rows = rows.select_related("office").only("public_id", "category", "state", "created_at", "office__name")
    return list(rows.order_by("-created_at", "-id"))


def older_flags(flag: Escalation) -> list[Escalation]:
    """Open flags of the same office that came first, the newest of them first."""
    rows = Escalation.objects.filter(office_id=flag.office_id, created_at__lte=flag.created_at).open()
    return list(rows.exclude(pk=flag.pk).order_by("-created_at", "-id")[:OLDER])


def flags_named(staff: "Staff", ids: Iterable[str]) -> list[Escalation]:
    """Open flags by their public ids, newest first; those one may not see are left out."""
    rows = Escalation.objects.seen_by_it(staff).open().filter(public_id__in=list(ids))
    return list(rows.select_related("office").order_by("-created_at", "-id"))


class StillBroken(NamedTuple):
    """An incident that is over, and how many of those who were asked say that it is not."""

    incident: IncidentSummary
    broken: int
    asked: int


def dissents_of(staff: "Staff", now: dt.datetime) -> list[StillBroken]:
    """Those of the last week, the loudest first, three at most. One query where nobody says so."""
    found: list[StillBroken] = []
    for row in helpdesk.dissents(staff.practice_id):
        summary = statuspage.incident(row.incident_id)
        if summary.resolved_at is not None and summary.resolved_at > now - WEEK:
            found.append(StillBroken(summary, row.broken, row.asked))
        if len(found) == DISSENTS:
            break
    return found
