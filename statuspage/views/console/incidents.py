"""All incidents, and one of them: its story so far and the form for the next message."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from statuspage import queries
from statuspage.enums import EventKind
from statuspage.queries import authoring, desk
from statuspage.views.console import composing, frame, presences, sending, story
from statuspage.views.console.declare import filled
from statuspage.views.console.now import place_of

PER_PAGE = 25


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def index(request: StaffRequest) -> HttpResponse:
    """Incidents of any state, newest first; `?q=` searches names and messages."""
    text = request.GET.get("q", "").strip()
    page = Paginator(desk.events(EventKind.INCIDENT, text=text), PER_PAGE).get_page(request.GET.get("page"))
    rows = [queries.summarise_incident(row) for row in page.object_list]
    return frame.page(request, "incidents", {"page": page, "rows": rows, "text": text, "place": "now"})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def incident(request: StaffRequest, incident_id: str) -> HttpResponse:
    summary = queries.incident(incident_id)
    if summary.kind != EventKind.INCIDENT:
        return redirect("statuspage:console-maintenance", incident_id=incident_id)
    return event_page(request, incident_id, "incident")


def event_page(request: StaffRequest, event_id: str, template: str) -> HttpResponse:
    """One event of either kind."""
    summary = queries.incident(event_id)
    context: dict[str, object] = {}
    status = 200
    if request.method == "POST":
        composition = composing.compose(request, event=summary, data=request.POST)
        if request.POST.get("do") == "template":
            composition, context = filled(request, composition)
        else:
            answer, context, status = sending.send(composition)
            if answer is not None:
                return answer
        summary = queries.incident(event_id)
    else:
        initial, context = sending.restored(request, kind=summary.kind, event=summary)
        composition = composing.compose(request, event=summary, initial=initial)
    place = place_of(event_id)
    shared = {
        "form": composition.form, "kind": composition.kind, "event_id": event_id, "incident": summary,
        "zone": composition.zone, "prepared": authoring.templates(composition.kind),
        **story.of(event_id, composition.offices, practice_id=request.staff.practice_id),
    }  # fmt: skip
    return frame.page(request, template, {**presences.here(request, place), **shared, **context}, status=status)


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def timeline(request: StaffRequest, incident_id: str) -> HttpResponse:
    """The story alone, for a page that hears of something new."""
    summary = queries.incident(incident_id)
    composition = composing.compose(request, event=summary)
    return frame.part(
        request,
        "story",
        {"incident": summary, **story.of(incident_id, composition.offices, practice_id=request.staff.practice_id)},
    )
