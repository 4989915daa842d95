"""Figures about tickets (HD-13…15): counts and rates for a span of days, in a fixed number of queries.

A ticket belongs to the day it was opened; what became of it later counts there. Joined tickets count once, in the one
that goes on. What an office wrote to a patient of its own accord is no request and counts nowhere.
"""

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncDay, TruncWeek

from helpdesk.enums import OURS, Author, CallOutcome, Category, Channel, Side, TicketState, Turn
from helpdesk.models import PhoneCall, Ticket, TicketMessage, TicketRating, TicketSegment
from portal_core.kernel import clock

# Upper ends in seconds; HD-13: calls of 2 to 45 minutes. The last one is open.
CALL_LENGTHS = (120, 300, 600, 1200, 2700)
Group = tuple[int, Category]  # an office's key, a reason


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

    `at_first_contact`: solved at the desk it came to, without asking back and without being opened again.
    `answer_due`, `solution_due`: those whose promise was met or has run out, so that a desk which never answers is late
    and not absent; solving a ticket answers it. `relayed`: of `at_office`, those an office flagged to IT.
    `minutes`: open minutes that `timed` solved tickets took.
    """

    key: object
    opened: int
    at_office: int
    relayed: int
    solved: int
    at_first_contact: int
    reopened: int
    answer_due: int
    answered_in_time: int
    solution_due: int
    solved_in_time: int
    timed: int
    minutes: int

    @property
    def first_contact_rate(self) -> int | None:
        """Percent of what is solved; None while nothing is."""
        return percent(self.at_first_contact, self.solved)

    @property
    def answered_rate(self) -> int | None:
        return percent(self.answered_in_time, self.answer_due)

    @property
    def solved_rate(self) -> int | None:
        return percent(self.solved_in_time, self.solution_due)

    @property
    def relay_rate(self) -> int | None:
        """Percent of what came to an office."""
        return percent(self.relayed, self.at_office)

    @property
    def mean_minutes(self) -> int | None:
        """Open minutes until it is solved."""
        return round(self.minutes / self.timed) if self.timed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """How long people were on the phone (HD-13), whoever called whom. `lengths`: one count per span of CALL_LENGTHS
    and one beyond."""

    count: int
    seconds: int
    longest_seconds: int
    lengths: tuple[int, ...]

    @property
    def mean_seconds(self) -> int:
        return round(self.seconds / self.count) if self.count else 0


NO_CALLS = Calls(count=0, seconds=0, longest_seconds=0, lengths=(0,) * (len(CALL_LENGTHS) + 1))


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
        groups: dict[Group, list[Tally]] = {}
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
    rows = _rows(span).order_by().values(*cut).annotate(**_figures(clock.now())).order_by(*cut)
    return Breakdown(
        tuple((row["office_id"], Category(row["category"]), Channel(row["channel"]), _tally("", row)) for row in rows)
    )


def _sum(key: object, tallies: Sequence[Tally]) -> Tally:
    return Tally(key=key, **{name: sum(getattr(one, name) for one in tallies) for name in _NAMES})


def volume(span: Span, *, zone: str) -> list[tuple[dt.date, int]]:
    """HD-14: tickets opened per day, or per week when the span is longer than 60 days, without a gap; local days of
    `zone`. One query."""
    tz = ZoneInfo(zone)
    weekly = span.until - span.since > dt.timedelta(days=60)
    cut = TruncWeek("created_at", tzinfo=tz) if weekly else TruncDay("created_at", tzinfo=tz)
    rows = _asked(span).order_by().annotate(bucket=cut).values("bucket").annotate(count=Count("id"))
    found = {row["bucket"].astimezone(tz).date(): row["count"] for row in rows}
    first, last = span.since.astimezone(tz).date(), (span.until - dt.timedelta(microseconds=1)).astimezone(tz).date()
    step = dt.timedelta(days=7 if weekly else 1)
    day = first - dt.timedelta(days=first.weekday()) if weekly else first
    out = []
    while day <= last:
        out.append((day, found.get(day, 0)))
        day += step
    return out


def calls(span: Span) -> dict[Group, Calls]:
    """Talks on tickets of the span: the first call and those that followed. One query."""
    rows = PhoneCall.objects.filter(_where(span, "ticket__"), outcome=CallOutcome.TALKED, seconds__isnull=False)
    edges = [0, *CALL_LENGTHS, None]
    counts = {
        f"length_{number}": Count(
            "id",
            filter=Q(seconds__gte=low) & (Q() if high is None else Q(seconds__lt=high)),
        )
        for number, (low, high) in enumerate(itertools.pairwise(edges))
        if low is not None
    }
    cut = rows.order_by().values_list("ticket__office_id", "ticket__category")
    found = cut.annotate(count=Count("id"), total=Sum("seconds"), longest=Max("seconds"), **counts)
    return {
        (office, Category(category)): Calls(
            count=count, seconds=total, longest_seconds=longest, lengths=tuple[int, ...](lengths)
        )
        for office, category, count, total, longest, *lengths in found
    }


def all_calls(found: Iterable[Calls]) -> Calls:
    """Of several groups together."""
    rows = [NO_CALLS, *found]
    return Calls(
        count=sum(row.count for row in rows),
        seconds=sum(row.seconds for row in rows),
        longest_seconds=max(row.longest_seconds for row in rows),
        lengths=tuple(map(sum, zip(*(row.lengths for row in rows), strict=True))),
    )


def ratings(span: Span) -> dict[Group, tuple[int, int]]:
    """(yes, no) to "Did we solve it?" by office and reason; one query."""
    rows = TicketRating.objects.filter(_where(span, "ticket__")).order_by()
    cut = rows.values_list("ticket__office_id", "ticket__category")
    found = cut.annotate(yes=Count("id", filter=Q(solved=True)), no=Count("id", filter=Q(solved=False)))
    return {(office, Category(category)): (yes, no) for office, category, yes, no in found}


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


def _asked(span: Span) -> QuerySet[Ticket]:
    """What somebody asked us: no conversation in the portal that the office began."""
    first_words = TicketMessage.objects.filter(
        ticket=OuterRef("pk"), author_kind=Author.REQUESTER, at__lte=OuterRef("created_at")
    )
    return Ticket.objects.filter(_where(span)).filter(~Q(channel=Channel.MESSAGE) | Exists(first_words))


def _rows(span: Span) -> QuerySet[Ticket]:
    mine = TicketSegment.objects.filter(ticket=OuterRef("pk"))
    return _asked(span).annotate(
        waited=Exists(mine.filter(Q(turn=Turn.PATIENT) | Q(state=TicketState.WAIT_INCIDENT))),
        flagged=Exists(mine.filter(turn=Turn.IT, state__in=OURS)),
    )


_SOLVED = Q(state__in=(TicketState.SOLVED, TicketState.CLOSED))
_OFFICE = Q(side=Side.OFFICE)


def _figures(now: dt.datetime) -> dict[str, Any]:
    promised = Q(first_due_at__isnull=False)
    in_time = Q(first_response_at__lte=F("first_due_at"))
    in_time |= Q(first_response_at=None, solved_at__lte=F("first_due_at"))
    done_here = _SOLVED & Q(reopened_count=0, waited=False) & (Q(side=Side.IT) | Q(flagged=False))
    counted = {
        "opened": Q(),
        "at_office": _OFFICE,
        "relayed": _OFFICE & Q(flagged=True),
        "solved": _SOLVED,
        "at_first_contact": done_here,
        "reopened": Q(reopened_count__gt=0),
        "answer_due": promised & (Q(first_response_at__isnull=False) | _SOLVED | Q(first_due_at__lt=now)),
        "answered_in_time": in_time,
        "solution_due": Q(solved_in_time__isnull=False) | Q(resolve_due_at__lt=now),
        "solved_in_time": Q(solved_in_time=True),
        "timed": Q(used_minutes__isnull=False),
    }
    return {name: Count("id", filter=where or None) for name, where in counted.items()} | {
        "minutes": Sum("used_minutes")
    }


_NAMES = tuple(one.name for one in fields(Tally) if one.name != "key")


def _tally(key: object, row: Mapping[str, Any]) -> Tally:
    return Tally(key=key, **{name: row[name] or 0 for name in _NAMES})
