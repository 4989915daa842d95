"""`{% load triage %}`"""

import datetime as dt
from collections.abc import Iterable

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def age(since: dt.datetime) -> str:
    """How long ago, in one word of a list: "now", "12 min", "3 h", "2 d"."""
    minutes = int((timezone.now() - since).total_seconds() // 60)
    if minutes < 1:
        return _("now")
    if minutes < 60:
        return _("%(n)d min") % {"n": minutes}
    if minutes < 48 * 60:
        return _("%(n)d h") % {"n": minutes // 60}
    return _("%(n)d d") % {"n": minutes // (24 * 60)}


@register.filter
def marked(pieces: Iterable[tuple[str, bool]]) -> SafeString:
    """A text cut up by a search, with the words that were asked for marked."""
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", text) if hit else text,) for text, hit in pieces)
    )
