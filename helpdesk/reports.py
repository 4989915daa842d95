"""Figures about tickets (HD-13…15): counts and rates for a span of days, in a fixed number of queries.

A ticket belongs to the day it was opened; what became of it later counts there. Joined tickets count once, in the one
that goes on.
"""

import datetime as dt
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Avg, Count, Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDay, TruncWeek

from helpdesk.enums import Category, Channel, TicketState, Turn
from helpdesk.models import Ticket, TicketRating, TicketSegment

# Upper ends in seconds; HD-13: calls of 2 to 45 minutes. The last one is open.
CALL_LENGTHS = (120, 300, 600, 1200, 2700)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which tickets: of one practice, of these offices (keys; None: all), opened from `since` up to `until`."""

    practice_id: int
    offices: frozenset[int] | None
    since: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Figures of one group of tickets. `key`: an office's key, a category, a channel, or the first day of a week.

    `at_first_contact`: solved without IT, without asking back and without being opened again. `answered`, `solved` and
    their `_in_time` count only tickets that had a target.
    """

    key: object
    opened: int
    solved: int
    at_first_contact: int
    reopened: int
    answered: int
    answered_in_time: int
    due: int
    solved_in_time: int
    calls: int

    @property
    def first_contact_rate(self) -> int | None:
        """Percent of what is solved; None while nothing is."""
        return percent(self.at_first_contact, self.solved)

    @property
    def answered_rate(self) -> int | None:
        return percent(self.answered_in_time, self.answered)

    @property
    def solved_rate(self) -> int | None:
        return percent(self.solved_in_time, self.due)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """How long people were on the phone (HD-13). `lengths`: one count per span of CALL_LENGTHS and one beyond."""

    count: int
    mean_seconds: int
    longest_seconds: int
    lengths: tuple[int, ...]


def percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The figures of a span, cut up every way there is; `rows`: (office's key, category, channel, figures)."""

    rows: tuple[tuple[int, Category, Channel, Tally], ...]

    @property
    def total(self) -> Tally:
        return _sum("", [row[3] for row in self.rows])

    @property
    def by_office(self) -> list[Tally]:
        """The busiest office first."""
        return self._by(0)

    @property
    def by_category(self) -> list[Tally]:
        """HD-15: the commonest reason first."""
        return self._by(1)

    @property
    def by_channel(self) -> list[Tally]:
        return self._by(2)

    @property
    def by_office_and_category(self) -> list[tuple[int, Category, Tally]]:
        """For the table to download: (office's key, category, figures)."""
        groups: dict[tuple[int, Category], list[Tally]] = {}
        for office, category, _channel, tally in self.rows:
            groups.setdefault((office, category), []).append(tally)
        return [(*key, _sum("", found)) for key, found in sorted(groups.items())]

    def _by(self, column: int) -> list[Tally]:
        groups: dict[Any, list[Tally]] = {}
        for row in self.rows:
            groups.setdefault(row[column], []).append(row[3])
        found = [_sum(key, tallies) for key, tallies in groups.items()]
        return sorted(found, key=lambda tally: (-tally.opened, tally.key))


def breakdown(span: Span) -> Breakdown:
    """Counts add up, so one look at the tickets serves every table; one query."""
    cut = ("office_id", "category", "channel")
    rows = _rows(span).order_by().values(*cut).annotate(**_FIGURES).order_by(*cut)
    return Breakdown(
        tuple((row["office_id"], Category(row["category"]), Channel(row["channel"]), _tally("", row)) for row in rows)
    )


def _sum(key: object, tallies: Sequence[Tally]) -> Tally:
    return Tally(key=key, **{name: sum(getattr(one, name) for one in tallies) for name in _FIGURES})


def volume(span: Span, *, zone: str) -> list[tuple[dt.date, int]]:
    """HD-14: tickets opened per day, or per week when the span is longer than 60 days, without a gap; local days of
    `zone`. One query."""
    tz = ZoneInfo(zone)
    weekly = span.until - span.since > dt.timedelta(days=60)
    cut = TruncWeek("created_at", tzinfo=tz) if weekly else TruncDay("created_at", tzinfo=tz)
    rows = _rows(span).order_by().annotate(bucket=cut).values("bucket").annotate(count=Count("id"))
    found = {row["bucket"].astimezone(tz).date(): row["count"] for row in rows}
    first, last = span.since.astimezone(tz).date(), (span.until - dt.timedelta(microseconds=1)).astimezone(tz).date()
    step = dt.timedelta(days=7 if weekly else 1)
    day = first - dt.timedelta(days=first.weekday()) if weekly else first
    out = []
    while day <= last:
        out.append((day, found.get(day, 0)))
        day += step
    return out


def calls(span: Span) -> Calls:
    """One query."""
    rows = _rows(span).filter(call_seconds__isnull=False)
    edges = [0, *CALL_LENGTHS, None]
    counts = {
        f"length_{number}": Count(
            "id",
            filter=Q(call_seconds__gte=low) & (Q() if high is None else Q(call_seconds__lt=high)),
        )
        for number, (low, high) in enumerate(itertools.pairwise(edges))
        if low is not None
    }
    found = rows.aggregate(count=Count("id"), mean=Avg("call_seconds"), longest=Max("call_seconds"), **counts)
    return Calls(
        count=found["count"],
        mean_seconds=round(found["mean"] or 0),
        longest_seconds=found["longest"] or 0,
        lengths=tuple(found[f"length_{number}"] for number in range(len(CALL_LENGTHS) + 1)),
    )


def ratings(span: Span) -> tuple[int, int]:
    """(yes, no) to "Did we solve it?"; one query."""
    rows = TicketRating.objects.filter(_where(span, "ticket__"))
    found = rows.aggregate(yes=Count("id", filter=Q(solved=True)), no=Count("id", filter=Q(solved=False)))
    return found["yes"], found["no"]


def first_day(practice_id: int) -> dt.datetime | None:
    """When the first ticket was opened; None while there is none."""
    found = Ticket.objects.filter(practice_id=practice_id).aggregate(first=Min("created_at"))["first"]
    return found if isinstance(found, dt.datetime) else None


def _where(span: Span, prefix: str = "") -> Q:
    where = Q(
        **{
            f"{prefix}practice_id": span.practice_id,
            f"{prefix}created_at__gte": span.since,
            f"{prefix}created_at__lt": span.until,
            f"{prefix}merged_into": None,
        }
    )
    return where if span.offices is None else where & Q(**{f"{prefix}office_id__in": list[int](span.offices)})


def _rows(span: Span) -> QuerySet[Ticket]:
    elsewhere: Collection[str] = (Turn.PATIENT, Turn.IT)
    waited = TicketSegment.objects.filter(ticket=OuterRef("pk"), turn__in=elsewhere)
    return Ticket.objects.filter(_where(span)).annotate(waited=Exists(waited))


_SOLVED = Q(state__in=(TicketState.SOLVED, TicketState.CLOSED))
_FIGURES = {
    "opened": Count("id"),
    "solved": Count("id", filter=_SOLVED),
    "at_first_contact": Count("id", filter=_SOLVED & Q(reopened_count=0, waited=False)),
    "reopened": Count("id", filter=Q(reopened_count__gt=0)),
    "answered": Count("id", filter=Q(first_due_at__isnull=False, first_response_at__isnull=False)),
    "answered_in_time": Count("id", filter=Q(first_response_at__lte=F("first_due_at"))),
    "due": Count("id", filter=_SOLVED & Q(resolve_due_at__isnull=False)),
    "solved_in_time": Count("id", filter=_SOLVED & Q(solved_at__lte=F("resolve_due_at"))),
    "calls": Count("id", filter=Q(call_seconds__isnull=False)),
}


def _tally(key: object, row: Mapping[str, Any]) -> Tally:
    return Tally(key=key, **{name: row[name] for name in _FIGURES})
