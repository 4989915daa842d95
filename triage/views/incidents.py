"""Incidents as the console sees them: declared from flags, updated, resolved."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from helpdesk.enums import Category
from helpdesk.queries import still_broken_after
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from portal_core.kernel.errors import AppError, NotFound
from statuspage.actions import overriding
from statuspage.contracts import IncidentSummary
from statuspage.enums import ComponentStatus, IncidentStatus
from statuspage.queries import active_incidents, components, incident
from statuspage.queries.lint import Verdict
from triage import console, forms, queries
from triage.actions import incidents
from triage.rules.components import NAMES
from triage.views.office_page import in_practice_time

it_staff = staff_page(Permission.IT_DESK)
FIRST_MESSAGE = (
    "We are looking into this. Your care goes on: call your office if you need something today. "
    "We write again within 30 minutes."
)

SAME = "This turned out to be part of another problem that we are working on. Please follow that one."
AGAIN = (
    "We thought this was fixed, and some of you tell us that it is not. We are looking into it again. "
    "Your care goes on: call your office if you need something today. We write again within 30 minutes."
)


@require_http_methods(["GET", "POST"])
@it_staff
@in_practice_time
def new(request: StaffRequest) -> HttpResponse:
    """Declare from the flags named in `from` (public ids, comma separated), prefilled from what they have in common."""
    source = request.POST if request.method == "POST" else request.GET
    wanted = [part for part in source.get("from", "").split(",") if part][:200]
    flags = console.flags_named(request.staff, wanted)
    known, again = components(), source.get("again", "")[:20]
    before = incident(again) if again else None  # 404 for one that never was
    broken = len(still_broken_after(request.staff.practice_id, again))
    form = forms.DeclareForm(known, request.POST or None, initial=_suggest(flags, known, before))
    error: AppError | None = None
    said = Verdict()
    if request.method == "POST" and form.is_valid():
        got = form.cleaned_data
        touched = {got["component"]: got["status"]}
        said = form.look(name=got["name"], components=touched)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                summary = incidents.declare_from_flags(
                    escalation_ids=wanted,
                    name=got["name"],
                    body=got["body"],
                    components=touched,
                    staff=request.staff,
                    by=request.actor,
                    key=request.POST.get("idempotency_key", ""),
                    again=again,
                )
                _overridden(request, summary.id, said)
        except AppError as refused:
            error = refused
        else:
            messages.success(request, _("Published. Subscribers are being told."))
            return redirect("triage:it-incident", summary.id)
    context = {
        "form": form,
        "flags": flags,
        "wanted": ",".join(wanted),
        "again": again,
        "broken": broken,
        "offices": sorted({row.office.name for row in flags}),
        "error": error,
        "findings": said.findings,
        "blocked": said.blocked,
    }
    status = error.status if error is not None else 422 if form.is_bound and form.errors else 200
    return render(request, "triage/incident_new.html", context, status=status)


def _suggest(flags: list[Any], known: list[Any], before: IncidentSummary | None) -> dict[str, str]:
    if before is not None:
        component = next(iter(before.component_ids), "")
        return {"name": before.name, "component": component, "status": ComponentStatus.PARTIAL_OUTAGE, "body": AGAIN}
    category = flags[0].category if flags else ""
    return {
        "name": NAMES.get(Category(category), "") if category else "",
        "component": queries.component_for(category, known),
        "status": ComponentStatus.PARTIAL_OUTAGE,
        "body": FIRST_MESSAGE,
    }


@require_GET
@it_staff
@in_practice_time
def detail(request: StaffRequest, incident_id: str) -> HttpResponse:
    return _page(request, incident_id)


@require_POST
@it_staff
@in_practice_time
def update(request: StaffRequest, incident_id: str) -> HttpResponse:
    form, said = forms.UpdateForm(request.POST), Verdict()
    if form.is_valid():
        said = form.look(status=form.cleaned_data["status"], incident_id=incident_id)
    if not form.is_valid():
        return _page(request, incident_id, update_form=form, said=said)
    try:
        with transaction.atomic():
            incidents.post_update(
                incident_id=incident_id,
                status=form.cleaned_data["status"],
                body=form.cleaned_data["body"],
                components={},
                seen=request.POST.get("seen", ""),
                key=request.POST.get("idempotency_key", ""),
                staff=request.staff,
                by=request.actor,
            )
            _overridden(request, incident_id, said)
    except NotFound:
        raise
    except AppError as error:
        return _page(request, incident_id, error=error, update_form=form, said=said)
    messages.success(request, _("Published."))
    return redirect("triage:it-incident", incident_id)


@require_POST
@it_staff
@in_practice_time
def resolve(request: StaffRequest, incident_id: str) -> HttpResponse:
    form, said = forms.ResolveForm(request.POST), Verdict()
    if form.is_valid():
        said = form.look(status=IncidentStatus.RESOLVED, incident_id=incident_id)
    if not form.is_valid():
        return _page(request, incident_id, resolve_form=form, said=said)
    try:
        with transaction.atomic():
            incidents.resolve(
                incident_id=incident_id,
                body=form.cleaned_data["body"],
                seen=request.POST.get("seen", ""),
                key=request.POST.get("idempotency_key", ""),
                staff=request.staff,
                by=request.actor,
            )
            _overridden(request, incident_id, said)
    except NotFound:
        raise
    except AppError as error:
        return _page(request, incident_id, error=error, resolve_form=form, said=said)
    messages.success(request, _("Resolved. Everybody who waited for it is being asked whether it works again."))
    return redirect("triage:it-incident", incident_id)


@require_POST
@it_staff
@in_practice_time
def merge(request: StaffRequest, incident_id: str) -> HttpResponse:
    """It is part of another incident: what waited for it waits for that one."""
    others = [one for one in active_incidents() if one.id != incident_id]
    form, said = forms.MergeIncidentForm(others, request.POST), Verdict()
    if form.is_valid():
        said = form.look(status=IncidentStatus.RESOLVED, incident_id=incident_id)
    if not form.is_valid():
        return _page(request, incident_id, merge_form=form, said=said)
    try:
        with transaction.atomic():
            into = incidents.merge(
                incident_id=incident_id,
                into=form.cleaned_data["into"],
                body=form.cleaned_data["body"],
                seen=request.POST.get("seen", ""),
                key=request.POST.get("idempotency_key", ""),
                staff=request.staff,
                by=request.actor,
            )
            _overridden(request, incident_id, said)
    except NotFound:
        raise
    except AppError as error:
        return _page(request, incident_id, error=error, merge_form=form, said=said)
    messages.success(request, _("Joined. Everybody who waited waits for “%(name)s” now.") % {"name": into.name})
    return redirect("triage:it-incident", into.id)


def _overridden(request: StaffRequest, incident_id: str, said: Verdict) -> None:
    """What went out in spite of the honesty check is written down."""
    overriding.note(incident_id=incident_id, codes=said.codes, reason=said.reason, by=request.actor)


def _page(
    request: StaffRequest,
    incident_id: str,
    *,
    error: AppError | None = None,
    update_form: forms.UpdateForm | None = None,
    resolve_form: forms.ResolveForm | None = None,
    merge_form: forms.MergeIncidentForm | None = None,
    said: Verdict | None = None,
) -> HttpResponse:
    summary = incident(incident_id)
    over = summary.resolved_at is not None
    others = [one for one in active_incidents() if one.id != incident_id] if not over else []
    context = {
        "now": clock.now(),
        "incident": summary,
        "over": over,
        "linked": queries.tickets_of_incident(request.staff, incident_id),
        "update_form": update_form or forms.UpdateForm(initial={"status": summary.status}),
        "resolve_form": resolve_form
        or forms.ResolveForm(initial={"body": "This is fixed. If it still does not work for you, tell your office."}),
        "resolve_open": resolve_form is not None,
        "others": others,
        "merge_form": merge_form or forms.MergeIncidentForm(others, initial={"body": SAME}),
        "merge_open": merge_form is not None,
        "findings": said.findings if said is not None else (),
        "blocked": said is not None and said.blocked,
        "error": error,
        "typed": (update_form or resolve_form or merge_form) if over else None,
    }
    status = 200
    if error is not None:
        status = 422 if request.headers.get("HX-Request") == "true" else error.status
    elif update_form is not None or resolve_form is not None or merge_form is not None:
        status = 422
    return render(request, "triage/incident.html", context, status=status)
