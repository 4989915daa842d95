"""The room itself, the same page for both sides; who sits where was decided at the door."""

import contextlib

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import PatientRequest, StaffRequest, for_proxies, patient_page, staff_page
from portal_core.kernel import audit, clock
from telehealth import access, queries
from telehealth.actions import visits
from telehealth.contracts import Seat
from telehealth.enums import Role
from telehealth.errors import VisitEnded, VisitNotStarted


def render_room(
    request: HttpRequest, seat: Seat, *, socket: str, end_url: str, leave_url: str, pulse_url: str = ""
) -> HttpResponse:
    """The room for one seat. Camera and microphone are allowed on this page only, and only to ourselves."""
    visit, appointment = seat.visit, seat.visit.appointment
    audit.record("visit:open_room", by=seat.actor, target=visit, practice_id=appointment.practice_id)
    patient, clinician = appointment.patient, appointment.clinician
    other = patient.name if seat.role is Role.PROVIDER and patient is not None else clinician.name
    response = render(
        request,
        "telehealth/room.html",
        {
            "visit": visit,
            "role": seat.role.value,
            "is_provider": seat.role is Role.PROVIDER,
            "other": other,
            "initials": "".join(word[:1] for word in other.split()[:2]).upper(),
            "start": queries.say(appointment.start, appointment, clock.now()),
            "reasons": queries.sentences(queries.verdict(appointment), seat.role),
            "phase": "ended" if queries.must_rejoin(visit, seat.role) else "prejoin",
            "office": appointment.office,
            "socket": socket,
            "end_url": end_url,
            "leave_url": leave_url,
            "pulse_url": pulse_url,
        },
    )
    response["Permissions-Policy"] = "camera=(self), microphone=(self), display-capture=()"
    return response


def end_and_return(seat: Seat, to: str) -> HttpResponse:
    """End for both, whoever was first, and show the room's farewell."""
    with contextlib.suppress(VisitEnded, VisitNotStarted):  # pressed second, or nothing to end: the page says so
        visits.end(seat=seat)
    return HttpResponseRedirect(to)


@never_cache
@require_safe
@staff_page(Permission.TELEHEALTH)
def staff_room(request: StaffRequest, visit_id: str) -> HttpResponse:
    seat = access.seat_of_staff(request.staff, visit_id)
    return render_room(
        request,
        seat,
        socket=f"/ws/desk/telehealth/{visit_id}/",
        end_url=reverse("telehealth:staff-end", args=[visit_id]),
        leave_url=reverse("scheduling:appointment", args=[seat.visit.appointment.public_id]),
        pulse_url=reverse("telehealth:staff-pulse", args=[visit_id]),
    )


@require_POST
@staff_page(Permission.TELEHEALTH)
def staff_end(request: StaffRequest, visit_id: str) -> HttpResponse:
    return end_and_return(
        access.seat_of_staff(request.staff, visit_id), reverse("telehealth:staff-room", args=[visit_id])
    )


@require_POST
@staff_page(Permission.TELEHEALTH)
def staff_pulse(request: StaffRequest, visit_id: str) -> HttpResponse:
    """Being in a call is not being idle: keeps the session from running out behind a running call."""
    access.seat_of_staff(request.staff, visit_id)
    return HttpResponse(status=204)


@never_cache
@require_safe
@patient_page
@for_proxies("telehealth")
def patient_room(request: PatientRequest, visit_id: str) -> HttpResponse:
    return render_room(
        request,
        access.seat_of_patient(request.patient, visit_id),
        socket=f"/ws/portal/telehealth/{visit_id}/",
        end_url=reverse("telehealth:patient-end", args=[visit_id]),
        leave_url="/portal/",
        pulse_url=reverse("telehealth:patient-pulse", args=[visit_id]),
    )


@require_POST
@patient_page
@for_proxies("telehealth")
def patient_end(request: PatientRequest, visit_id: str) -> HttpResponse:
    return end_and_return(
        access.seat_of_patient(request.patient, visit_id), reverse("telehealth:patient-room", args=[visit_id])
    )


@require_POST
@patient_page
@for_proxies("telehealth")
def patient_pulse(request: PatientRequest, visit_id: str) -> HttpResponse:
    """As `staff_pulse`, for the patient's session."""
    access.seat_of_patient(request.patient, visit_id)
    return HttpResponse(status=204)
