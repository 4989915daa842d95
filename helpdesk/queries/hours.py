"""When offices and IT are there (HD-11)."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from helpdesk.enums import (
    DayOffPlace,
    Turn,
)
from helpdesk.models import (
    BusinessHours,
    Holiday,
    Ticket,
)
from helpdesk.rules.hours import WEEKDAYS, Calendar, Opening, is_open, opening, parse_spans
from helpdesk.rules.opening_words import until_words
from portal_core.directory import queries as directory
from portal_core.kernel import clock

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Practice


def calendar_for(ticket: Ticket, turn: Turn) -> Calendar:
    """The hours of whoever has the move; two queries."""
    return calendar_of_it(ticket.practice) if turn == Turn.IT else calendar_of(ticket.office)


def calendar_of(office: "Office") -> Calendar:
    """When an office is open (HD-11); two queries."""
    where = Q(office=office) | Q(place=DayOffPlace.ALL)
    return _calendar(office.zone, BusinessHours.objects.filter(office=office), where, office.practice_id)


def calendar_of_it(practice: "Practice") -> Calendar:
    """When IT is there; two queries."""
    where = Q(place__in=[DayOffPlace.ALL, DayOffPlace.IT])
    return _calendar(
        practice.time_zone, BusinessHours.objects.filter(practice=practice, office=None), where, practice.pk
    )


def _calendar(zone: str, rows: "QuerySet[BusinessHours]", where: Q, practice_id: int) -> Calendar:
    row = rows.first()
    off, on = set[dt.date](), set[dt.date]()
    for date, works in Holiday.objects.filter(where, practice_id=practice_id).values_list("date", "works"):
        (on if works else off).add(date)
    return Calendar(zone, parse_spans(row.spans) if row is not None else WEEKDAYS, frozenset(off - on))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An office, or (office None) IT, with its hours and how it stands now."""

    office: "Office | None"
    calendar: Calendar
    opening: Opening
    words: str  # "Open now, until 5 p.m."


def places(offices: "Sequence[Office]", *, it_of: "Practice | None" = None, now: dt.datetime) -> list[Place]:
    """How these offices stand, and IT where `it_of` is given; two queries whatever their number. Offices come with
    their practice."""
    practices = {office.practice_id for office in offices} | ({it_of.pk} if it_of is not None else set())
    hours = {(row.practice_id, row.office_id): row for row in BusinessHours.objects.filter(practice_id__in=practices)}
    days: dict[tuple[int, str, int | None, bool], set[dt.date]] = {}
    for practice_id, place, office_id, works, date in Holiday.objects.filter(practice_id__in=practices).values_list(
        "practice_id", "place", "office_id", "works", "date"
    ):
        days.setdefault((practice_id, place, office_id, works), set()).add(date)
    found = []
    wanted: list[tuple[Office | None, int, str]] = [(office, office.practice_id, office.zone) for office in offices]
    if it_of is not None:
        wanted.append((None, it_of.pk, it_of.time_zone))
    for office, practice_id, zone in wanted:
        key = (practice_id, office.pk if office is not None else None)
        row = hours.get(key)
        own = (practice_id, DayOffPlace.IT if office is None else DayOffPlace.OFFICE, key[1])
        closed = days.get((practice_id, DayOffPlace.ALL, None, False), set()) | days.get((*own, False), set())
        closed -= days.get((*own, True), set())
        calendar = Calendar(zone, parse_spans(row.spans) if row is not None else WEEKDAYS, frozenset(closed))
        state = opening(calendar, now)
        words = until_words(state, now=now, zone=zone)
        found.append(Place(office=office, calendar=calendar, opening=state, words=words))
    return found


@dataclass(frozen=True, slots=True)
class OpenAnywhere:
    """Whether any office of a practice is open at a moment (HD-11). Asks no database and may be kept in a cache."""

    calendars: tuple[Calendar, ...]

    def __call__(self, at: dt.datetime) -> bool:
        return any(is_open(calendar, at) for calendar in self.calendars)


def open_anywhere(practice_id: int) -> OpenAnywhere:
    """The hours and days off of a practice's offices; three queries."""
    offices = list(directory.offices(practice_id).select_related("practice"))
    return OpenAnywhere(tuple(place.calendar for place in places(offices, now=clock.now())))


def shut_for_good(rows: "QuerySet[Ticket]", *, now: dt.datetime) -> Q:
    """Which of these tickets have their move at a place that never opens, where no deadline can be given, as a
    condition. Three queries for each practice."""
    found = Q(pk__in=[])
    for practice_id in rows.order_by().values_list("practice_id", flat=True).distinct():
        practice = directory.practice(practice_id)
        offices = list(practice.offices.select_related("practice"))
        for place in places(offices, it_of=practice, now=now):
            if not place.opening.is_open and place.opening.changes_at is None:
                here = Q(turn_now=Turn.IT) if place.office is None else Q(turn_now=Turn.OFFICE, office=place.office)
                found |= Q(practice_id=practice_id) & here
    return found


def holidays(practice_id: int, *, since: dt.date) -> list[Holiday]:
    """Days off of a practice from a date on, the next one first."""
    rows = Holiday.objects.filter(practice_id=practice_id, date__gte=since).select_related("office")
    return list(rows.order_by("date", "place", "office__name"))
