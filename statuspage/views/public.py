"""The public page, live from the database: what answers while no snapshot was ever written, and for what is too old.

Normally `statuspage.snapshot_asgi` answers first and nothing of this runs.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal_core.directory.guards import public_page
from statuspage import queries
from statuspage.errors import IncidentNotFound, PublicPageNotFound
from statuspage.rules import history as months
from statuspage.rules.derive import derive_incident
from statuspage.snapshot import html, render
from statuspage.views.now import view_now

LANGUAGE = settings.LANGUAGE_CODE


@require_safe
@public_page
def page(request: HttpRequest, language: str = LANGUAGE) -> HttpResponse:
    return _page(html.page(view_now(), language))


@require_safe
@public_page
def uptime(request: HttpRequest, language: str = LANGUAGE) -> HttpResponse:
    return _page(html.uptime(view_now(), language))


@require_safe
@public_page
def embed(request: HttpRequest, language: str = LANGUAGE) -> HttpResponse:
    return _page(html.embed(view_now(), language))


@require_safe
@public_page
def history(request: HttpRequest, language: str = LANGUAGE) -> HttpResponse:
    return _page(html.history(view_now(), language))


@require_safe
@public_page
def month(request: HttpRequest, month: str, language: str = LANGUAGE) -> HttpResponse:
    """One month, however long ago."""
    first, view = months.parse_month(month), view_now()
    if first is None or first > months.this_month(view):
        raise PublicPageNotFound
    rows = queries.month_facts(*months.bounds(first, view.facts.page.time_zone))
    events = sorted(
        (derive_incident(row, view.facts, now=view.as_of) for row in rows), key=lambda row: row.starts_at, reverse=True
    )
    return _page(html.history_of(view, months.Month(first, tuple(events)), language))


@require_safe
@public_page
def incident(request: HttpRequest, incident_id: str, language: str = LANGUAGE) -> HttpResponse:
    """An incident or a maintenance, however long ago."""
    # Before the whole page is read: guessing ids must stay cheap.
    facts = queries.incident_facts(incident_id)
    if facts is None:
        raise IncidentNotFound
    view = view_now()
    known = next((row for row in (*view.past, *view.upcoming) if row.facts.id == incident_id), None)
    known = known or derive_incident(facts, view.facts, now=view.as_of)
    return _page(html.incident(view, known, language))


@require_safe
@public_page
def picture(request: HttpRequest, path: str = "", component_id: str = "", language: str = LANGUAGE) -> HttpResponse:
    """A badge, or the script for other sites."""
    name = path or f"{html.Place(language).base[1:]}badge/{component_id}.svg"
    found = render.pictures(view_now()).get(name)
    if found is None:
        raise PublicPageNotFound
    return HttpResponse(found[0], content_type=found[1])


@require_safe
@public_page
def moved(request: HttpRequest, to: str, incident_id: str = "") -> HttpResponse:
    """The addresses a page of Statuspage has, for links that people kept: ours stand below /status/."""
    return HttpResponseRedirect(reverse(f"statuspage:{to}", args=[incident_id] if incident_id else []))


def _page(body: bytes) -> HttpResponse:
    return HttpResponse(body, content_type=render.HTML)
