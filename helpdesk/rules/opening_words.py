"""Opening hours in words: for the contact page, the settings page and the voice of the phone line."""

import datetime as dt
import zoneinfo

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from helpdesk.rules.hours import MIDNIGHT, Calendar, Opening, Span


def until_words(opening: Opening, *, now: dt.datetime, zone: str) -> str:
    """One sentence: "Open now, until 5 p.m.", "Closed now. Opens Monday at 8 a.m." """
    if opening.changes_at is None:
        return _("Always open") if opening.is_open else _("Closed until further notice")
    when = moment_words(opening.changes_at, now=now, zone=zone, plain=opening.is_open)
    return (
        _("Open now, until %(when)s") % {"when": when}
        if opening.is_open
        else _("Closed now. Opens %(when)s") % {"when": when}
    )


def moment_words(at: dt.datetime, *, now: dt.datetime, zone: str, plain: bool = False) -> str:
    """ "today at 1 p.m.", "tomorrow at 8 a.m.", "Monday at 8 a.m.", later with the date.

    `plain`: of today, the time alone.
    """
    place = zoneinfo.ZoneInfo(zone)
    there, today = at.astimezone(place), now.astimezone(place).date()
    days, time = (there.date() - today).days, clock_words(there.time())
    if days == 0:
        return time if plain else _("today at %(time)s") % {"time": time}
    if days == 1:
        # Midnight at the day's end is said as such and not as tomorrow.
        if plain and there.time() == MIDNIGHT:
            return time
        return _("tomorrow at %(time)s") % {"time": time}
    day = str(WEEKDAYS[there.weekday()])
    if days >= 7:
        day = f"{day}, {date_format(there, 'MONTH_DAY_FORMAT')}"
    return _("%(day)s at %(time)s") % {"day": day, "time": time}


def clock_words(time: dt.time) -> str:
    """ "8 a.m.", "noon", "midnight", as the reader's language writes it."""
    return str(time_format(time, "TIME_FORMAT"))


def week_words(calendar: Calendar) -> list[tuple[str, str]]:
    """An ordinary week, days of the same hours together: [("Monday to Friday", "8 a.m. – 5 p.m."), …]."""
    found: list[tuple[str, str]] = []
    first = 0
    for day in range(1, 8):
        if day < 7 and calendar.spans.get(day, ()) == calendar.spans.get(first, ()):
            continue
        names = str(WEEKDAYS[first])
        if day - first > 1:
            names = _("%(first)s to %(last)s") % {"first": names, "last": str(WEEKDAYS[day - 1])}
        found.append((names, _spans(calendar.spans.get(first, ()))))
        first = day
    return found


def _spans(rows: tuple[Span, ...]) -> str:
    if not rows:
        return _("closed")
    if rows == ((MIDNIGHT, MIDNIGHT),):
        return _("day and night")
    return ", ".join(f"{clock_words(start)} – {clock_words(end)}" for start, end in rows)
