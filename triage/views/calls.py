"""The phone log: a call becomes a ticket in half a minute, by keyboard (HD-10, HD-13)."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from helpdesk.actions import tickets
from helpdesk.contracts import Intake
from helpdesk.enums import Category, Channel, RequesterKind
from portal_core.directory.access import note_list_read, patient_for
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.queries import search_patients
from portal_core.kernel import idempotency
from triage import forms
from triage.views.office_page import in_practice_time

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

FOUND = 6


@require_http_methods(["GET", "POST"])
@staff_page(Permission.OFFICE_DESK)
@in_practice_time
def new(request: StaffRequest) -> HttpResponse:
    """GET: the empty form. POST "find": look the patient up, keep the rest. POST "log": make the ticket and open it."""
    staff = request.staff
    offices = staff.offices_for(Permission.OFFICE_DESK)
    form = forms.CallForm(staff, offices, request.POST or None, initial={"category": Category.LOGIN_PWD})
    found: list[Patient] = []
    looked = False
    if request.method == "POST" and request.POST.get("do") == "find":
        form.is_valid()
        text = str(form.cleaned_data.get("q", ""))
        looked = bool(text.strip())
        if looked:
            rows = search_patients(staff, text).select_related("home_office")
            found = list(rows.order_by("last_name", "first_name", "pk")[:FOUND])
            note_list_read(staff, shown=len(found), searched=True)
        page = {"form": forms.CallForm(staff, offices, initial=_typed(request)), "found": found, "looked": looked}
        return render(request, "triage/call.html", {**page, "picked": request.POST.get("patient", "")})
    if request.method == "POST" and form.is_valid():
        return redirect("triage:office-ticket", _log(request, form))
    context = {"form": form, "found": found, "picked": request.POST.get("patient", "")}
    return render(request, "triage/call.html", context, status=422 if form.is_bound else 200)


def _typed(request: StaffRequest) -> dict[str, str]:
    return {name: str(request.POST.get(name, "")) for name in forms.CallForm.base_fields}


def _log(request: StaffRequest, form: forms.CallForm) -> str:
    got, staff = form.cleaned_data, request.staff
    patient = None
    if request.POST.get("patient"):
        patient = patient_for(staff, request.POST["patient"], to=Permission.PATIENT_READ)
    intake = Intake(
        requester_kind=RequesterKind.PATIENT,
        category=Category(got["category"]),
        channel=Channel.PHONE,
        body=got["body"],
        name=got["name"] or (patient.name if patient is not None else ""),
        phone=got["phone"],
        error_text=got["error_text"],
        device={"browser": got["device"]} if got["device"] else {},
    )

    def deed() -> str:
        ticket = tickets.log_call(
            intake=intake,
            office=patient.home_office if patient is not None else form.offices[got["office"]],
            staff=staff,
            patient=patient,
            call_seconds=got["call_seconds"],
            by=request.actor,
        )
        public_id: str = ticket.public_id
        return public_id

    public_id = idempotency.once(f"triage.call:{staff.public_id}", request.POST.get("idempotency_key", ""), deed)
    messages.success(request, _("Logged."))
    return public_id
