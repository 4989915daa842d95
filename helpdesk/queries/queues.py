"""Lists of tickets. Constant numbers of queries, whatever the size; pages by keyset, never by offset."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, F, Q

from helpdesk.access import seen_by
from helpdesk.enums import (
    LIVE,
    UNASKED,
    Category,
    Hanging,
    Side,
    TicketState,
    Turn,
    UndoKind,
)
from helpdesk.models import (
    Attachment,
    Ticket,
    TicketUndo,
)
from portal_core.directory.enums import Permission

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff

PAGE = 50
UNDOABLE = 100  # as many as can be done at once


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a queue; `after` is the cursor of the next one, empty at the end."""

    tickets: list[Ticket]
    after: str


def office_queue(
    staff: "Staff",
    *,
    turn: Turn | None = None,
    mine: bool = False,
    nobodys: bool = False,
    category: str = "",
    office: str = "",
    among: Collection[int] | None = None,
    resting: bool = False,
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """Live tickets of this person's offices, longest waiting first; `turn` narrows to one side's move, `office` to one
    office's public id, `among` to these keys whatever became of them, `resting` to those put aside until later (else
    they are left out)."""
    wanted = Q(side=Side.OFFICE)
    if nobodys:
        wanted &= Q(owner=None)
    if category:
        wanted &= Q(category=category)
    if office:
        wanted &= Q(office__public_id=office)
    if among is not None:
        wanted &= Q(pk__in=among)
    whatever = among is not None
    return _queue(wanted, staff, turn=turn, mine=mine, after=after, limit=limit, resting=resting, whatever=whatever)


def it_queue(
    staff: "Staff",
    *,
    turn: Turn | None = None,
    mine: bool = False,
    resting: bool = False,
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """Live tickets of providers and staff, for IT (TR-09, HD-17); `resting`: those put aside until later."""
    return _queue(Q(side=Side.IT), staff, turn=turn, mine=mine, after=after, limit=limit, resting=resting)


def ticket_by_id(public_id: str) -> Ticket:
    """For what follows an event; a person's door is `access.ticket_for`. Raises Ticket.DoesNotExist."""
    return Ticket.objects.select_related("office__practice", "practice", "owner").get(public_id=public_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoable:
    """A deed that its author may still take back, until `until`."""

    id: str
    kind: str  # UndoKind
    label: str  # the kind in words
    reference: str
    until: dt.datetime
    batch: str = ""  # of a deed on many tickets: taken back together
    count: int = 1  # how many


def undoable(by_id: str, *, now: dt.datetime) -> Undoable | None:
    """The newest of this person's deeds that can still be taken back, or all of what they did at once; one query."""
    rows = TicketUndo.objects.filter(by_id=by_id, until__gt=now, undone_at=None).order_by("-at", "-id")
    found = list(rows.values_list("public_id", "kind", "ticket__reference", "until", "batch")[:UNDOABLE])
    if not found:
        return None
    public_id, kind, reference, until, batch = found[0]
    ends = [row[3] for row in found if row[4] == batch] if batch else [until]
    return Undoable(
        id=public_id, kind=kind, label=str(UndoKind(kind).label), reference=reference, until=min(ends), batch=batch,
        count=len(ends),
    )  # fmt: skip


def look_alikes(staff: "Staff", ticket: Ticket, *, limit: int = 6) -> list[Ticket]:
    """Live tickets this person may open that may be about the same: of the same patient, address or number, newest
    first."""
    same = Q(pk__in=[])
    if ticket.patient_id is not None:
        same |= Q(patient_id=ticket.patient_id)
    if ticket.requester_email:
        same |= Q(requester_email__iexact=ticket.requester_email)
    if ticket.requester_phone:
        same |= Q(requester_phone=ticket.requester_phone)
    rows = Ticket.objects.filter(same, seen_by(staff), side=ticket.side, state__in=LIVE).exclude(pk=ticket.pk)
    if ticket.patient_id is not None:
        rows = rows.filter(Q(patient=None) | Q(patient_id=ticket.patient_id))
    return list(rows.select_related("patient").order_by("-created_at", "-id")[:limit])


def tickets_of_incident(incident_id: str) -> list[Ticket]:
    """Tickets that wait, waited or were asked about this incident, oldest first. For machines and counts: what a
    person may open is decided by `access`."""
    if not incident_id:
        return []
    return list(Ticket.objects.filter(incident_id=incident_id).select_related("office", "practice").order_by("id"))


SAID_NO = Q(state__in=UNASKED, loop_rounds__gt=0, dissent_count=F("loop_rounds"))  # `Ticket.is_still_broken`


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissent:
    """How many of those who were asked after an incident say that it is not over."""

    incident_id: str
    broken: int
    asked: int


def dissents(practice_id: int) -> list[Dissent]:
    """Incidents after which a request of this practice is open again because its requester said "still broken"; one
    query, and one more where there is any."""
    rows = Ticket.objects.filter(SAID_NO, practice_id=practice_id, side=Side.OFFICE).exclude(incident_id="")
    counts = Counter(rows.values_list("incident_id", flat=True))
    if not counts:
        return []
    asked = Ticket.objects.filter(practice_id=practice_id, incident_id__in=counts, loop_rounds__gt=0)
    of = dict(asked.values_list("incident_id").annotate(n=Count("pk")).order_by())
    return [Dissent(incident_id=key, broken=n, asked=of.get(key, n)) for key, n in counts.most_common()]


def still_broken_after(practice_id: int, incident_id: str) -> list[Ticket]:
    """The open requests behind `dissents`, oldest first."""
    rows = Ticket.objects.filter(
        SAID_NO, practice_id=practice_id, incident_id=incident_id, state=TicketState.OPEN, relayed_at=None
    )  # fmt: skip
    return list(rows.order_by("id"))


def files_of_undo(undo_id: str, by_id: str) -> list[str]:
    """Names of the files that leave with a message when its author takes it back."""
    undone = TicketUndo.objects.filter(public_id=undo_id, by_id=by_id, message__isnull=False)
    rows = Attachment.objects.filter(message__in=undone.values("message"))
    return list(rows.order_by("id").values_list("name", flat=True))


def of_kind(practice_id: int, category: Category, *, since: dt.datetime, limit: int) -> list[Ticket]:
    """Tickets of one kind since a moment, over all offices and states, newest first; for machines, not for a reader."""
    rows = Ticket.objects.filter(practice_id=practice_id, category=category, created_at__gte=since)
    return list(rows.select_related("office").order_by("-created_at", "-id")[:limit])


def load_of(staff_ids: Sequence[int]) -> dict[int, int]:
    """How many live tickets each of these people has; those with none are left out."""
    rows = Ticket.objects.filter(owner_id__in=staff_ids, state__in=LIVE).values("owner").annotate(n=Count("pk"))
    return {row["owner"]: row["n"] for row in rows}


def handler_before(ticket: Ticket, *, since: dt.datetime) -> int | None:
    """Who had this person's last ticket at this side, if it was not over before `since` (HD-08), as a key of Staff. A
    patient is known once matched; whoever writes to IT is known by the address: no proof, but good enough for this."""
    lately = Q(solved_at__gt=since) | Q(solved_at=None, updated_at__gt=since)
    rows = Ticket.objects.filter(lately, side=ticket.side, owner__isnull=False).exclude(pk=ticket.pk)
    if ticket.patient_id is not None and ticket.may_have(Hanging.BEFORE):
        rows = rows.filter(patient_id=ticket.patient_id)
    elif ticket.patient_id is None and ticket.side == Side.IT and ticket.requester_email:
        rows = rows.filter(practice_id=ticket.practice_id, requester_email__iexact=ticket.requester_email)
    else:
        return None
    return rows.order_by("-created_at", "-id").values_list("owner_id", flat=True).first()


def open_of_patient(patient: "Patient", *, limit: int = 5) -> list[Ticket]:
    """A patient's own live tickets, newest first."""
    return list(Ticket.objects.filter(patient=patient, state__in=LIVE).order_by("-created_at", "-id")[:limit])


def _queue(
    side: Q,
    staff: "Staff",
    *,
    turn: Turn | None,
    mine: bool,
    after: str,
    limit: int,
    resting: bool = False,
    whatever: bool = False,
) -> Page:
    rows = Ticket.objects.filter(side, seen_by(staff))
    if not whatever:
        rows = rows.filter(snoozed_until__isnull=not resting)
    if turn is not None:
        rows = rows.filter(turn_now=turn)
    if turn in (None, Turn.NOBODY) or staff.offices_for(Permission.OFFICE_DESK) is None:
        # Where it is somebody's move the ticket is live. Said twice, PostgreSQL takes both for chance, expects a
        # fiftieth of what there is, and sorts it all instead of reading the index of the office in its order.
        rows = rows if whatever else rows.filter(state__in=LIVE)
    if mine:
        rows = rows.filter(owner=staff)
    if (place := cursor(after)) is not None:
        since, pk = place
        rows = rows.filter(Q(queue_at__gt=since) | Q(queue_at=since, id__gt=pk))
    found = list(rows.select_related("office", "owner", "patient").order_by("queue_at", "id")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return Page(found, f"{found[-1].queue_at.isoformat()}_{found[-1].pk}" if more else "")


def cursor(after: str) -> tuple[dt.datetime, int] | None:
    """The moment and the key a page ends with, as `<moment>_<key>`. None, the beginning, for an unreadable
    one: it is only a place in a list."""
    try:
        moment, _, pk = after.rpartition("_")
        since = dt.datetime.fromisoformat(moment)
        return (since if since.tzinfo else since.replace(tzinfo=dt.UTC)), int(pk)
    except ValueError:
        return None
