"""Other ways to get a thing done while its component is affected (SP-05)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import Conflict, Invalid, NotFound
from statuspage.actions import entry_points
from statuspage.forms.structure import EntryPointForm
from statuspage.models import Component
from statuspage.queries import desk
from statuspage.views.console import frame

FIELDS = ("kind", "title", "target", "text", "check_url")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def index(request: StaffRequest, component_id: str) -> HttpResponse:
    """The ways of a component in their order, and one more."""
    component = _component(component_id)
    form = EntryPointForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = _save(request, form, component_id, "")
        if status == 302:
            return redirect("statuspage:console-ways", component_id=component_id)
    rows = desk.entry_points(component_id)
    return frame.page(request, "ways", {"component": component, "rows": rows, "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def point(request: StaffRequest, component_id: str, point_id: str) -> HttpResponse:
    """Change one way, move it, take it off the page."""
    component = _component(component_id)
    rows = desk.entry_points(component_id)
    row = next((row for row in rows if row.public_id == point_id), None)
    if row is None:
        raise NotFound
    done = request.POST.get("do", "save") if request.method == "POST" else ""
    if done == "remove":
        entry_points.remove(entry_point_id=point_id, by=request.actor)
        messages.success(request, "Taken off the page.")
        return redirect("statuspage:console-ways", component_id=component_id)
    if done in ("up", "down"):
        order = _moved([row.public_id for row in rows], point_id, -1 if done == "up" else 1)
        entry_points.reorder(component_id=component_id, entry_point_ids=order, by=request.actor)
        return redirect("statuspage:console-ways", component_id=component_id)
    form = EntryPointForm(request.POST if done else None, initial={name: getattr(row, name) for name in FIELDS})
    status = 200
    if done:
        status = _save(request, form, component_id, point_id)
        if status == 302:
            return redirect("statuspage:console-ways", component_id=component_id)
    return frame.page(request, "way", {"component": component, "row": row, "form": form}, status=status)


def _save(request: StaffRequest, form: EntryPointForm, component_id: str, point_id: str) -> int:
    if not form.is_valid():
        return 422
    try:
        entry_points.save(
            component_id=component_id, entry_point_id=point_id, by=request.actor, **form.cleaned_data
        )  # fmt: skip
    except (Invalid, Conflict) as refusal:
        form.add_error(None, str(refusal))
        return refusal.status
    messages.success(request, "Kept. Readers see it while this component is affected.")
    return 302


def _component(component_id: str) -> Component:
    row = desk.component_row(component_id)
    if row is None or row.retired_at is not None:
        raise NotFound
    return row


def _moved(order: list[str], which: str, step: int) -> list[str]:
    place = order.index(which)
    other = min(max(place + step, 0), len(order) - 1)
    order[place], order[other] = order[other], order[place]
    return order
