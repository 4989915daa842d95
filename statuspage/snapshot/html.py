"""The pages people read, drawn from one `View`, in every language of the settings.

The default language stands at `/status/…`, every other one at `/status/<code>/…`. What is over is drawn once and kept:
a publication must not pay for the past.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe

from statuspage.enums import ComponentStatus
from statuspage.rules import history as rules
from statuspage.rules.bars import HEIGHT, bars, line
from statuspage.rules.derive import WINDOW_DAYS, ComponentView, IncidentView, View

NEWEST_MONTHS = 3
KEPT_MAX = 1_000
PARTS_MAX = 600
HOURS_MIN = 3  # fewer points make no line
FRONT_MAX = 50_000  # bytes
OPEN_MAX = 12  # so many components are shown unfolded; of more, only groups with trouble

_kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: its language, and its address below that language's root ("history/2026-10/")."""

    language: str
    path: str = ""

    @property
    def base(self) -> str:
        return "/status/" if self.language == settings.LANGUAGE_CODE else f"/status/{self.language}/"

    @property
    def url(self) -> str:
        return self.base + self.path

    @property
    def file(self) -> str:
        return f"{self.url[1:]}index.html"


def languages() -> list[str]:
    return [code for code, _name in settings.LANGUAGES]


def files(view: View) -> Iterator[tuple[str, bytes]]:
    """Path → page of all that a snapshot holds."""
    since = view.as_of - timedelta(days=WINDOW_DAYS)
    events = [row for row in view.past if row.active or row.starts_at >= since]
    for code in languages():
        yield Place(code).file, page(view, code)
        yield Place(code, "uptime/").file, uptime(view, code)
        yield Place(code, "embed/").file, embed(view, code)
        yield Place(code, "history/").file, history(view, code)
        for month in rules.months(view):
            yield Place(code, f"history/{month.key}/").file, history_of(view, month, code)
        for row in (*events, *view.upcoming):
            yield Place(code, f"incidents/{row.facts.id}/").file, incident(view, row, code)


def page(view: View, language: str = settings.LANGUAGE_CODE) -> bytes:
    """The front page. One that grew too long for a phone in a cellar is drawn briefly: of each event the newest
    message, of each part its state; the rest stands a link away."""
    whole = _front(view, language, brief=False)
    return whole if len(whole) <= FRONT_MAX else _front(view, language, brief=True)


def _front(view: View, language: str, *, brief: bool) -> bytes:
    many = len(view.facts.components) > OPEN_MAX
    groups = [
        {
            "group": group,
            "parts": _parts("brief" if brief else "component", language, ((row, ()) for row in group.shown)),
            "open": not many or group.tone != "ok",
        }
        for group in view.groups
        if group.shown
    ]
    lately = sorted((*view.recent, *view.done), key=lambda row: row.starts_at, reverse=True)
    context = {"groups": groups, "lately": lately, "detours": _detours(view, view.affected), "brief": brief}
    return _html("page", view, Place(language), context)


def uptime(view: View, language: str = settings.LANGUAGE_CODE) -> bytes:
    """Uptime by month, with the formula."""
    rows = ((row, rules.months_of(row.facts, view)) for row in view.components)
    return _html("uptime", view, Place(language, "uptime/"), {"parts": _parts("uptime", language, rows)})


def history(view: View, language: str = settings.LANGUAGE_CODE) -> bytes:
    """The newest months, and the way to all others."""
    known = rules.months(view)
    context = {"months": known[:NEWEST_MONTHS], "others": known[NEWEST_MONTHS:], "alone": False}
    return _keep("history", view, Place(language, "history/"), context, repr(known[:NEWEST_MONTHS]))


def history_of(view: View, month: rules.Month, language: str = settings.LANGUAGE_CODE) -> bytes:
    """One month, with the ones before and after it."""
    later = rules.step(month.first, 1)
    context = {
        "months": [month],
        "alone": True,
        "month": month,
        "earlier": rules.Month(rules.step(month.first, -1)) if month.first > _first_month(view) else None,
        "later": rules.Month(later) if later <= rules.this_month(view) else None,
    }
    keys = [repr(month), repr(context["earlier"]), repr(context["later"])]
    return _keep("history", view, Place(language, f"history/{month.key}/"), context, *keys)


def incident(view: View, row: IncidentView, language: str = settings.LANGUAGE_CODE) -> bytes:
    """An incident, or a maintenance, alone."""
    touched = set(row.facts.component_ids)
    context = {
        "incident": row,
        "detours": _detours(view, [one for one in view.affected if row.active and one.facts.id in touched]),
    }
    place = Place(language, f"incidents/{row.facts.id}/")
    template = "maintenance" if row.is_maintenance else "incident"
    if not row.is_over:
        return _html(template, view, place, context)
    names = repr([component.name for component in row.components])
    return _keep(template, view, place, context, repr(row.facts), names)


def embed(view: View, language: str = settings.LANGUAGE_CODE) -> bytes:
    """How to show our state on other sites."""
    components = [(row.id, row.name) for row in view.facts.components]
    context = {"root": view.facts.page.url.removesuffix("status/").removesuffix("/"), "components": components}
    return _keep("embed", view, Place(language, "embed/"), context, repr(components))


def _first_month(view: View) -> date:
    """The month in which we began to watch: nothing is older."""
    tz = ZoneInfo(view.facts.page.time_zone)
    begun = [row.start_date for row in view.facts.components if row.start_date is not None]
    told = [row.starts_at.astimezone(tz).date() for row in view.past]
    return min([*begun, *told, rules.this_month(view)]).replace(day=1)


def _detours(view: View, affected: Any) -> list[ComponentView]:
    return [row for row in affected if row.ways]


def _parts(
    template: str, language: str, rows: Iterable[tuple[ComponentView, tuple[rules.MonthOfComponent, ...]]]
) -> SafeString:
    return mark_safe("".join(_part(template, language, member, months) for member, months in rows))  # noqa: S308


@lru_cache(maxsize=PARTS_MAX)
def _part(
    template: str, language: str, member: ComponentView, months: tuple[rules.MonthOfComponent, ...]
) -> SafeString:
    """One component. Most of them are as they were at the last publication, and bars are what costs most."""
    with translation.override(language):
        return render_to_string(f"statuspage/parts/{template}.html", {"row": _row(member) | {"months": months}})


def _row(member: ComponentView) -> dict[str, Any]:
    eventful = [
        (day, ComponentStatus(day.status)) for day in reversed(member.days) if day.status and not day.uneventful
    ]
    answered = [hour.milliseconds for hour in member.facts.hours if hour.milliseconds is not None]
    return {
        "component": member,
        "bars": bars(member.days),
        "height": HEIGHT,
        "days": [
            {
                "date": day.date,
                "label": status.label,
                "partial": day.partial_seconds // 60,
                "major": day.major_seconds // 60,
            }
            for day, status in eventful
        ],
        "quiet": len(member.days) - len(eventful),
        "line": line([hour.milliseconds for hour in member.facts.hours]) if len(answered) >= HOURS_MIN else None,
        "fastest": min(answered, default=None),
        "slowest": max(answered, default=None),
        "newest": answered[-1] if answered else None,
    }


def _keep(template: str, view: View, place: Place, context: dict[str, Any], *contents: str) -> bytes:
    """Draw what does not change any more once. `contents` is all that its words depend on, beside the page's name."""
    page = view.facts.page
    key = (template, place.url, page.name, page.url, page.time_zone, repr(settings.LANGUAGES), *contents)
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key]
    _kept[key] = body = _html(template, view, place, context | {"settled": True})
    while len(_kept) > KEPT_MAX:
        _kept.popitem(last=False)
    return body


def _html(template: str, view: View, place: Place, context: dict[str, Any]) -> bytes:
    alternates = [(code, name, Place(code, place.path).url) for code, name in settings.LANGUAGES]
    with translation.override(place.language), timezone.override(view.facts.page.time_zone):
        text = render_to_string(
            f"statuspage/{template}.html",
            {
                "view": view,
                "page": view.facts.page,
                "place": place,
                "base": place.base,
                "alternates": alternates,
                "subscribe": "/status/subscribe/" + ("" if place.base == "/status/" else f"?language={place.language}"),
                **context,
            },
            request=_nobody(place.url),
        )
    return text.encode()


def _nobody(path: str) -> HttpRequest:
    """A request of nobody in particular: what is rendered is for everybody."""
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    request.META = {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "REQUEST_METHOD": "GET"}
    request.staff = request.patient = None  # type: ignore[attr-defined]
    return request
