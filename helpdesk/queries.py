"""Lists of tickets. Constant numbers of queries, whatever the size; pages by keyset, never by offset."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from helpdesk.access import seen_by
from helpdesk.enums import LIVE, Category, Side, TicketState, Turn, Visibility
from helpdesk.models import BusinessHours, Holiday, Ticket, TicketMessage
from helpdesk.rules.hours import WEEKDAYS, Calendar, parse_spans

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Patient, Practice, Staff

PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a queue; `after` is the cursor of the next one, empty at the end."""

    tickets: list[Ticket]
    after: str


def office_queue(
    staff: "Staff", *, turn: Turn | None = None, mine: bool = False, after: str = "", limit: int = PAGE
) -> Page:
    """Live tickets of this person's offices, longest waiting first; `turn` narrows to one side's move."""
    return _queue(Q(side=Side.OFFICE), staff, turn=turn, mine=mine, after=after, limit=limit)


def it_queue(
    staff: "Staff", *, turn: Turn | None = None, mine: bool = False, after: str = "", limit: int = PAGE
) -> Page:
    """Live tickets of providers and staff, for IT (TR-09, HD-17)."""
    return _queue(Q(side=Side.IT), staff, turn=turn, mine=mine, after=after, limit=limit)


def recently_done(staff: "Staff", *, limit: int = PAGE) -> list[Ticket]:
    """What was solved last, newest first."""
    done = Ticket.objects.filter(seen_by(staff), state__in=[TicketState.SOLVED, TicketState.CLOSED])
    return list(done.select_related("office", "owner", "patient").order_by("-updated_at", "-id")[:limit])


def thread(ticket: Ticket) -> list[TicketMessage]:
    """Everything written, oldest first; for staff."""
    return list(ticket.messages.order_by("at", "id"))


def public_thread(ticket: Ticket) -> list[TicketMessage]:
    """What the requester may read, oldest first."""
    return list(ticket.messages.filter(visibility=Visibility.PATIENT).order_by("at", "id"))


def tickets_of_incident(incident_id: str) -> list[Ticket]:
    """Tickets that wait, waited or were asked about this incident, oldest first. For machines and counts: what a
    person may open is decided by `access`."""
    if not incident_id:
        return []
    return list(Ticket.objects.filter(incident_id=incident_id).select_related("office", "practice").order_by("id"))


def recent_of_category(practice_id: int, category: Category, *, since: dt.datetime) -> list[Ticket]:
    """Live tickets of one kind since a moment, over all offices, oldest first: what a surge is counted from."""
    alike = Ticket.objects.filter(practice_id=practice_id, category=category, created_at__gte=since, state__in=LIVE)
    return list(alike.select_related("office").order_by("created_at", "id")[:500])


def open_of_patient(patient: "Patient", *, limit: int = 5) -> list[Ticket]:
    """A patient's own live tickets, newest first."""
    return list(Ticket.objects.filter(patient=patient, state__in=LIVE).order_by("-created_at", "-id")[:limit])


def calendar_of(office: "Office") -> Calendar:
    """When an office is open (HD-11); two queries."""
    return _calendar(
        office.zone, BusinessHours.objects.filter(office=office), Q(office=office) | Q(office=None), office.practice_id
    )


def calendar_of_it(practice: "Practice") -> Calendar:
    """When IT is there; two queries."""
    return _calendar(
        practice.time_zone, BusinessHours.objects.filter(practice=practice, office=None), Q(office=None), practice.pk
    )


def _calendar(zone: str, rows: "QuerySet[BusinessHours]", where: Q, practice_id: int) -> Calendar:
    row = rows.first()
    days = Holiday.objects.filter(where, practice_id=practice_id).values_list("date", flat=True)
    return Calendar(zone, parse_spans(row.spans) if row is not None else WEEKDAYS, frozenset(days))


def _queue(side: Q, staff: "Staff", *, turn: Turn | None, mine: bool, after: str, limit: int) -> Page:
    rows = Ticket.objects.filter(side, seen_by(staff), state__in=LIVE)
    if turn is not None:
        rows = rows.filter(turn_now=turn)
    if mine:
        rows = rows.filter(owner=staff)
    if after:
        since, pk = _cursor(after)
        rows = rows.filter(Q(turn_since__gt=since) | Q(turn_since=since, id__gt=pk))
    found = list(rows.select_related("office", "owner", "patient").order_by("turn_since", "id")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return Page(found, f"{found[-1].turn_since.isoformat()}_{found[-1].pk}" if more else "")


def _cursor(after: str) -> tuple[dt.datetime, int]:
    """An unreadable cursor starts at the beginning: it is only a place in a list."""
    try:
        moment, _, pk = after.rpartition("_")
        since = dt.datetime.fromisoformat(moment)
        return (since if since.tzinfo else since.replace(tzinfo=dt.UTC)), int(pk)
    except ValueError:
        return dt.datetime.min.replace(tzinfo=dt.UTC), 0
