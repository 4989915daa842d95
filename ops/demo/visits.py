"""The demo's day: Carla's calendar with a visit by telehealth for Pat that can be joined now, and Dan's without one.

Safe to call at every start: the same day is made once, a new day gets its own appointments, and a visit whose hours
have passed is followed by another one near now. By then people have changed things: what cannot be booked any more
(Teletherapy switched off, an office closed) is left out.
"""

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ops.demo import people
from portal_core.directory import queries as directory
from portal_core.directory.models import Practice
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.errors import AppError
from portal_core.scheduling import queries as scheduling
from portal_core.scheduling.actions import appointments
from portal_core.scheduling.enums import AppointmentStatus, AppointmentType
from portal_core.scheduling.errors import ClinicianBusy

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Patient, Staff
    from portal_core.scheduling.models import Appointment

QUARTER = dt.timedelta(minutes=15)
JOINABLE = dt.timedelta(hours=4)  # nearer than the five hours of the window, so that there is time to try it

# (hour, minutes, type, what becomes of it)
CARLA: tuple[tuple[int, int, AppointmentType, str], ...] = (
    (8, 45, AppointmentType.INTAKE, "done"),
    (9, 50, AppointmentType.INDIVIDUAL, "missed"),
    (10, 50, AppointmentType.INDIVIDUAL, ""),
    (11, 50, AppointmentType.FOLLOW_UP, "cancelled"),
    (13, 80, AppointmentType.GROUP, ""),
    (15, 45, AppointmentType.CONSULTATION, ""),
    (16, 120, AppointmentType.BLACKOUT, ""),
)
DAN: tuple[tuple[int, int, AppointmentType, str], ...] = (
    (9, 30, AppointmentType.CONSULTATION, ""),
    (10, 50, AppointmentType.INDIVIDUAL, ""),
    (14, 50, AppointmentType.INTAKE, ""),
    (16, 45, AppointmentType.EVENT, ""),
)


def create(practice: Practice) -> None:
    """Fill today for the demo clinicians; what is already there stays."""
    staff = {person.user.username: person for person in directory.clinicians(practice.pk) if person.user is not None}
    now = clock.now()
    today = now.astimezone(ZoneInfo(practice.time_zone)).date()
    carla, dan = staff.get("carla"), staff.get("dan")
    if carla is not None:
        pat = next((row for row in directory.search_patients(carla, "Pat") if _signs_in_as(row, "pat")), None)
        if pat is not None and carla.has_telehealth:
            _visit_near_now(carla, pat, now)
        _fill(carla, CARLA, today, "carla")
    if dan is not None:
        _fill(dan, DAN, today, "dan")


def refresh() -> None:
    """What a later start does: the demo's people find a day that is today's."""
    practice = Practice.objects.filter(fhir_id=people.MARK).first()
    if practice is not None:
        create(practice)


def _visit_near_now(clinician: "Staff", patient: "Patient", now: dt.datetime) -> None:
    joinable = [
        row
        for row in scheduling.upcoming(patient)
        if row.telehealth and row.clinician_id == clinician.pk and abs(row.start - now) <= JOINABLE
    ]
    if joinable:
        return
    quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    for step in range(int(JOINABLE / QUARTER)):
        for start in (quarter - step * QUARTER, quarter + step * QUARTER):
            try:
                row = appointments.book(
                    clinician=clinician, office=patient.home_office, patient=patient, type=AppointmentType.INDIVIDUAL,
                    start=start, end=start + dt.timedelta(minutes=50), telehealth=True,
                    key=f"demo-visit-{start:%Y%m%d%H%M}", by=SYSTEM,
                )  # fmt: skip
            except ClinicianBusy:
                continue
            except AppError:  # telehealth is off for the practice, say: no other hour would be better
                return
            if row.status == AppointmentStatus.BOOKED:  # not one of today's that was cancelled meanwhile
                return


def _fill(
    clinician: "Staff", plan: tuple[tuple[int, int, AppointmentType, str], ...], today: dt.date, name: str
) -> None:
    office = _office_of(clinician)
    if office is None:
        return
    zone = ZoneInfo(office.zone)
    theirs = directory.search_patients(clinician, "").filter(deceased=False, home_office=office)
    others = theirs.exclude(user__isnull=False).order_by("pk")  # Pat, who signs in, has the visit
    clients = list(others[: len(plan)])
    for number, (hour, minutes, kind, fate) in enumerate(plan):
        start = dt.datetime.combine(today, dt.time(hour), tzinfo=zone).astimezone(dt.UTC)
        patient = clients[number % len(clients)] if clients and kind in AppointmentType.with_client else None
        if patient is None and kind in AppointmentType.with_client:
            continue
        try:
            row = appointments.book(
                clinician=clinician, office=office, patient=patient, type=kind, start=start,
                end=start + dt.timedelta(minutes=minutes), telehealth=False, key=f"demo-{name}-{today}-{number}",
                by=SYSTEM,
            )  # fmt: skip
        except AppError:  # Pat's visit has that hour today, or somebody changed what it needs
            continue
        _settle(row, fate)


def _settle(row: "Appointment", fate: str) -> None:
    if row.status != AppointmentStatus.BOOKED:
        return
    if fate == "missed":
        appointments.mark_missed(appointment=row, by=SYSTEM)
    elif fate == "cancelled":
        appointments.cancel(appointment=row, reason="Client is travelling", by=SYSTEM)
    elif fate == "done" and row.end <= clock.now():
        appointments.mark_done(appointment=row, by=SYSTEM)


def _office_of(clinician: "Staff") -> "Office | None":
    offices = {office.pk: office for office in directory.offices(clinician.practice_id).select_related("practice")}
    mine = [row.office_id for row in clinician.role_assignments.all() if row.office_id in offices]
    return offices[mine[0]] if mine and mine[0] is not None else next(iter(offices.values()), None)


def _signs_in_as(patient: "Patient", username: str) -> bool:
    return patient.user is not None and patient.user.username == username
