"""What we promise: a first answer and a solution within so many open minutes, and what happens as time runs out.

A practice may promise something else than what ships; a ticket keeps what was promised when it was opened.

Minutes are counted on the calendar of whoever has the move (HD-11); they stand still while it is the requester's move
or an incident's.
"""

import datetime as dt
import zoneinfo
from dataclasses import dataclass

from helpdesk.enums import Alert, Category
from helpdesk.rules.hours import Calendar, NeverOpen, add_working, is_open, next_opening

URGENT = frozenset(
    {
        Category.CLINICAL_URGENT,
        Category.SEC_REPORT,
        Category.DUP_ACCT,
        Category.SITE_DOWN,
        Category.PROVIDER_PORTAL,
        Category.TH_JOIN,
        Category.TH_WAIT,
    }
)
WARN_BEFORE = 60  # open minutes; never more than a quarter of the promise
ESCALATE_AFTER = 240  # open minutes past the deadline until the lead is told


@dataclass(frozen=True, slots=True)
class Target:
    """Promises in open minutes."""

    first: int
    resolve: int


@dataclass(frozen=True, slots=True)
class Promises:
    """What a practice promises, by how urgent a request is."""

    urgent: Target
    normal: Target


SHIPPED = Promises(urgent=Target(first=60, resolve=240), normal=Target(first=240, resolve=960))
STEP = 15  # minutes: promises are quarters of an hour
LONGEST = 200 * 60  # minutes; five working weeks


def target(category: Category, promises: Promises = SHIPPED) -> Target:
    """What is promised for this kind of request."""
    return promises.urgent if category in URGENT else promises.normal


def faults(promises: Promises) -> tuple[tuple[str, str], ...]:
    """What does not make sense in these promises: (field, code), field as in `urgent_first`.

    Codes: range (a quarter of an hour to 200 hours, in quarters), before_answer (solved before it is answered), slower
    (urgent requests wait longer than others).
    """
    found = []
    for name, one in (("urgent", promises.urgent), ("normal", promises.normal)):
        for part, minutes in (("first", one.first), ("resolve", one.resolve)):
            if not STEP <= minutes <= LONGEST or minutes % STEP:
                found.append((f"{name}_{part}", "range"))
        if one.resolve < one.first:
            found.append((f"{name}_resolve", "before_answer"))
    if promises.urgent.first > promises.normal.first:
        found.append(("urgent_first", "slower"))
    if promises.urgent.resolve > promises.normal.resolve:
        found.append(("urgent_resolve", "slower"))
    return tuple(found)


def due(calendar: Calendar, since: dt.datetime, minutes: int, spent: int) -> dt.datetime | None:
    """When a promise of so many minutes runs out, `spent` of them being used up before `since`. None: the place never
    opens."""
    left = minutes - spent
    if left <= 0:
        return since
    try:
        return add_working(calendar, since, left)
    except NeverOpen:
        return None


def next_alert(
    calendar: Calendar, since: dt.datetime, minutes: int, spent: int, alert: Alert
) -> tuple[Alert, dt.datetime] | None:
    """The alert after `alert` and its moment; None when nothing more follows."""
    end = due(calendar, since, minutes, spent)
    if end is None or alert == Alert.ESCALATED:
        return None
    if alert == Alert.NONE:
        early = minutes - min(WARN_BEFORE, minutes // 4)
        warn = due(calendar, since, early, spent)
        return None if warn is None else (Alert.WARNED, warn)
    if alert == Alert.WARNED:
        return Alert.BREACHED, end
    late = due(calendar, end, ESCALATE_AFTER, 0)
    return None if late is None else (Alert.ESCALATED, late)


def hours(minutes: int) -> str:
    """960 → "16 business hours", 90 → "1 h 30 min of business hours"."""
    whole, rest = divmod(minutes, 60)
    if not rest:
        return f"{whole} business hour{'' if whole == 1 else 's'}"
    return f"{whole} h {rest} min of business hours" if whole else f"{rest} min of business hours"


def explain(calendar: Calendar, since: dt.datetime, minutes: int, spent: int) -> str:
    """ "4 business hours, from Fri 16:30: Mon 11:30." with what was used up and a closed beginning named."""
    zone = zoneinfo.ZoneInfo(calendar.zone)
    end = due(calendar, since, minutes, spent)
    if end is None:
        return f"{hours(minutes)}, but this place has no opening hours."
    words = [hours(minutes)]
    if spent:
        words.append(f"{min(spent, minutes)} min used before")
    words.append(f"from {_moment(since, zone)}")
    if spent < minutes and not is_open(calendar, since):
        words.append(f"closed until {_moment(next_opening(calendar, since), zone)}")
    return f"{', '.join(words)}: {_moment(end, zone)}."


def _moment(at: dt.datetime, zone: zoneinfo.ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%a %b %-d, %H:%M")
