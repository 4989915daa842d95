"""Planned work: the list, planning it, moving it, calling it off, and saying how it goes."""

import contextlib
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import Conflict, Invalid
from portal_core.kernel.ids import new_public_id
from statuspage import queries
from statuspage.actions import drafts, maintenances, overriding, series
from statuspage.enums import OVER, UNDERWAY, UPCOMING, EventKind, MaintenanceStatus
from statuspage.errors import DraftClosed
from statuspage.forms.honesty import HonestForm
from statuspage.forms.maintenances import CancelForm, RescheduleForm, ScheduleForm
from statuspage.forms.moments import place
from statuspage.models import Incident
from statuspage.queries import authoring, desk
from statuspage.queries.lint import Verdict
from statuspage.views.console import composing, frame
from statuspage.views.console.declare import new_event
from statuspage.views.console.incidents import event_page

PAST = 30


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def index(request: StaffRequest) -> HttpResponse:
    """Under way, upcoming (the next one first), past, and what comes back."""
    rows = queries.maintenances(limit=200)
    context = {
        "underway": [row for row in rows if row.status in UNDERWAY],
        "upcoming": [row for row in reversed(rows) if row.status in UPCOMING],
        "past": [row for row in rows if row.status in OVER][:PAST],
        "series": authoring.series(),
        "zone": desk.page_zone(),
        "place": "now",
    }
    return frame.page(request, "maintenances", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def schedule(request: StaffRequest) -> HttpResponse:
    """Plan work. What repeats becomes a series; its occurrences are made ahead."""
    if request.method == "POST" and request.POST.get("repeat") and request.POST.get("do", "publish") == "publish":
        return _repeating(request)
    return new_event(request, EventKind.MAINTENANCE, "schedule")


def _repeating(request: StaffRequest) -> HttpResponse:
    composition = composing.compose(request, kind=EventKind.MAINTENANCE, data=request.POST)
    form = composition.form
    assert isinstance(form, ScheduleForm)
    verdict = Verdict()
    if form.is_valid():
        verdict = composing.judge(composition)
        if verdict.blocked:
            form.add_error("lint_reason", "Change the text, or say why it should go out as it is.")
    status = 422
    if form.is_valid() and not form.errors:
        try:
            _create_series(composition, verdict)
        except (Invalid, Conflict) as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
        else:
            messages.success(request, "Planned. The next weeks are on the page.")
            return redirect("statuspage:console-maintenances")
    context = {
        "form": form, "kind": composition.kind, "zone": composition.zone, "findings": verdict.findings,
        "blocked": verdict.blocked, "prepared": authoring.templates(composition.kind),
    }  # fmt: skip
    return frame.page(request, "schedule", context, status=status)


@transaction.atomic
def _create_series(composition: composing.Composition, verdict: Verdict) -> None:
    form, by = composition.form, composition.request.actor
    assert isinstance(form, ScheduleForm)
    values = form.cleaned_data
    series_id = series.create(
        name=values["name"], body=values["body"], rule=form.rule(composition.zone), first_at=values["scheduled_for"],
        minutes=form.minutes(), component_ids=values["components"], component_status=values["component_status"],
        reminders=[int(row) for row in values["reminders"]], silent=values["silent"], by=by,
        key=composition.request.POST.get("idempotency_key", "") or new_public_id(),
    )  # fmt: skip
    overriding.note(series_id=series_id, codes=verdict.codes, reason=values["lint_reason"], by=by)
    if composition.draft_id:
        with contextlib.suppress(DraftClosed):  # pressed twice
            drafts.discard(draft_id=composition.draft_id, by=by)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def maintenance(request: StaffRequest, incident_id: str) -> HttpResponse:
    summary = queries.incident(incident_id)
    if summary.kind != EventKind.MAINTENANCE:
        return redirect("statuspage:console-incident", incident_id=incident_id)
    return event_page(request, incident_id, "maintenance")


@require_POST
@staff_page(Permission.STATUS_PUBLISH)
def step(request: StaffRequest, incident_id: str) -> HttpResponse:
    """One press: begin it now, or say that it is done, in prepared words."""
    words = {
        "in_progress": (MaintenanceStatus.IN_PROGRESS, "The work has begun."),
        "completed": (MaintenanceStatus.COMPLETED, "The work is done. Everything should work as usual."),
    }
    status, body = words.get(request.POST.get("to", ""), ("", ""))
    if not status:
        raise Invalid
    maintenances.post_update(
        incident_id=incident_id, status=status, body=body, seen=request.POST.get("seen", ""),
        key=request.POST.get("idempotency_key", ""), by=request.actor,
    )  # fmt: skip
    messages.success(request, "Published. Subscribers are being told.")
    return redirect("statuspage:console-maintenance", incident_id=incident_id)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def reschedule(request: StaffRequest, incident_id: str) -> HttpResponse:
    """Move it to another time; subscribers and calendars hear of it."""
    row = desk.event_row(incident_id)
    form = RescheduleForm(
        request.POST if request.method == "POST" else None,
        initial={"scheduled_for": row.scheduled_for, "length": "", "scheduled_until": row.scheduled_until},
    )
    place(form, desk.page_zone())

    def deed(values: dict[str, Any], key: str) -> None:
        maintenances.reschedule(
            incident_id=incident_id, scheduled_for=values["scheduled_for"], scheduled_until=values["scheduled_until"],
            body=values["body"], by=request.actor, key=key,
        )  # fmt: skip

    return _ask(
        request, form, deed, row, status=row.status, title="Move to another time", go="Move and tell subscribers"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def cancel(request: StaffRequest, incident_id: str) -> HttpResponse:
    """It does not take place; subscribers and calendars hear of it."""
    form = CancelForm(request.POST if request.method == "POST" else None)

    def deed(values: dict[str, Any], key: str) -> None:
        maintenances.cancel(incident_id=incident_id, body=values["body"], by=request.actor, key=key)

    row, over = desk.event_row(incident_id), MaintenanceStatus.COMPLETED
    return _ask(request, form, deed, row, status=over, title="Call it off", go="Call off and tell subscribers")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def end_series(request: StaffRequest, series_id: str) -> HttpResponse:
    """It does not come back; what has not begun is called off."""
    row = authoring.one_series(series_id)
    form = CancelForm(
        request.POST if request.method == "POST" else None, initial={"body": "This work will not come back."}
    )
    status, said = 200, Verdict()
    if request.method == "POST":
        status = 422
        if form.is_valid():
            body = form.cleaned_data["body"]
            said = form.look(body, kind=EventKind.MAINTENANCE, status=MaintenanceStatus.COMPLETED)
        if form.is_valid():
            try:
                with transaction.atomic():
                    count = series.end(series_id=series_id, body=body, by=request.actor)
                    overriding.note(series_id=series_id, codes=said.codes, reason=said.reason, by=request.actor)
            except (Invalid, Conflict) as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
            else:
                messages.success(request, f"Ended. Dates called off: {count}.")
                return redirect("statuspage:console-maintenances")
    back = "statuspage:console-maintenances"
    context = {
        "form": form, "title": f"End “{row.name}”", "go": "End and tell subscribers", "back": back,
        "findings": said.findings, "blocked": said.blocked,
    }  # fmt: skip
    return frame.page(request, "ask", context, status=status)


def _ask(
    request: StaffRequest,
    form: HonestForm,
    deed: Callable[[dict[str, Any], str], None],
    row: Incident,
    *,
    status: str,
    title: str,
    go: str,
) -> HttpResponse:
    """Ask for the words, and what else the form holds; `status` is what the event then says of itself."""
    incident_id = row.public_id
    code, said = 200, Verdict()
    if request.method == "POST":
        code = 422
        if form.is_valid():
            body = form.cleaned_data["body"]
            said = form.look(body, kind=row.kind, status=status, incident_id=incident_id)
        if form.is_valid():
            try:
                with transaction.atomic():
                    deed(form.cleaned_data, request.POST.get("idempotency_key", "") or new_public_id())
                    overriding.note(incident_id=incident_id, codes=said.codes, reason=said.reason, by=request.actor)
            except (Invalid, Conflict) as refusal:
                form.add_error(None, str(refusal))
                code = refusal.status
            else:
                messages.success(request, "Published. Subscribers are being told.")
                return redirect("statuspage:console-maintenance", incident_id=incident_id)
    context = {
        "form": form, "title": title, "go": go, "event": row, "back_event": incident_id, "findings": said.findings,
        "blocked": said.blocked,
    }  # fmt: skip
    return frame.page(request, "ask", context, status=code)
