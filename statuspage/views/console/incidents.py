"""The operators' console: declare, say more, resolve, set a component by hand."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import Conflict, Invalid
from portal_core.kernel.ids import new_public_id
from statuspage import queries
from statuspage.actions import components, incidents
from statuspage.enums import ComponentStatus
from statuspage.forms import DeclareForm, StateForm, UpdateForm


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def console(request: StaffRequest) -> HttpResponse:
    """What is open, all parts with their state, and the form to declare."""
    form = DeclareForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            summary = incidents.declare(
                name=form.cleaned_data["name"],
                body=form.cleaned_data["body"],
                components=form.chosen(),
                status=form.cleaned_data["status"],
                impact_override=form.cleaned_data["impact_override"],
                by=request.actor,
                key=request.POST.get("idempotency_key", "") or new_public_id(),
            )
        except Invalid as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Published. Subscribers are being told.")
            return redirect("statuspage:console-incident", incident_id=summary.id)
    recent = queries.recent_incidents(limit=10)
    return render(
        request,
        "statuspage/console.html",
        {
            "form": form,
            "components": queries.components(),
            "statuses": ComponentStatus.choices,
            "active": queries.active_incidents(),
            "recent": [row for row in recent if row.resolved_at is not None],
        },
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def incident(request: StaffRequest, incident_id: str) -> HttpResponse:
    """One incident: its story so far, and the form for the next message."""
    summary = queries.incident(incident_id)
    form = UpdateForm(
        request.POST if request.method == "POST" else None,
        initial={"status": summary.status, "seen": summary.update_id},
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            incidents.post_update(
                incident_id=incident_id,
                status=form.cleaned_data["status"],
                body=form.cleaned_data["body"],
                components=form.chosen(),
                by=request.actor,
                seen=form.cleaned_data["seen"],
                key=request.POST.get("idempotency_key", ""),
            )
        except (Invalid, Conflict) as refusal:
            # What was typed stays; what the author had seen is brought up to date, so that a second press is informed.
            summary = queries.incident(incident_id)
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["seen"] = summary.update_id  # type: ignore[index]
            form.add_error(None, str(refusal))
            status = refusal.status
        else:
            messages.success(request, "Published. Subscribers are being told.")
            return redirect("statuspage:console-incident", incident_id=incident_id)
    return render(
        request,
        "statuspage/console_incident.html",
        {"form": form, "incident": summary, "updates": queries.updates_of(incident_id)},
        status=status if status != 200 else (422 if form.errors else 200),
    )


@require_POST
@staff_page(Permission.STATUS_PUBLISH)
def component(request: StaffRequest, component_id: str) -> HttpResponse:
    """Set one part's state by hand."""
    form = StateForm(request.POST)
    if not form.is_valid():
        raise Invalid
    row = components.set_state(component_id=component_id, status=form.cleaned_data["status"], by=request.actor)
    messages.success(request, f"{row.name}: {row.label}.")
    return redirect("statuspage:console")
