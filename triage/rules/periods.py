"""Which days a report is about (pure)."""

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MONTH: Final = "30"
LIVE: Final = "live"
PERIODS: Final[dict[str, str | Promise]] = {
    "7": _("Last 7 days"),
    MONTH: _("Last 30 days"),
    "90": _("Last 90 days"),
    "365": _("Last 12 months"),
    LIVE: _("Since the portal opened"),
}


def bounds(period: str, *, now: dt.datetime, zone: str, live_since: dt.date | None) -> tuple[dt.datetime, dt.datetime]:
    """[first midnight, end of today) in the local time of `zone`. An unknown period is the last 30 days, and so is
    "since the portal opened" while nobody knows when that was."""
    tz = ZoneInfo(zone)
    today = now.astimezone(tz).date()
    if period == LIVE and live_since is not None:
        first = min(live_since, today)
    else:
        days = int(period) if period in PERIODS and period != LIVE else int(MONTH)
        first = today - dt.timedelta(days=days - 1)
    return midnight(first, tz), midnight(today + dt.timedelta(days=1), tz)


def midnight(day: dt.date, tz: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, tzinfo=tz)
