"""Ways into a room for people who are signed in."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import PatientRequest, StaffRequest, for_proxies, patient_page, staff_page
from portal_core.kernel import clock
from portal_core.scheduling import queries as scheduling
from portal_core.scheduling.access import appointment_for
from telehealth import queries
from telehealth.actions import visits
from telehealth.enums import Role
from telehealth.errors import NotEligible


@require_POST
@staff_page(Permission.TELEHEALTH)
def start(request: StaffRequest, appointment_id: str) -> HttpResponse:
    """Start Telehealth Session (TH-08). What stands in the way is said on the appointment's page."""
    appointment = appointment_for(request.staff, appointment_id)
    try:
        visit = visits.start(appointment=appointment, staff=request.staff, by=request.actor)
    except NotEligible as refusal:
        for sentence in refusal.facts["reasons"]:
            messages.error(request, sentence)
        return HttpResponseRedirect(reverse("scheduling:appointment", args=[appointment_id]))
    return HttpResponseRedirect(reverse("telehealth:staff-room", args=[visit.public_id]))


@require_safe
@staff_page(Permission.TELEHEALTH)
def provider_entrance(request: StaffRequest, appointment_id: str) -> HttpResponse:
    """Where "Login as a provider" leads (TH-33): the meeting room, or the appointment that says why not."""
    appointment = appointment_for(request.staff, appointment_id)
    visit = queries.visit_of(appointment)
    if visit is not None and appointment.clinician_id == request.staff.pk and queries.verdict(appointment).ok:
        return HttpResponseRedirect(reverse("telehealth:staff-room", args=[visit.public_id]))
    return HttpResponseRedirect(reverse("scheduling:appointment", args=[appointment_id]))


@require_safe
@staff_page(Permission.TELEHEALTH)
def own_room(request: StaffRequest) -> HttpResponse:
    """My own waiting room (TH-32): the running or next session of these hours, else today's schedule."""
    for appointment in scheduling.telehealth_of(request.staff, around=clock.now()):
        if not queries.verdict(appointment, starter=request.staff).ok:
            continue
        visit = queries.visit_of(appointment)
        if visit is not None and visit.is_running:
            return HttpResponseRedirect(reverse("telehealth:staff-room", args=[visit.public_id]))
        return HttpResponseRedirect(reverse("scheduling:appointment", args=[appointment.public_id]))
    messages.info(request, _("You have no telehealth session within five hours of now. Here is your day."))
    return HttpResponseRedirect(reverse("scheduling:day"))


@require_POST
@patient_page
@for_proxies("telehealth")
def patient_join(request: PatientRequest, appointment_id: str) -> HttpResponse:
    """Join from the portal (TH-07, TH-12)."""
    appointment = appointment_for(request.patient, appointment_id)
    try:
        visit = visits.prepare(appointment=appointment, role=Role.CLIENT, by=request.actor)
    except NotEligible as refusal:
        return render(
            request,
            "telehealth/not_now.html",
            {"reasons": refusal.facts["reasons"], "office": appointment.office},
            status=409,
        )
    return HttpResponseRedirect(reverse("telehealth:patient-room", args=[visit.public_id]))


@require_safe
@patient_page
@for_proxies("telehealth")
def patient_stable_room(request: PatientRequest, slug: str) -> HttpResponse:
    """The patient's side of a clinician's stable room (TH-32, C7): today's session with that clinician."""
    with_them = [row for row in scheduling.upcoming(request.patient) if row.clinician.room_slug == slug]
    ready = [row for row in with_them if queries.verdict(row).ok]
    appointment = ready[0] if ready else (with_them[0] if with_them else None)
    reasons = queries.sentences(queries.verdict(appointment), Role.CLIENT) if appointment is not None else []
    return render(
        request,
        "telehealth/stable_room.html",
        {
            "appointment": appointment,
            "when": queries.say(appointment.start, appointment, clock.now()) if appointment is not None else "",
            "reasons": reasons,
            "office": request.patient.home_office,
        },
    )
