"""Facts for judgements and lists for pages; nothing here writes."""

import datetime as dt
from typing import TYPE_CHECKING

from portal_core.directory.enums import Permission
from portal_core.kernel import clock
from telehealth.enums import Role, VisitState
from telehealth.models import Visit
from telehealth.rules import eligibility
from telehealth.rules.eligibility import Eligibility, Facts

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff
    from portal_core.scheduling.models import Appointment


def has_portal_account(patient: "Patient") -> bool:
    """Whether the patient has a sign-in of their own that works (TH-05, TH-23)."""
    return patient.user is not None and patient.user.is_active


def facts_of(appointment: "Appointment", *, now: dt.datetime, starter: "Staff | None" = None) -> Facts:
    """Read the facts of a saved appointment; `starter` is the member of staff who would start it, if one would."""
    patient, clinician, practice = appointment.patient, appointment.clinician, appointment.practice
    opens, closes = eligibility.opens_at(appointment.start), eligibility.closes_at(appointment.start)
    return Facts(
        now=now,
        start=appointment.start,
        type=appointment.type,
        status=appointment.status,
        telehealth=appointment.telehealth,
        has_patient=patient is not None,
        has_portal_account=patient is not None and has_portal_account(patient),
        practice_switch=practice.telehealth_enabled,
        provider_switch=clinician.has_telehealth,
        allow_group=practice.allow_group_telehealth,
        is_clinician_on_it=starter is None or starter.pk == appointment.clinician_id,
        role_may_start=starter is None or starter.may(Permission.TELEHEALTH),
        start_text=say(appointment.start, appointment, now),
        opens_text=say(opens, appointment, now),
        closed_text=say(closes, appointment, now),
    )


def verdict(appointment: "Appointment", *, starter: "Staff | None" = None) -> Eligibility:
    """Whether this appointment may be started or joined at this moment."""
    return eligibility.judge(facts_of(appointment, now=clock.now(), starter=starter))


def sentences(verdict: Eligibility, role: Role) -> list[str]:
    """The reasons in the words of one side, each sentence once."""
    said = [reason.provider if role is Role.PROVIDER else reason.client for reason in verdict.reasons]
    return list(dict.fromkeys(said))


def say(moment: dt.datetime, appointment: "Appointment", now: dt.datetime) -> str:
    """A moment as the clock on the office's wall says it: "2:00 PM", or "Nov 23, 2:00 PM" on another day."""
    local, today = moment.astimezone(appointment.zone), now.astimezone(appointment.zone)
    clock_time = f"{local.hour % 12 or 12}:{local:%M %p}"
    return clock_time if local.date() == today.date() else f"{local:%b} {local.day}, {clock_time}"


def visit_of(appointment: "Appointment") -> Visit | None:
    return Visit.objects.filter(appointment=appointment).first()


def must_rejoin(visit: Visit, role: Role) -> bool:
    """Whether this side stands before a session that ended and has to select Rejoin (TH-16, TH-17)."""
    if visit.state == VisitState.ENDED:
        return True
    mine = visit.participants.filter(role=role).first()
    return mine is not None and 0 < mine.generation < visit.generation


def is_waiting(visit: Visit, role: Role) -> bool:
    """Whether this side sits in the room while the other does not."""
    rows = {row.role: row for row in visit.participants.all()}
    mine = rows.get(role)
    return visit.state in (VisitState.SCHEDULED, VisitState.OPEN) and mine is not None and mine.is_present


def say_day(moment: dt.datetime, appointment: "Appointment", now: dt.datetime) -> str:
    """Day and hour in words: "Today at 2:00 PM", "Tuesday, November 24 at 9:00 AM", in the office's zone."""
    local, today = moment.astimezone(appointment.zone), now.astimezone(appointment.zone).date()
    days = (local.date() - today).days
    day = {0: "Today", 1: "Tomorrow"}.get(days, f"{local:%A, %B} {local.day}")
    return f"{day} at {local.hour % 12 or 12}:{local:%M %p}"
