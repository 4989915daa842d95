"""Repetition by rule (RFC 5545 RRULE), in the wall time of a place: "Sunday at 22:00" stays 22:00 when clocks change.

A wall time that the spring gap swallows is read with the offset before the gap, as RFC 5545 asks (02:30 becomes 03:30);
one that the autumn gives twice is the first of the two.
"""

import datetime as dt
import re
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from statuspage.errors import RuleInvalid

_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"})
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
RULE_MAX = 300
# What dateutil would take as it comes, and stumble over later.
_NUMBERS = {
    "INTERVAL": "[1-9][0-9]{0,2}",
    "COUNT": "[1-9][0-9]{0,3}",
    "BYMONTHDAY": "-?([1-9]|[12][0-9]|3[01])",
    "BYMONTH": "([1-9]|1[0-2])",
    "BYSETPOS": "-?[1-9][0-9]?",
}


def normal(rule: str) -> str:
    """The rule in its usual spelling. Raises RuleInvalid for what is not a rule, repeats within a day, or uses parts
    that maintenances do not need."""
    text = re.sub(r"\s+", "", rule).upper().removeprefix("RRULE:").rstrip(";")
    pairs = [part.partition("=")[::2] for part in text.split(";")]
    parts = dict(pairs)
    if len(text) > RULE_MAX or len(parts) != len(pairs) or not all(parts.values()) or not set(parts) <= _PARTS:
        raise RuleInvalid
    if parts.get("FREQ") not in _FREQUENCIES or {"COUNT", "UNTIL"} <= set(parts):
        raise RuleInvalid
    # A day of the month needs months to count in; with days it could search for years for what never comes.
    if "BYMONTHDAY" in parts and parts["FREQ"] in ("DAILY", "WEEKLY"):
        raise RuleInvalid
    for part, pattern in _NUMBERS.items():
        if not re.fullmatch(rf"{pattern}(,{pattern})*", parts.get(part, "1")):
            raise RuleInvalid
    return text


def occurrences(
    rule: str, *, first_at: dt.datetime, zone: str, after: dt.datetime | None, until: dt.datetime
) -> list[dt.datetime]:
    """Starts later than `after` (None: from the beginning) up to and including `until`; aware, UTC. Raises
    RuleInvalid."""
    place = ZoneInfo(zone)
    found = []
    for wall in _rule(rule, first_at, place):
        start = wall.replace(tzinfo=place).astimezone(dt.UTC)
        if start > until:
            break
        if after is None or start > after:
            found.append(start)
    return found


def first(rule: str, *, first_at: dt.datetime, zone: str, after: dt.datetime) -> dt.datetime | None:
    """The first start later than `after`; None if the rule has run out. Raises RuleInvalid."""
    place = ZoneInfo(zone)
    for wall in _rule(rule, first_at, place):
        start = wall.replace(tzinfo=place).astimezone(dt.UTC)
        if start > after:
            return start
    return None


_DAYS = {"MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun"}
_PLACES = {"1": "first", "2": "second", "3": "third", "4": "fourth", "-1": "last"}


def in_words(rule: str) -> str:
    """The usual rules as people say them ("every week on Sun"); any other as it is written."""
    if rule == "FREQ=DAILY":
        return "every day"
    if weekly := re.fullmatch(r"FREQ=WEEKLY;BYDAY=([A-Z]{2}(?:,[A-Z]{2})*)", rule):
        return f"every week on {', '.join(_DAYS.get(day, day) for day in weekly[1].split(','))}"
    if monthly := re.fullmatch(r"FREQ=MONTHLY;BYDAY=(-1|[1-4])([A-Z]{2})", rule):
        return f"every month on the {_PLACES[monthly[1]]} {_DAYS.get(monthly[2], monthly[2])}"
    if day := re.fullmatch(r"FREQ=MONTHLY;BYMONTHDAY=(\d+)", rule):
        return f"every month on day {day[1]}"
    return rule


def rest(rule: str, *, done: int) -> str:
    """What is left of a rule that counts its dates, once `done` of them are behind; any other rule as it is. Raises
    RuleInvalid when none is left."""
    count = re.search(r"(?<![A-Z])COUNT=(\d+)", normal(rule))
    if count is None:
        return normal(rule)
    if int(count[1]) <= done:
        raise RuleInvalid
    return normal(rule).replace(count[0], f"COUNT={int(count[1]) - done}")


def _rule(text: str, first_at: dt.datetime, place: ZoneInfo) -> rrule:
    """In local wall time without a zone; an UNTIL in UTC is brought into the same."""

    def local(found: re.Match[str]) -> str:
        moment = dt.datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=dt.UTC)
        return f"UNTIL={moment.astimezone(place):%Y%m%dT%H%M%S}"

    try:
        wall_rule = re.sub(r"UNTIL=(\d{8}T\d{6})Z", local, normal(text))
        made = rrulestr(wall_rule, dtstart=first_at.astimezone(place).replace(tzinfo=None, fold=0))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise RuleInvalid from error
    if not isinstance(made, rrule):
        raise RuleInvalid
    return made
