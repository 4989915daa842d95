import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q

from portal_core.directory.enums import Permission, Role
from portal_core.kernel.ids import PublicIdField
from portal_core.scheduling.enums import MOVES, AppointmentStatus, AppointmentType
from portal_core.scheduling.errors import AppointmentMoved

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff

# Roles that keep the book of a whole office. A clinician keeps only their own.
DESK_ROLES = frozenset(
    {
        Role.OWNER, Role.MANAGER, Role.ADMINISTRATOR, Role.SCHEDULER, Role.BILLER, Role.OFFICE_STAFF,
        Role.OFFICE_MANAGER,
    }
)  # fmt: skip


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def seen_by(self, staff: "Staff") -> "AppointmentQuerySet":
        """One's own appointments, and those of the offices whose book one keeps. Nothing at all for IT (TR-01)."""
        mine = self.filter(practice_id=staff.practice_id)
        if not staff.may(Permission.SCHEDULE):
            return mine.none()
        offices = offices_kept_by(staff)
        if offices is None:
            return mine
        return mine.filter(Q(clinician=staff) | Q(office_id__in=offices))

    def of_patient(self, patient: "Patient") -> "AppointmentQuerySet":
        return self.filter(patient=patient)

    def overlapping(self, start: dt.datetime, end: dt.datetime) -> "AppointmentQuerySet":
        """What occupies any part of [start, end); cancelled and missed ones occupy nothing."""
        return self.filter(start__lt=end, end__gt=start).exclude(status__in=AppointmentStatus.void)

    def with_people(self) -> "AppointmentQuerySet":
        """Everything a page shows of a row, in two queries."""
        people = self.select_related("clinician", "patient__user", "office__practice", "practice")
        return people.prefetch_related("clinician__role_assignments")


def offices_kept_by(staff: "Staff") -> list[int] | None:
    """Ids of the offices whose whole book this person keeps; None means every office of the practice."""
    rows = [row for row in staff.assignments if Role(row.role) in DESK_ROLES]
    if any(row.office_id is None for row in rows):
        return None
    return sorted({row.office_id for row in rows if row.office_id is not None})


class Appointment(models.Model):
    """A time in a clinician's calendar (FHIR Appointment, PC-61…65). Only what is saved here counts (PC-66)."""

    public_id = PublicIdField()
    practice = models.ForeignKey("directory.Practice", on_delete=models.PROTECT, related_name="+")
    office = models.ForeignKey("directory.Office", on_delete=models.PROTECT, related_name="+")
    clinician = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("directory.Patient", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    type = models.CharField(max_length=20, choices=AppointmentType)
    status = models.CharField(max_length=12, choices=AppointmentStatus, default=AppointmentStatus.BOOKED)
    start = models.DateTimeField()
    end = models.DateTimeField()
    telehealth = models.BooleanField(default=False)  # PC-63
    cancel_reason = models.CharField(max_length=200, blank=True)
    sequence = models.PositiveIntegerField(default=0)  # iCalendar SEQUENCE: grows whenever the time changes
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="appointment_ends_after_start", condition=Q(end__gt=F("start"))),
            models.CheckConstraint(
                name="appointment_client_by_type",
                condition=Q(type__in=AppointmentType.with_client, patient__isnull=False)
                | Q(type__in=AppointmentType.without_client, patient=None)
                | Q(type=AppointmentType.GROUP),
            ),
            models.CheckConstraint(name="appointment_type_known", condition=Q(type__in=AppointmentType.values)),
            models.CheckConstraint(name="appointment_status_known", condition=Q(status__in=AppointmentStatus.values)),
        ]
        indexes = [
            models.Index(fields=["clinician", "start"], name="appointment_clinician_day"),  # day view; overlaps
            models.Index(fields=["office", "start"], name="appointment_office_day"),  # front desk's day view
            models.Index(fields=["patient", "start"], name="appointment_of_patient"),  # portal: upcoming
        ]

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the place; what people read off the clock on the wall."""
        return ZoneInfo(self.office.zone)

    @property
    def local_start(self) -> dt.datetime:
        return self.start.astimezone(self.zone)

    @property
    def local_end(self) -> dt.datetime:
        return self.end.astimezone(self.zone)

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds() // 60)

    @property
    def is_void(self) -> bool:
        return self.status in AppointmentStatus.void

    @property
    def heading(self) -> str:
        """Who or what the time is for: the client's name, else the type (PC-61)."""
        return self.patient.name if self.patient is not None else str(self.get_type_display())

    def may_move(self, status: AppointmentStatus) -> bool:
        return status in MOVES[AppointmentStatus(self.status)]

    def move(self, status: AppointmentStatus) -> None:
        """Set the status if the table allows it. Raises AppointmentMoved."""
        if not self.may_move(status):
            raise AppointmentMoved
        self.status = status
