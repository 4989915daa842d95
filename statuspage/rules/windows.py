"""When a planned maintenance needs something to be done. Moments are aware; offsets are minutes before the start."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from statuspage.enums import UNDERWAY, MaintenanceStatus

MOST_REMINDERS, LEAST_MINUTES, MOST_MINUTES = 5, 5, 30 * 24 * 60


class Step(StrEnum):
    START = "start"
    REMIND = "remind"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What decides about the next step of a maintenance."""

    status: str
    scheduled_for: dt.datetime
    scheduled_until: dt.datetime
    auto_start: bool
    auto_complete: bool
    silent: bool
    reminders: Sequence[int]
    reminded: Sequence[int]


def usable_reminders(reminders: Sequence[int]) -> bool:
    return len(reminders) <= MOST_REMINDERS and all(
        isinstance(minutes, int) and LEAST_MINUTES <= minutes <= MOST_MINUTES for minutes in reminders
    )


def passed(scheduled_for: dt.datetime, reminders: Sequence[int], now: dt.datetime) -> list[int]:
    """The offsets whose moment is over. At scheduling these need no reminder: the notice itself says it."""
    return [minutes for minutes in reminders if scheduled_for - dt.timedelta(minutes=minutes) <= now]


def next_step(window: Window, now: dt.datetime) -> Step | None:
    """What is due now; None if nothing is.

    Whoever comes back after the whole window is over completes it without announcing a start that nobody can use.
    """
    if window.status in UNDERWAY:
        return Step.COMPLETE if window.auto_complete and window.scheduled_until <= now else None
    if window.status != MaintenanceStatus.SCHEDULED:
        return None
    if window.scheduled_for <= now:
        if not window.auto_start:
            return None
        return Step.COMPLETE if window.auto_complete and window.scheduled_until <= now else Step.START
    due = set(passed(window.scheduled_for, window.reminders, now)) - set(window.reminded)
    return Step.REMIND if due and not window.silent else None


def in_words(span: dt.timedelta) -> str:
    """A rounded "2 days", "1 hour", "5 minutes"."""
    minutes = max(1, round(span.total_seconds() / 60))
    for size, word in ((24 * 60, "day"), (60, "hour")):
        if minutes >= size * 0.95:
            count = max(1, round(minutes / size))
            return f"{count} {word}" if count == 1 else f"{count} {word}s"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
