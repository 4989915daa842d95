from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal_core.directory import access, queries
from portal_core.directory.actions import patients as patient_actions
from portal_core.directory.enums import Permission
from portal_core.directory.errors import ContactChanged
from portal_core.directory.forms import PatientContactForm, PatientSearchForm
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.models import Patient
from portal_core.kernel.errors import Conflict


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.PATIENT_READ)
def patient_list(request: StaffRequest) -> HttpResponse:
    """Patients of one's offices. A search comes by POST, so that no name stands in an address or a log."""
    form = PatientSearchForm(request.POST if request.method == "POST" else None)
    text, after = "", ""
    if form.is_bound and form.is_valid():
        text, after = form.cleaned_data["q"], form.cleaned_data["after"]
    page = queries.patients(request.staff, text=text, after=after)
    access.note_list_read(request.staff, shown=len(page.patients), searched=bool(text.strip()))
    part = "#results" if request.headers.get("HX-Request") == "true" else ""
    return render(
        request,
        f"directory/patient_list.html{part}",
        {"form": form, "page": page, "text": text, "continued": bool(after)},
        status=422 if form.errors else 200,
    )


@require_safe
@staff_page(Permission.PATIENT_READ)
def patient_detail(request: StaffRequest, public_id: str) -> HttpResponse:
    """The patient dash (PC-24, PC-75): photo block top left, demographics, and what the rooms above add."""
    patient = access.patient_for(request.staff, public_id, to=Permission.PATIENT_READ)
    request.patient_in_view = patient  # type: ignore[attr-defined]
    may_edit = request.staff.may(Permission.PORTAL_ACCESS, office_id=patient.home_office_id)
    return render(request, "directory/patient_detail.html", {"patient": patient, "may_edit": may_edit})


@require_http_methods(["GET", "POST"])
@staff_page(Permission.PORTAL_ACCESS)
def patient_edit(request: StaffRequest, public_id: str) -> HttpResponse:
    """Demographics and contact data."""
    patient = access.patient_for(request.staff, public_id, to=Permission.PORTAL_ACCESS)
    form = PatientContactForm(request.POST or None, instance=patient)
    if request.method == "POST" and form.is_valid():
        try:
            changed = patient_actions.update_contact(
                patient=patient, values=form.cleaned_data, seen=form.cleaned_data["seen"], by=request.actor
            )
        except ContactChanged as refusal:
            form.compare_with(Patient.objects.get(pk=patient.pk))
            form.add_error(None, str(refusal))
        except Conflict as refusal:  # a room above minds the address that an account hangs on
            form.add_error("email", str(refusal))
        else:
            if changed:
                messages.success(request, _("Saved."))
            return redirect("directory:patient", public_id=public_id)
    if form.errors:
        patient.refresh_from_db()  # the form wrote its rejected values onto the row it was given
    return render(
        request,
        "directory/patient_edit.html",
        {"form": form, "patient": patient, "tab": "basic"},
        status=422 if form.errors else 200,
    )
