from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.template.loader import render_to_string

from portal_core.access import queries
from portal_core.directory.enums import Permission
from portal_core.kernel import clock

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff


def portal_status_panel(request: HttpRequest, *, patient: "Patient") -> str:
    """The portal status on a patient's page: shape, colour and word, the reasons, and what to do (PC-24 to PC-32)."""
    now = clock.now()
    staff: Staff | None = getattr(request, "staff", None)
    context = {
        "status": queries.portal_status(patient),
        "patient": patient,
        "attempts": queries.last_attempts(patient),
        "deliveries": queries.deliveries(patient, now, limit=3),
        "hold": queries.address_hold(patient, now),
        "may_manage": staff is not None and staff.may(Permission.PORTAL_ACCESS, office_id=patient.home_office_id),
    }
    return render_to_string("access/panel.html", context, request=request)


def photo_status(request: HttpRequest, *, patient: "Patient") -> str:
    """The secure-message icon in the photo block: the status at a glance (PC-24)."""
    context = {"status": queries.portal_status(patient), "patient": patient}
    return render_to_string("access/photo.html", context, request=request)


def tab(request: HttpRequest, *, patient: "Patient", tab: str = "") -> str:
    """The tab at the far right of Patient Information (PC-33)."""
    return render_to_string("access/parts/tab_link.html", {"patient": patient, "tab": tab}, request=request)


def email_note(request: HttpRequest, *, patient: "Patient") -> str:
    """On the form with contact data: where the e-mail address of somebody with portal access is changed (PC-42)."""
    if patient.user_id is None and not queries.portal_status(patient).enabled:
        return ""
    return render_to_string("access/parts/email_note.html", {"patient": patient}, request=request)


def register_link(request: HttpRequest) -> str:
    """On the patients' sign-in page, where a practice takes new patients on the website (PC-36)."""
    return render_to_string("access/parts/register_link.html") if queries.registration_offices().exists() else ""


def add_patient_link(request: HttpRequest) -> str:
    """On the list of patients, for those who may put somebody on file (PC-35)."""
    staff: Staff | None = getattr(request, "staff", None)
    if staff is None or not staff.may(Permission.PORTAL_ACCESS):
        return ""
    return render_to_string("access/parts/add_patient_link.html")


def acting_banner(request: HttpRequest) -> str:
    """On every page of somebody who acts for a patient: whom they are looking at."""
    acting = getattr(request, "acting", None)
    return render_to_string("access/parts/acting.html", {"acting": acting}, request=request) if acting else ""
