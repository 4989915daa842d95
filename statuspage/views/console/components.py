"""Components and groups: what the page is made of."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import Conflict, Invalid, NotFound
from statuspage.actions import components
from statuspage.enums import ComponentStatus
from statuspage.forms.composing import StateForm
from statuspage.forms.structure import ComponentForm, GroupForm
from statuspage.models import Component
from statuspage.queries import authoring, desk
from statuspage.views.console import frame


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def index(request: StaffRequest) -> HttpResponse:
    context = {
        "groups": desk.groups(), "ungrouped": desk.ungrouped(), "retired": desk.retired(),
        "statuses": ComponentStatus.choices,
    }  # fmt: skip
    return frame.page(request, "components", context)


@require_POST
@staff_page(Permission.STATUS_PUBLISH)
def set_state(request: StaffRequest, component_id: str) -> HttpResponse:
    """Set one part's state by hand."""
    form = StateForm(request.POST)
    if not form.is_valid():
        raise Invalid
    row = components.set_state(component_id=component_id, status=form.cleaned_data["status"], by=request.actor)
    messages.success(request, f"{row.name}: {row.label}.")
    return redirect("statuspage:console" if request.POST.get("back") == "now" else "statuspage:console-components")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def component(request: StaffRequest, component_id: str = "") -> HttpResponse:
    """A new component, or changing a known one."""
    row = _known(component_id) if component_id else None
    initial = (
        {
            "name": row.name, "description": row.description, "start_date": row.start_date, "showcase": row.showcase,
            "clinical_priority": row.clinical_priority, "only_show_if_degraded": row.only_show_if_degraded,
            "group_id": row.group.public_id if row.group is not None else "",
        }
        if row is not None
        else {}
    )  # fmt: skip
    groups = [(group.public_id, group.name) for group in authoring.groups()]
    form = ComponentForm(request.POST if request.method == "POST" else None, groups=groups, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _save(request, form, row)
            except Invalid as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, "Kept. The page shows it.")
                return redirect("statuspage:console-components")
    return frame.page(request, "component", {"form": form, "row": row}, status=status)


def _save(request: StaffRequest, form: ComponentForm, row: Component | None) -> None:
    values = dict(form.cleaned_data)
    group_id, start_date = values.pop("group_id"), values.pop("start_date")
    if row is None:
        made = components.create(**values, group_id=group_id, by=request.actor)
        if start_date:
            components.edit(component_id=made.id, **values, start_date=start_date, by=request.actor)
        return
    components.edit(component_id=row.public_id, **values, start_date=start_date, by=request.actor)
    if group_id != (row.group.public_id if row.group is not None else ""):
        components.move(component_id=row.public_id, group_id=group_id, position=1000, by=request.actor)


@require_POST
@staff_page(Permission.STATUS_PUBLISH)
def move(request: StaffRequest, component_id: str) -> HttpResponse:
    """One place up or down in its group."""
    row = _known(component_id)
    peers = [peer.public_id for peer in _peers(row)]
    position = peers.index(row.public_id) + 1 + _step(request)
    components.move(
        component_id=component_id, group_id=row.group.public_id if row.group is not None else "",
        position=max(position, 1), by=request.actor,
    )  # fmt: skip
    return redirect("statuspage:console-components")


@require_http_methods(["POST"])
@staff_page(Permission.STATUS_PUBLISH)
def retire(request: StaffRequest, component_id: str) -> HttpResponse:
    """Off the page; past incidents keep its name."""
    _known(component_id)
    try:
        components.retire(component_id=component_id, by=request.actor)
    except Conflict as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Retired. Past incidents keep its name.")
    return redirect("statuspage:console-components")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def group(request: StaffRequest, group_id: str = "") -> HttpResponse:
    row = desk.group_row(group_id) if group_id else None
    if group_id and row is None:
        raise NotFound
    initial = {"name": row.name, "description": row.description} if row is not None else {}
    form = GroupForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if request.POST.get("do") == "remove" and row is not None:
            components.remove_group(group_id=group_id, by=request.actor)
            messages.success(request, "Removed. Its components stay, outside any group.")
            return redirect("statuspage:console-components")
        if form.is_valid():
            try:
                if row is None:
                    components.create_group(**form.cleaned_data, by=request.actor)
                else:
                    components.edit_group(group_id=group_id, **form.cleaned_data, by=request.actor)
            except Invalid as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, "Kept.")
                return redirect("statuspage:console-components")
    return frame.page(request, "group", {"form": form, "row": row}, status=status)


@require_POST
@staff_page(Permission.STATUS_PUBLISH)
def move_group(request: StaffRequest, group_id: str) -> HttpResponse:
    ids = [row.public_id for row in authoring.groups()]
    if group_id not in ids:
        raise NotFound
    components.move_group(
        group_id=group_id, position=max(ids.index(group_id) + 1 + _step(request), 1), by=request.actor
    )  # fmt: skip
    return redirect("statuspage:console-components")


def _known(component_id: str) -> Component:
    row = desk.component_row(component_id)
    if row is None or row.retired_at is not None:
        raise NotFound
    return row


def _peers(row: Component) -> list[Component]:
    if row.group is None:
        return desk.ungrouped()
    return next(list(group.components.all()) for group in desk.groups() if group.pk == row.group_id)


def _step(request: StaffRequest) -> int:
    step = {"up": -1, "down": 1}.get(request.POST.get("to", ""))
    if step is None:
        raise Invalid
    return step
