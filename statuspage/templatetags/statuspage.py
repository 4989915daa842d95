"""`{% load statuspage %}`: moments and lengths of time on public pages, in the page's language and zone."""

import datetime as dt

from django import template
from django.template import Context
from django.utils import dateformat, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext, pgettext

register = template.Library()

NEWEST_MAX, EARLIER_MAX = 700, 240  # characters of a message on the front page


@register.simple_tag(takes_context=True)
def when(context: Context, at: dt.datetime | None, style: str = "", after: dt.datetime | None = None) -> SafeString:
    """A moment in the page's zone; scripts put it into the reader's and leave the page's in the title.

    style: "" date and time; "short" only the time if it is on the day the page was made, or of the moment `after`.
    """
    if at is None:
        return SafeString("")
    here = timezone.localtime(at)
    # What is drawn once and kept has no day of its own.
    near = after or (None if context.get("settled") else context["view"].as_of)
    today = near is not None and timezone.localtime(near).date() == here.date()
    full = pgettext("date format", "M j, H:i T")
    local = "time" if today and style == "short" else ""
    return format_html(
        '<time datetime="{}" data-local="{}" title="{} ({})">{}</time>',
        here.isoformat(timespec="seconds"),
        local,
        dateformat.format(here, full),
        timezone.get_current_timezone_name(),
        dateformat.format(here, pgettext("date format", "H:i T") if local else full),
    )


@register.filter
def day(date: dt.date) -> str:
    """A calendar day in the page's own zone: it stays the same whoever reads it."""
    return str(dateformat.format(date, pgettext("date format", "M j, Y")))


@register.filter
def month(date: dt.date) -> str:
    return str(dateformat.format(date, pgettext("date format", "F Y")))


@register.simple_tag
def shortened(body: str, newest: bool) -> str:
    """A message as the front page shows it: the whole of it stands on the event's own page."""
    return Truncator(body).chars(NEWEST_MAX if newest else EARLIER_MAX)


@register.filter
def minutes(count: int) -> str:
    """`45 min`, `3 h 5 min`."""
    if count < 60:
        return gettext("%(minutes)d min") % {"minutes": count}
    return gettext("%(hours)d h %(minutes)d min") % {"hours": count // 60, "minutes": count % 60}


@register.filter
def lasted(start: dt.datetime, end: dt.datetime) -> str:
    """How long from one moment to another, in words."""
    return minutes(max(int((end - start).total_seconds()) // 60, 1))
