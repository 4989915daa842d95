"""Lists for pages; nothing here writes."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from portal_core.directory.enums import Permission
from portal_core.kernel import clock
from portal_core.scheduling.enums import AppointmentStatus
from portal_core.scheduling.models import Appointment, AppointmentQuerySet, offices_kept_by

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff

GRACE = dt.timedelta(hours=5)  # a visit can be joined until five hours after its time (TH-06)


def _rows() -> AppointmentQuerySet:
    return Appointment.objects.with_people()


def zone_of(staff: "Staff") -> ZoneInfo:
    """The zone in which this person's days begin and end."""
    return ZoneInfo(staff.practice.time_zone)


def today(staff: "Staff") -> dt.date:
    return clock.now().astimezone(zone_of(staff)).date()


def bounds(date: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """First moment of that day and of the next, aware; 23 or 25 hours apart when the clocks change."""
    begin = dt.datetime.combine(date, dt.time.min, tzinfo=zone)
    return begin, dt.datetime.combine(date + dt.timedelta(days=1), dt.time.min, tzinfo=zone)


def day(staff: "Staff", date: dt.date, *, clinician: "Staff | None" = None) -> list[Appointment]:
    """Appointments of that day which this person may see, in order of time; of one clinician if one is named."""
    begin, end = bounds(date, zone_of(staff))
    rows = _rows().seen_by(staff).filter(start__gte=begin, start__lt=end)
    if clinician is not None:
        rows = rows.filter(clinician=clinician)
    return list(rows.order_by("start", "id"))


def upcoming(patient: "Patient", *, limit: int = 10) -> list[Appointment]:
    """A patient's own appointments that are not over: from five hours after the start they are history (TH-07)."""
    rows = _rows().of_patient(patient).filter(start__gte=clock.now() - GRACE, status__in=AppointmentStatus.open)
    return list(rows.order_by("start", "id")[:limit])


def telehealth_of(clinician: "Staff", *, around: dt.datetime) -> list[Appointment]:
    """Telehealth appointments of a clinician within five hours of that moment, nearest first (TH-32)."""
    rows = _rows().filter(
        clinician=clinician, telehealth=True, start__gte=around - GRACE, start__lte=around + GRACE,
        status__in=AppointmentStatus.open,
    )  # fmt: skip
    return sorted(rows, key=lambda row: abs(row.start - around))


def by_id(public_id: str) -> Appointment | None:
    """For callers that hold a proof of their own, such as a signed link; they audit what they do with it."""
    return _rows().filter(public_id=public_id).first()


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose book a person may open and write in."""

    clinicians: list["Staff"]
    is_clinician: bool
    keeps_books: bool


def scope(staff: "Staff") -> Scope:
    """The clinicians whose appointments this person may see, themselves first."""
    from portal_core.directory import queries as directory

    offices = offices_kept_by(staff)
    keeps = offices is None or bool(offices)
    mine = staff.may(Permission.CHART)
    others = directory.clinicians(staff.practice_id) if keeps else []
    clinicians = ([staff] if mine else []) + [person for person in others if person.pk != staff.pk]
    return Scope(clinicians=clinicians, is_clinician=mine, keeps_books=keeps)
