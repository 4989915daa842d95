"""Many flags of one kind in a short time: propose an incident (research §3.3, spike rule)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

WINDOW: Final = dt.timedelta(minutes=15)
THRESHOLD: Final = 5
OFFICES: Final = 2
MEMORY: Final = dt.timedelta(hours=2)  # a burst does not vanish while IT looks away


@dataclass(frozen=True, slots=True)
class Report:
    """One open flag that no incident has taken up yet."""

    id: str
    category: str
    office: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """Reports that look like one cause, oldest first."""

    category: str
    report_ids: tuple[str, ...]
    offices: tuple[str, ...]
    first_at: dt.datetime
    last_at: dt.datetime

    @property
    def count(self) -> int:
        return len(self.report_ids)


def surges(reports: Iterable[Report], now: dt.datetime) -> tuple[Proposal, ...]:
    """One proposal per category that had 5 reports within 15 minutes from 2 offices, in the last two hours.

    It holds every report from the start of the first such burst on. Reports from the future or older than two hours
    do not count. Ordered by the time of the burst, then by category.
    """
    by_category: dict[str, list[Report]] = defaultdict(list)
    for report in reports:
        if now - MEMORY <= report.at <= now:
            by_category[report.category].append(report)
    found = [proposal for rows in by_category.values() if (proposal := _burst(rows)) is not None]
    return tuple(sorted(found, key=lambda proposal: (proposal.first_at, proposal.category)))


def _burst(rows: list[Report]) -> Proposal | None:
    rows = sorted(rows, key=lambda row: (row.at, row.id))
    for start, first in enumerate(rows):
        window = [row for row in rows[start:] if row.at - first.at <= WINDOW]
        if len(window) >= THRESHOLD and len({row.office for row in window}) >= OFFICES:
            taken = rows[start:]
            return Proposal(
                category=first.category,
                report_ids=tuple(row.id for row in taken),
                offices=tuple(sorted({row.office for row in taken})),
                first_at=taken[0].at,
                last_at=taken[-1].at,
            )
    return None
