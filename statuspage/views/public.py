"""The public page, live from the database: what answers while no snapshot was ever written, and for old incidents.

Normally `statuspage.snapshot_asgi` answers first and nothing of this runs.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal_core.directory.guards import public_page
from statuspage import queries
from statuspage.errors import IncidentNotFound
from statuspage.rules.derive import derive_incident
from statuspage.snapshot import render
from statuspage.views.now import view_now


@require_safe
@public_page
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render.page(view_now()), content_type=render.HTML)


@require_safe
@public_page
def history(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render.history(view_now()), content_type=render.HTML)


@require_safe
@public_page
def incident(request: HttpRequest, incident_id: str) -> HttpResponse:
    view = view_now()
    known = next((row for row in view.incidents if row.facts.id == incident_id), None)
    if known is None:
        facts = queries.incident_facts(incident_id)
        if facts is None:
            raise IncidentNotFound
        known = derive_incident(facts, view.facts, now=view.as_of)
    return HttpResponse(render.incident(view, known), content_type=render.HTML)
