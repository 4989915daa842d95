"""Uptime from intervals, in whole seconds: a major outage counts fully, a partial one 30 %, everything else nothing.

Weights are those Statuspage publishes (research §4.3); degraded performance and maintenance are not downtime.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from statuspage.enums import ComponentStatus
from statuspage.rules.facts import Interval
from statuspage.rules.rollup import worst

# Tenths, so that the sum stays in whole numbers.
_TENTHS: dict[str, int] = {ComponentStatus.MAJOR_OUTAGE: 10, ComponentStatus.PARTIAL_OUTAGE: 3}


@dataclass(frozen=True, slots=True)
class Day:
    """One calendar day in the page's zone. `status` is the worst it saw, None before the component was watched."""

    date: dt.date
    status: str | None
    partial_seconds: int
    major_seconds: int

    @property
    def uneventful(self) -> bool:
        """All green, or not watched."""
        return self.status in (None, ComponentStatus.OPERATIONAL)


def counted(intervals: Sequence[Interval], *, since: dt.date | None, zone: str) -> tuple[Interval, ...]:
    """The intervals from the first moment of that day in this zone on; all of them without a day."""
    if since is None:
        return tuple(intervals)
    start = dt.datetime.combine(since, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)
    return tuple(
        replace(interval, start=max(interval.start, start))
        for interval in intervals
        if interval.end is None or interval.end > start
    )


def days(intervals: Sequence[Interval], *, now: dt.datetime, zone: str, count: int = 90) -> list[Day]:
    """The last `count` days, oldest first, today included up to `now`."""
    tz = ZoneInfo(zone)
    today = now.astimezone(tz).date()
    return [_day(today - dt.timedelta(days=back), intervals, now, tz) for back in range(count - 1, -1, -1)]


def _day(date: dt.date, intervals: Sequence[Interval], now: dt.datetime, tz: ZoneInfo) -> Day:
    # Through UTC: local midnights are 23 or 25 hours apart in the weeks the clocks change.
    start = dt.datetime.combine(date, dt.time(), tz).astimezone(dt.UTC)
    end = min(dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), tz).astimezone(dt.UTC), now)
    seen = seconds_in(intervals, start=start, end=end)
    return Day(
        date,
        worst(seen) if seen else None,
        seen.get(ComponentStatus.PARTIAL_OUTAGE, 0),
        seen.get(ComponentStatus.MAJOR_OUTAGE, 0),
    )


def seconds_in(intervals: Sequence[Interval], *, start: dt.datetime, end: dt.datetime) -> dict[str, int]:
    """State → seconds spent in it from `start` to `end`; an open interval reaches to the end."""
    seen: dict[str, int] = {}
    for interval in intervals:
        if interval.start < end and (interval.end is None or interval.end > start):
            length = min(interval.end or end, end) - max(interval.start, start)
            seen[interval.status] = seen.get(interval.status, 0) + int(length.total_seconds())
    return seen


def percent(intervals: Sequence[Interval], *, since: dt.datetime, now: dt.datetime) -> float | None:
    """Uptime in percent, two decimals, never rounded up to 100; None if nothing was watched in that time."""
    watched = down_tenths = 0
    for interval in intervals:
        start, end = max(interval.start, since), min(interval.end or now, now)
        seconds = max(0, int((end - start).total_seconds()))
        watched += seconds
        down_tenths += seconds * _TENTHS.get(interval.status, 0)
    if not watched:
        return None
    hundredths = (watched * 10 - down_tenths) * 10_000 // (watched * 10)
    return hundredths / 100
