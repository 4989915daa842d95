"""From a `View` to every file of a snapshot. The Django views fall back to the same functions, live."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone, translation

from statuspage.rules.bars import bars
from statuspage.rules.derive import ComponentView, IncidentView, View
from statuspage.snapshot import machine

HTML = "text/html; charset=utf-8"

Files = dict[str, tuple[bytes, str]]


def files(view: View) -> Files:
    """Path → (bytes, content type) of everything that is published."""
    out: Files = {
        "status/index.html": (page(view), HTML),
        "status/history/index.html": (history(view), HTML),
        **machine.files(view),
    }
    for row in (*view.active, *view.recent):
        out[f"status/incidents/{row.facts.id}/index.html"] = (incident(view, row), HTML)
    return out


def page(view: View) -> bytes:
    rows = [(group, [_row(member) for member in group.components]) for group in view.groups]
    return _html("statuspage/page.html", view, "/status/", {"groups": rows})


def history(view: View) -> bytes:
    """Incidents by month, newest first, months of the page's own zone."""
    months: dict[str, list[IncidentView]] = {}
    with timezone.override(view.facts.page.time_zone):
        for row in view.incidents:
            months.setdefault(f"{timezone.localtime(row.facts.started_at):%B %Y}", []).append(row)
    return _html("statuspage/history.html", view, "/status/history/", {"months": list(months.items())})


def incident(view: View, row: IncidentView) -> bytes:
    return _html("statuspage/incident.html", view, f"/status/incidents/{row.facts.id}/", {"incident": row})


def _row(member: ComponentView) -> dict[str, Any]:
    bad = [day for day in member.days if day.partial_seconds or day.major_seconds]
    return {
        "component": member,
        "bars": bars(member.days),
        "bad_days": [
            {"date": day.date, "partial": day.partial_seconds // 60, "major": day.major_seconds // 60}
            for day in reversed(bad)
        ],
    }


def _html(template: str, view: View, path: str, context: dict[str, Any]) -> bytes:
    with translation.override(settings.LANGUAGE_CODE), timezone.override(view.facts.page.time_zone):
        text = render_to_string(
            template,
            {"view": view, "page": view.facts.page, **context},
            request=_nobody(path),
        )
    return text.encode()


def _nobody(path: str) -> HttpRequest:
    """A request of nobody in particular: what is rendered is for everybody."""
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    request.META = {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "REQUEST_METHOD": "GET"}
    request.staff = request.patient = None  # type: ignore[attr-defined]
    return request
