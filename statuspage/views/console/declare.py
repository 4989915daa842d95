"""Declaring an incident in seconds (SP-02): by keyboard alone, with everything it will show beside it."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from statuspage.enums import EventKind
from statuspage.queries import authoring
from statuspage.views.console import composing, frame, presences, sending


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def declare(request: StaffRequest) -> HttpResponse:
    return new_event(request, EventKind.INCIDENT, "declare")


def new_event(request: StaffRequest, kind: str, template: str) -> HttpResponse:
    """The composer of a new event of either kind."""
    context: dict[str, object] = {}
    status = 200
    if request.method == "POST":
        composition = composing.compose(request, kind=kind, data=request.POST)
        if request.POST.get("do") == "template":
            composition, context = filled(request, composition)
        else:
            answer, context, status = sending.send(composition)
            if answer is not None:
                return answer
    else:
        initial, context = sending.restored(request, kind=kind, event=None)
        composition = composing.compose(request, kind=kind, initial=initial)
    focus = "template" if not composition.form.is_bound and "draft" not in context else ""
    shared = {"form": composition.form, "kind": kind, "zone": composition.zone, "prepared": authoring.templates(kind)}
    here = presences.here(request, "plan" if kind == EventKind.MAINTENANCE else "new")
    return frame.page(request, template, {"first_focus": focus, **here, **shared, **context}, status=status)


def filled(
    request: StaffRequest, composition: composing.Composition
) -> tuple[composing.Composition, dict[str, object]]:
    """The composer with a template's words in it, and a preview if it is whole already."""
    composition.form.is_valid()
    found = sending.prepared(composition)
    if not found:
        only = {name: errors for name, errors in composition.form.errors.items() if name == "template"}
        composition.form.errors.clear()
        composition.form.errors.update(only)
        return composition, {}
    data = found["data"]
    fresh = composing.compose(request, kind=composition.kind, event=composition.event, data=data)
    context: dict[str, object] = {"template": found["template"], "just_filled": True}
    if fresh.form.is_valid():
        context |= sending.looked(fresh)
    else:
        fresh.form.errors.clear()  # nothing was sent yet: what is still missing is no mistake
    return fresh, context
