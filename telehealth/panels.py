"""What telehealth puts into other people's pages."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from portal_core.directory.guards import may_act
from portal_core.kernel import clock
from portal_core.scheduling import queries as scheduling
from portal_core.scheduling.enums import AppointmentType
from telehealth import access, queries
from telehealth.enums import Role, VisitState
from telehealth.rules.eligibility import Eligibility

if TYPE_CHECKING:
    from portal_core.scheduling.models import Appointment


def appointment_banner(request: HttpRequest) -> str:
    """Slot `appointment.banner`: Start Telehealth Session, or the reasons why not (TH-08)."""
    appointment: Appointment | None = getattr(request, "appointment_in_view", None)
    staff = getattr(request, "staff", None)
    if appointment is None or staff is None or appointment.type in AppointmentType.without_client:
        return ""
    if not appointment.telehealth and appointment.is_void:
        return ""
    verdict = queries.verdict(appointment, starter=staff)
    if not appointment.telehealth:
        # Nobody plans a session here: what could make it one is worth a line, all that is missing is not.
        verdict = Eligibility(tuple(one for one in verdict.reasons if one.code in ("type", "in_person"))[:1])
    visit = queries.visit_of(appointment) if verdict.ok else None
    link = ""
    if verdict.ok:
        link = settings.PUBLIC_URL + reverse("telehealth:join", args=[access.link_token(appointment)])
    return render_to_string(
        "telehealth/banner.html",
        {
            "appointment": appointment,
            "eligible": verdict.ok,
            "reasons": queries.sentences(verdict, Role.PROVIDER),
            "state": visit.state if visit is not None else VisitState.SCHEDULED,
            "waiting": visit is not None and queries.is_waiting(visit, Role.CLIENT),
            "link": link,
        },
        request=request,
    )


@dataclass(frozen=True, slots=True)
class Upcoming:
    """One line of the patient's own appointments."""

    appointment: "Appointment"
    when: str
    joinable: bool
    reasons: list[str]


def portal_home(request: HttpRequest) -> str:
    """Slots `portal.home` and `portal.home.schedule` (of those who act for the patient): the appointments, with Join
    where it is time (TH-07) and whoever looks may join."""
    patient = getattr(request, "patient", None)
    if patient is None:
        return ""
    now, may_join = clock.now(), may_act(request, "telehealth")
    rows = []
    for appointment in scheduling.upcoming(patient):
        verdict = queries.verdict(appointment)
        reasons = queries.sentences(verdict, Role.CLIENT) if appointment.telehealth and may_join else []
        when = queries.say_day(appointment.start, appointment, now)
        rows.append(Upcoming(appointment, when, verdict.ok and may_join, reasons))
    return render_to_string("telehealth/upcoming.html", {"rows": rows}, request=request)
