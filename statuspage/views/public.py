"""The public page, live from the database: what answers while no snapshot was ever written, and for old incidents.

Normally `statuspage.snapshot_asgi` answers first and nothing of this runs.
"""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from portal_core.directory.guards import public_page
from portal_core.kernel import clock
from portal_core.kernel.errors import Unavailable
from statuspage import queries
from statuspage.actions import snapshots
from statuspage.errors import IncidentNotFound
from statuspage.rules.derive import View, derive_incident
from statuspage.snapshot import memory, render


class NotSetUp(Unavailable):
    code = "status_page_not_set_up"
    message = _("The status page has not been set up yet. Ask the people who run this service.")


@require_safe
@public_page
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render.page(_view()), content_type=render.HTML)


@require_safe
@public_page
def history(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render.history(_view()), content_type=render.HTML)


@require_safe
@public_page
def incident(request: HttpRequest, incident_id: str) -> HttpResponse:
    view = _view()
    known = next((row for row in view.incidents if row.facts.id == incident_id), None)
    if known is None:
        facts = queries.incident_facts(incident_id)
        if facts is None:
            raise IncidentNotFound
        known = derive_incident(facts, view.facts, now=view.as_of)
    return HttpResponse(render.incident(view, known), content_type=render.HTML)


@require_safe
@public_page
def document(request: HttpRequest, path: str) -> HttpResponse:
    """An API document or a feed; other sites' scripts may read it."""
    body, content_type = render.machine_files(_view())[path]
    return HttpResponse(body, content_type=content_type, headers={"Access-Control-Allow-Origin": "*"})


def _view() -> View:
    loaded = memory.current()
    view = snapshots.view_at(clock.now(), loaded.snapshot if loaded is not None else 0)
    if view is None:
        raise NotSetUp
    return view
