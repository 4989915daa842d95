"""Hours in which somebody does not want to hear from us."""

import datetime as dt
from zoneinfo import ZoneInfo


def wakes_at(moment: dt.datetime, *, quiet_from: dt.time | None, quiet_until: dt.time | None, zone: str) -> dt.datetime:
    """`moment`, or the end of the quiet hours it falls into. Both ends are local times of `zone`; `quiet_from` later
    than `quiet_until` goes over midnight, and equal ends are no quiet hours at all."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return moment
    local = moment.astimezone(ZoneInfo(zone))
    time = local.time()
    over_midnight = quiet_from > quiet_until
    evening, morning = time >= quiet_from, time < quiet_until
    quiet = evening or morning if over_midnight else evening and morning
    if not quiet:
        return moment
    day = local.date() + dt.timedelta(days=1 if over_midnight and evening else 0)
    end = dt.datetime.combine(day, quiet_until, tzinfo=local.tzinfo)
    return max(moment, end.astimezone(dt.UTC))  # an hour that a change of clocks repeats must not lie behind us
