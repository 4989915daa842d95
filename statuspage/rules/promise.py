"""When staff should be asked for news: a promise that ran out, a long silence, a maintenance that is late."""

import datetime as dt
from dataclasses import dataclass

from statuspage.enums import UNDERWAY, UNRESOLVED, MaintenanceStatus, Overdue

SILENCE_HOURS = (3, 6, 12, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One open event. `updated_at` is its newest message, `nudged_at` when staff were last asked about it."""

    status: str
    updated_at: dt.datetime
    promised_at: dt.datetime | None
    nudged_at: dt.datetime | None
    scheduled_for: dt.datetime | None = None
    scheduled_until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Nudge:
    reason: Overdue
    due_at: dt.datetime


def overdue(row: Waiting, now: dt.datetime) -> Nudge | None:
    """The newest reason to ask that nobody was asked for yet. Asking once covers everything due until then."""
    points = [nudge for nudge in _points(row) if nudge.due_at <= now]
    newest = max(points, key=lambda nudge: nudge.due_at, default=None)
    if newest is None or (row.nudged_at is not None and row.nudged_at >= newest.due_at):
        return None
    return newest


def _points(row: Waiting) -> list[Nudge]:
    if row.status == MaintenanceStatus.SCHEDULED:
        return [Nudge(Overdue.NOT_STARTED, row.scheduled_for)] if row.scheduled_for is not None else []
    points = []
    if row.promised_at is not None:
        points.append(Nudge(Overdue.PROMISE, row.promised_at))
    if row.status in UNDERWAY and row.scheduled_until is not None:
        points.append(Nudge(Overdue.RUNNING_LATE, row.scheduled_until))
    if row.status in UNRESOLVED:
        silent_since = row.updated_at if row.promised_at is None else max(row.updated_at, row.promised_at)
        points += [Nudge(Overdue.SILENCE, silent_since + dt.timedelta(hours=hours)) for hours in SILENCE_HOURS]
    return points
