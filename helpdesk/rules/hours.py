"""Business hours as arithmetic: several spans a day, holidays, the clock of one place (HD-11).

A span is local wall time, so "until 17:00" stays 17:00 across daylight saving; durations are counted in real minutes.
"""

import datetime as dt
import itertools
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Span = tuple[dt.time, dt.time]
HORIZON_DAYS = 400  # a calendar that never opens within this is closed for good

MIDNIGHT = dt.time(0, 0)
WEEKDAYS: dict[int, tuple[Span, ...]] = {day: ((dt.time(8, 0), dt.time(17, 0)),) for day in range(5)}


class NeverOpen(ValueError):
    """The calendar has no opening within HORIZON_DAYS."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """`spans` by weekday (0 is Monday), each in order and without overlap; an end of 00:00 is midnight at the day's
    end. `zone` is an IANA name. Monday to Friday, 8 to 5, unless told otherwise."""

    zone: str
    spans: Mapping[int, tuple[Span, ...]] = field(default_factory=lambda: WEEKDAYS)
    holidays: frozenset[dt.date] = frozenset()


def is_open(calendar: Calendar, at: dt.datetime) -> bool:
    """Whether somebody is there at that moment; the last second of a span is already closed."""
    return any(start <= at < end for start, end in _openings(calendar, at, days=1))


def next_opening(calendar: Calendar, at: dt.datetime) -> dt.datetime:
    """The moment the place opens next; `at` itself while it is open. Raises NeverOpen."""
    for start, end in _openings(calendar, at, days=HORIZON_DAYS):
        if at < end:
            return max(start, at)
    raise NeverOpen


def next_closing(calendar: Calendar, at: dt.datetime) -> dt.datetime | None:
    """When the present opening ends; None while it is closed."""
    return next((end for start, end in _openings(calendar, at, days=1) if start <= at < end), None)


def add_working(calendar: Calendar, start: dt.datetime, minutes: int) -> dt.datetime:
    """The moment at which so many open minutes have passed since `start`. Raises NeverOpen."""
    left = dt.timedelta(minutes=minutes)
    for opens, closes in _openings(calendar, start, days=HORIZON_DAYS):
        if closes <= start:
            continue
        begin = max(opens, start)
        if begin + left <= closes:
            return begin + left
        left -= closes - begin
    raise NeverOpen


def working_minutes(calendar: Calendar, start: dt.datetime, end: dt.datetime) -> int:
    """Whole open minutes between two moments; 0 when `end` is not later."""
    if end <= start:
        return 0
    total = dt.timedelta()
    days = (end - start).days + 2
    for opens, closes in _openings(calendar, start, days=days):
        total += max(min(closes, end) - max(opens, start), dt.timedelta())
    return int(total.total_seconds() // 60)


def _openings(calendar: Calendar, at: dt.datetime, *, days: int) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Openings in UTC, from the day before `at` on: a span may reach past midnight into it."""
    zone = zoneinfo.ZoneInfo(calendar.zone)
    first = at.astimezone(zone).date() - dt.timedelta(days=1)
    for offset in range(days + 2):
        date = first + dt.timedelta(days=offset)
        if date in calendar.holidays:
            continue
        for start, end in calendar.spans.get(date.weekday(), ()):
            last = date + dt.timedelta(days=1) if end == MIDNIGHT else date
            opens = dt.datetime.combine(date, start, zone).astimezone(dt.UTC)
            closes = dt.datetime.combine(last, end, zone).astimezone(dt.UTC)
            if opens < closes:
                yield opens, closes


def parse_spans(raw: Mapping[str, list[list[str]]]) -> dict[int, tuple[Span, ...]]:
    """{"0": [["08:00", "12:00"], ["13:00", "17:00"]]} → spans. Raises ValueError: no time, overlap, backwards."""
    spans: dict[int, tuple[Span, ...]] = {}
    for day, rows in raw.items():
        if day not in {"0", "1", "2", "3", "4", "5", "6"}:
            raise ValueError(day)
        parsed = sorted((dt.time.fromisoformat(start), dt.time.fromisoformat(end)) for start, end in rows)
        for start, end in parsed:
            if end != MIDNIGHT and end <= start:
                raise ValueError(f"{start} to {end} runs backwards")
        for (_, end), (start, _later) in itertools.pairwise(parsed):
            if end == MIDNIGHT or start < end:
                raise ValueError(f"{start} lies inside the span before it")
        spans[int(day)] = tuple(parsed)
    return spans


def to_raw(spans: Mapping[int, tuple[Span, ...]]) -> dict[str, list[list[str]]]:
    """The inverse of `parse_spans`; days without a span are left out."""
    return {
        str(day): [[start.strftime("%H:%M"), end.strftime("%H:%M")] for start, end in rows]
        for day, rows in sorted(spans.items())
        if rows
    }


@dataclass(frozen=True, slots=True)
class Opening:
    """How a place stands at a moment: open until `changes_at`, or closed until then; None: closed for good."""

    is_open: bool
    changes_at: dt.datetime | None


def opening(calendar: Calendar, at: dt.datetime) -> Opening:
    """Open or closed, and until when. Spans that touch are one: 8 to 12 and 12 to 17 close at 17."""
    end = next_closing(calendar, at)
    if end is None:
        try:
            return Opening(False, next_opening(calendar, at))
        except NeverOpen:
            return Opening(False, None)
    horizon = at + dt.timedelta(days=8)
    while end < horizon and (later := next_closing(calendar, end)) is not None:
        end = later
    return Opening(True, end if end < horizon else None)
