"""Events by month of the page's own zone, and uptime by month."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from statuspage.enums import ComponentStatus
from statuspage.rules.derive import MONTHS, IncidentView, View
from statuspage.rules.facts import ComponentFacts, Interval
from statuspage.rules.uptime import counted, percent, seconds_in


@dataclass(frozen=True, slots=True)
class Month:
    """`first` is its first day; `key` is as in its address, "2026-11"."""

    first: dt.date
    events: tuple[IncidentView, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class MonthOfComponent:
    """`uptime` in percent, None while it was not watched; the rest in whole minutes."""

    first: dt.date
    uptime: float | None
    partial: int
    major: int


def parse_month(key: str) -> dt.date | None:
    """The first day of "2026-11"; None when it is no month."""
    try:
        first = dt.date.fromisoformat(f"{key}-01")
    except ValueError:
        return None
    return first if len(key) == 7 else None


def step(first: dt.date, months: int) -> dt.date:
    """The first day of the month `months` later (or earlier)."""
    number = first.year * 12 + first.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1)


def bounds(first: dt.date, zone: str) -> tuple[dt.datetime, dt.datetime]:
    """The month's beginning and end as moments in UTC."""
    tz = ZoneInfo(zone)
    start, end = (dt.datetime.combine(day, dt.time(), tz).astimezone(dt.UTC) for day in (first, step(first, 1)))
    return start, end


def this_month(view: View) -> dt.date:
    return view.as_of.astimezone(ZoneInfo(view.facts.page.time_zone)).date().replace(day=1)


def months(view: View, count: int = MONTHS) -> tuple[Month, ...]:
    """The last `count` months, newest first, empty ones included."""
    tz = ZoneInfo(view.facts.page.time_zone)
    found: dict[str, list[IncidentView]] = {}
    for row in view.past:
        found.setdefault(f"{row.starts_at.astimezone(tz):%Y-%m}", []).append(row)
    firsts = [step(this_month(view), -back) for back in range(count)]
    return tuple(Month(first, tuple(found.get(f"{first:%Y-%m}", ()))) for first in firsts)


def months_of(row: ComponentFacts, view: View, count: int = MONTHS) -> tuple[MonthOfComponent, ...]:
    """Uptime of one component by month, newest first; months before it was watched are left out."""
    found = []
    intervals = counted(row.intervals, since=row.start_date, zone=view.facts.page.time_zone)
    for back in range(count):
        first = step(this_month(view), -back)
        start, end = bounds(first, view.facts.page.time_zone)
        month = _month(intervals, first, start, min(end, view.as_of))
        if month.uptime is not None:
            found.append(month)
    return tuple(found)


def _month(intervals: Sequence[Interval], first: dt.date, start: dt.datetime, end: dt.datetime) -> MonthOfComponent:
    seen = seconds_in(intervals, start=start, end=end)
    return MonthOfComponent(
        first,
        percent(intervals, since=start, now=end),
        seen.get(ComponentStatus.PARTIAL_OUTAGE, 0) // 60,
        seen.get(ComponentStatus.MAJOR_OUTAGE, 0) // 60,
    )
