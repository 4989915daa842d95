"""`{% load ui %}`: the components of the design system. The gallery at /ui/ shows each of them."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.template import Context
from django.template.base import Parser, Token
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from portal_core.kernel.ids import new_public_id
from portal_core.ui import charts, slots
from portal_core.ui.charts import tone_or_neutral

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """An icon of the sprite, hidden from screen readers unless it has a `label` of its own. size: "", "large"."""
    address = static("ui/icons/sprite.svg") + "#" + name
    css = "icon icon-large" if size == "large" else "icon"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}" focusable="false"><use href="{}"></use></svg>',
            css,
            label,
            address,
        )
    return format_html('<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', css, address)


@register.simple_tag
def badge(tone: str, text: Any) -> SafeString:
    """A state in three languages: shape, colour and word. tone: ok info warning danger neutral."""
    tone = tone_or_neutral(tone)
    return format_html('<span class="badge badge-{}">{}{}</span>', tone, icon(f"tone-{tone}"), text)


@register.simple_tag
def notice(tone: str, text: Any, title: str = "") -> SafeString:
    """A short remark that stands in the page: {% notice "warning" "E-mails are late today." title="Known trouble" %}"""
    tone = tone_or_neutral(tone)
    heading = format_html('<p class="notice-title">{}</p>', title) if title else ""
    return format_html(
        '<div class="notice notice-{}">{}<div>{}<p>{}</p></div></div>', tone, icon(f"tone-{tone}"), heading, text
    )


@register.inclusion_tag("ui/parts/empty_state.html")
def empty_state(
    title: str, text: str = "", icon: str = "inbox", action_url: str = "", action_label: str = ""
) -> dict[str, Any]:
    """What stands where a list would be: what this place is for, and what to do next."""
    return {"title": title, "text": text, "icon": icon, "action_url": action_url, "action_label": action_label}


@register.simple_tag
def field(bound: BoundField, **attrs: Any) -> SafeString:
    """A form field with its label, hint and error. Keyword arguments become attributes of the input
    (`_` is written `-`): {% field form.email autocomplete="email" inputmode="email" %}."""
    if attrs:
        bound.field.widget.attrs.update({name.replace("_", "-"): value for name, value in attrs.items()})
    return bound.as_field_group()


@register.inclusion_tag("ui/forms/errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """The list of what is wrong, at the top of the form, each line a link to its field. Takes the focus when shown."""
    return {"form": form, "fields": [bound for bound in form if bound.errors]}


@register.simple_tag
def avatar(name: str) -> SafeString:
    """Two initials in a circle; decoration beside a name that is written out."""
    words = [word for word in str(name).split() if word]
    initials = "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
    return format_html('<span class="avatar" aria-hidden="true">{}</span>', initials or "?")


@register.inclusion_tag("ui/parts/stat.html")
def stat(label: str, value: Any, hint: str = "", tone: str = "") -> dict[str, Any]:
    """One figure with its name; with a `tone` the hint is a badge."""
    return {"label": label, "value": value, "hint": hint, "tone": tone}


@register.inclusion_tag("ui/parts/progress.html")
def progress(value: float, maximum: float, label: str) -> dict[str, Any]:
    """How far along: a bar, and the same in words."""
    return {"value": value, "maximum": maximum, "label": label}


@register.simple_tag
def local_time(moment: dt.datetime | None, style: str = "") -> SafeString:
    """A moment in the reader's own zone; without scripts in the page's zone, which is then named.

    style: "" date and time, "date", "time", "relative" (3 minutes ago).
    """
    if moment is None:
        return SafeString("")
    here = timezone.localtime(moment)
    pattern = {"date": "j M Y", "time": "H:i T"}.get(style, "j M Y, H:i T")
    return format_html(
        '<time datetime="{}" data-local="{}">{}</time>', here.isoformat(), style, date_format(here, pattern)
    )


@register.inclusion_tag("ui/parts/uptime_bars.html")
def uptime_bars(days: Iterable[Any], uptime: Any = None) -> dict[str, Any]:
    """A bar per day, oldest first; a day has `date`, `tone` and `text`. `uptime`: a percentage to print below."""
    drawn = charts.bars(days)
    troubled = [bar for bar in drawn if bar.tone not in ("ok", "neutral")]
    summary = ngettext("%(bad)d of %(all)d day had trouble.", "%(bad)d of %(all)d days had trouble.", len(drawn)) % {
        "bad": len(troubled), "all": len(drawn),
    }  # fmt: skip
    return {
        "bars": drawn, "last": drawn[-1] if drawn else None, "width": max(len(drawn) * charts.BAR - 3, 1),
        "troubled": troubled, "summary": summary, "uptime": uptime,
    }  # fmt: skip


@register.inclusion_tag("ui/parts/sparkline.html")
def sparkline(points: Sequence[Any], label: str = "") -> dict[str, Any]:
    """A small line. `points`: numbers, or pairs (label, number), oldest first."""
    rows = [point if isinstance(point, tuple) else (number, point) for number, point in enumerate(points, start=1)]
    values = [float(value) for _label, value in rows]
    summary = label
    if values:
        summary += gettext(" from %(low)s to %(high)s, last %(last)s") % {
            "low": f"{min(values):g}", "high": f"{max(values):g}", "last": f"{values[-1]:g}",
        }  # fmt: skip
    return {"line": charts.line(values), "rows": rows, "summary": summary.strip() or gettext("No figures yet")}


@register.inclusion_tag("ui/parts/columns.html")
def columns(pairs: Sequence[tuple[Any, float]], label: str, head: str = "", unit: str = "") -> dict[str, Any]:
    """Upright columns for pairs (label, number), oldest first, with the same as a table. `label` says what the figure
    shows; `head` and `unit` head the table's columns."""
    drawn = charts.columns(pairs)
    return {
        "columns": drawn, "width": max(len(drawn) * charts.BAR - 3, 1), "label": label, "head": head, "unit": unit,
        "top": max((column.value for column in drawn), default=0), "last": drawn[-1] if drawn else None,
    }  # fmt: skip


@register.inclusion_tag("ui/parts/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any], parameter: str = "page") -> dict[str, Any]:
    """Previous and next of a paginated list; what else stands in the address is kept."""

    def address(number: int) -> str:
        query = context["request"].GET.copy()
        query[parameter] = str(number)
        return f"?{query.urlencode()}"

    return {
        "page": page,
        "previous_url": address(page.previous_page_number()) if page.has_previous() else "",
        "next_url": address(page.next_page_number()) if page.has_next() else "",
    }


@register.simple_tag(takes_context=True)
def slot(context: Context, name: str, **facts: Any) -> SafeString:
    """What storeys above put in this place; see `portal_core.ui.slots`."""
    request = context.get("request")
    return slots.render(name, request, **facts) if request is not None else SafeString("")


@register.simple_tag(takes_context=True)
def nav_links(context: Context, area: str) -> list[slots.NavItem]:
    """{% nav_links "desk" as links %}"""
    request = context.get("request")
    return slots.nav(area, request) if request is not None else []


@register.simple_tag
def idempotency_field() -> SafeString:
    """A fresh hidden key, so that a form sent twice is done once (`kernel.idempotency.once`)."""
    return format_html('<input type="hidden" name="idempotency_key" value="{}">', new_public_id())


class FilledNode(template.Node):
    """Draws its element only when something stands in it."""

    def __init__(self, nodelist: template.NodeList, element: str, css: str) -> None:
        self.nodelist, self.element, self.css = nodelist, element, css

    def render(self, context: Context) -> SafeString:
        inside = self.nodelist.render(context).strip()
        if not inside:
            return SafeString("")
        attribute = format_html(' class="{}"', self.css) if self.css else ""
        return mark_safe(f"<{self.element}{attribute}>{inside}</{self.element}>")  # noqa: S308 - rendered template


@register.tag
def filled(parser: Parser, token: Token) -> FilledNode:
    """{% filled "h1" %}{% block heading %}{% endblock %}{% endfilled %}: no empty element where a page leaves the block
    out. The second argument is a class."""
    _tag, element, *css = token.split_contents()
    nodelist = parser.parse(("endfilled",))
    parser.delete_first_token()
    return FilledNode(nodelist, element.strip("\"'"), " ".join(word.strip("\"'") for word in css))
