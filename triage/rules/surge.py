"""Many flags of one kind in a short time: propose an incident (research §3.3, spike rule).

Two rules, either of which is enough: five within 15 minutes from two offices; or, within an hour, three times what is
usual at this hour.
"""

import datetime as dt
import zoneinfo
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import Final

WINDOW: Final = dt.timedelta(minutes=15)
THRESHOLD: Final = 5
OFFICES: Final = 2
MEMORY: Final = dt.timedelta(hours=2)  # a burst does not vanish while IT looks away

HOUR: Final = dt.timedelta(hours=1)
TIMES: Final = 3  # so many times the usual number
LEAST: Final = 3  # fewer flags than these are no surge, however quiet the hour usually is
DAYS: Final = 28  # days that are looked back on
SLACK: Final = dt.timedelta(minutes=10)  # what was looked up may be used so long
KNOWN_DAYS: Final = 5  # comparable days before anything counts as usual


@dataclass(frozen=True, slots=True)
class Report:
    """One open flag that no incident has taken up yet."""

    id: str
    category: str
    office: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Usual:
    """What an hour is usually like: the median over so many comparable days."""

    median: float
    days: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """Reports that look like one cause, oldest first. `usual` where they are unusually many for the hour; None where
    they are a burst over several offices."""

    category: str
    report_ids: tuple[str, ...]
    offices: tuple[str, ...]
    first_at: dt.datetime
    last_at: dt.datetime
    usual: Usual | None = None

    @property
    def count(self) -> int:
        return len(self.report_ids)


def surges(reports: Iterable[Report], now: dt.datetime) -> tuple[Proposal, ...]:
    """One proposal per category that had 5 reports within 15 minutes from 2 offices, in the last two hours.

    It holds every report from the start of the first such burst on. Reports from the future or older than two hours
    do not count. Ordered by the time of the burst, then by category.
    """
    found = [proposal for rows in _recent(reports, now).values() if (proposal := _burst(rows)) is not None]
    return in_order(found)


def in_order(proposals: Iterable[Proposal]) -> tuple[Proposal, ...]:
    return tuple(sorted(proposals, key=lambda proposal: (proposal.first_at, proposal.category)))


def worth_comparing(reports: Iterable[Report], now: dt.datetime) -> frozenset[str]:
    """The categories with so many reports within an hour that the usual number matters; for all others nobody needs to
    look back."""
    return frozenset(
        category
        for category, rows in _recent(reports, now).items()
        if any(len(_hour_before(rows, last.at)) >= LEAST for last in rows)
    )


def same_hours(now: dt.datetime, zone: str) -> tuple[tuple[dt.datetime, dt.datetime], ...]:
    """The spans of the last 28 days that `unusual` may look into until SLACK has passed: the same hours on the
    practice's clock, in UTC."""
    ends = (_days_before(now, day, zoneinfo.ZoneInfo(zone)) for day in range(1, DAYS + 1))
    return tuple((end - MEMORY - HOUR, end + SLACK) for end in ends)


def unusual(
    reports: Iterable[Report],
    now: dt.datetime,
    *,
    history: Mapping[str, Sequence[dt.datetime]],
    zone: str,
    is_open: Callable[[dt.datetime], bool],
    since: dt.datetime,
) -> tuple[Proposal, ...]:
    """One proposal per category that had, within an hour of the last two, at least 3 reports and three times what the
    same hour usually has.

    Usual is the median over those of the last 28 days that are like this one: an office was open at that hour, or none
    was, as now. Days before `since`, when the practice began, do not count; with fewer than 5 nothing is usual yet.
    `history`: by category the moments of earlier reports within `same_hours`, in any order.
    """
    look = _Past({category: sorted(moments) for category, moments in history.items()}, zone, cache(is_open), since)
    found = [proposal for rows in _recent(reports, now).values() if (proposal := _unusual(rows, look)) is not None]
    return in_order(found)


def _recent(reports: Iterable[Report], now: dt.datetime) -> dict[str, list[Report]]:
    by_category: dict[str, list[Report]] = defaultdict(list)
    for report in sorted(reports, key=lambda row: (row.at, row.id)):
        if now - MEMORY <= report.at <= now:
            by_category[report.category].append(report)
    return by_category


def _burst(rows: list[Report]) -> Proposal | None:
    for start, first in enumerate(rows):
        window = [row for row in rows[start:] if row.at - first.at <= WINDOW]
        if len(window) >= THRESHOLD and len({row.office for row in window}) >= OFFICES:
            return _proposal(rows[start:])
    return None


def _unusual(rows: list[Report], past: "_Past") -> Proposal | None:
    for last in rows:
        window = _hour_before(rows, last.at)
        if len(window) < LEAST:
            continue
        usual = past.usual(last.category, last.at)
        if usual is not None and len(window) >= TIMES * usual.median:
            return _proposal(rows[rows.index(window[0]) :], usual)
    return None


def _proposal(rows: list[Report], usual: Usual | None = None) -> Proposal:
    return Proposal(
        category=rows[0].category,
        report_ids=tuple(row.id for row in rows),
        offices=tuple(sorted({row.office for row in rows})),
        first_at=rows[0].at,
        last_at=rows[-1].at,
        usual=usual,
    )


def _hour_before(rows: list[Report], end: dt.datetime) -> list[Report]:
    return [row for row in rows if end - HOUR < row.at <= end]


def _days_before(moment: dt.datetime, days: int, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """The same time on the wall so many days earlier, in UTC."""
    local = moment.astimezone(zone)
    return dt.datetime.combine(local.date() - dt.timedelta(days=days), local.time(), zone).astimezone(dt.UTC)


@dataclass(frozen=True, slots=True)
class _Past:
    """What was reported, in order, and when somebody was there."""

    moments: Mapping[str, Sequence[dt.datetime]]
    zone: str
    is_open: Callable[[dt.datetime], bool]
    since: dt.datetime

    def usual(self, category: str, end: dt.datetime) -> Usual | None:
        """What the hour up to `end` usually has; None while too little is known."""
        zone, moments = zoneinfo.ZoneInfo(self.zone), self.moments.get(category, ())
        ends = [_days_before(end, day, zone) for day in range(1, DAYS + 1)]
        like = [one for one in ends if one - HOUR >= self.since and self._busy(one) == self._busy(end)]
        if len(like) < KNOWN_DAYS:
            return None
        counts = [bisect_right(moments, one) - bisect_right(moments, one - HOUR) for one in like]
        return Usual(median=float(median(counts)), days=len(like))

    def _busy(self, end: dt.datetime) -> bool:
        """Whether an office was open in the middle of the hour; asked by the half hour, so that few moments differ."""
        middle = end - HOUR / 2
        return self.is_open(middle.replace(minute=middle.minute // 30 * 30, second=0, microsecond=0))
