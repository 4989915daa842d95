"""The federal holidays of the United States (5 U.S.C. 6103), as days on which an office is likely to be closed."""

import datetime as dt

from dateutil.relativedelta import MO, TH, relativedelta
from django.utils.translation import gettext_lazy as _

JUNETEENTH_SINCE = 2021


def federal_holidays(year: int) -> list[tuple[dt.date, str]]:
    """(day off, name) in order of the date. One that falls on a Saturday is kept on the Friday before, on a Sunday on
    the Monday after; so the first of January of the next year may show up on the last day of this one."""
    fixed = [
        (dt.date(year, 1, 1), _("New Year's Day")),
        (dt.date(year, 7, 4), _("Independence Day")),
        (dt.date(year, 11, 11), _("Veterans Day")),
        (dt.date(year, 12, 25), _("Christmas Day")),
        (dt.date(year + 1, 1, 1), _("New Year's Day")),
    ]
    if year >= JUNETEENTH_SINCE:
        fixed.append((dt.date(year, 6, 19), _("Juneteenth")))
    moving = [
        (dt.date(year, 1, 1) + relativedelta(weekday=MO(3)), _("Martin Luther King Jr. Day")),
        (dt.date(year, 2, 1) + relativedelta(weekday=MO(3)), _("Presidents' Day")),
        (dt.date(year, 5, 31) + relativedelta(weekday=MO(-1)), _("Memorial Day")),
        (dt.date(year, 9, 1) + relativedelta(weekday=MO(1)), _("Labor Day")),
        (dt.date(year, 10, 1) + relativedelta(weekday=MO(2)), _("Columbus Day")),
        (dt.date(year, 11, 1) + relativedelta(weekday=TH(4)), _("Thanksgiving Day")),
    ]
    days = [(_observed(date), str(name)) for date, name in fixed] + [(date, str(name)) for date, name in moving]
    return sorted(row for row in days if row[0].year == year)


def _observed(date: dt.date) -> dt.date:
    return date + dt.timedelta(days={5: -1, 6: 1}.get(date.weekday(), 0))
