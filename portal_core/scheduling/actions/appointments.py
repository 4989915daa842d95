"""What people do with appointments."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction

from portal_core.kernel import audit, clock, idempotency, realtime
from portal_core.kernel.contracts import Actor
from portal_core.scheduling.enums import AppointmentStatus, AppointmentType
from portal_core.scheduling.errors import AppointmentMoved, ClinicianBusy, NoTelehealthRole, WrongClient
from portal_core.scheduling.models import Appointment

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Patient, Staff


def clinician_group(clinician_id: str) -> str:
    """Live group of one clinician's calendar; takes a public id."""
    return f"schedule:clinician:{clinician_id}"


def office_group(office_id: str) -> str:
    """Live group of one office's book; takes a public id."""
    return f"schedule:office:{office_id}"


@transaction.atomic
def book(
    *,
    clinician: "Staff",
    office: "Office",
    patient: "Patient | None",
    type: AppointmentType,
    start: dt.datetime,
    end: dt.datetime,
    telehealth: bool,
    key: str,
    by: Actor,
) -> Appointment:
    """Put an appointment into a clinician's calendar, once per `key` (a form sent twice books once).

    Raises ClinicianBusy, NoTelehealthRole (PC-62), WrongClient.
    """
    now = clock.now()

    def deed() -> str:
        if (type in AppointmentType.with_client and patient is None) or (
            type in AppointmentType.without_client and patient is not None
        ):
            raise WrongClient
        if patient is not None and patient.practice_id != clinician.practice_id:
            raise WrongClient
        if telehealth and not clinician.has_telehealth:
            raise NoTelehealthRole
        _hold_calendar(clinician.pk)
        _refuse_overlap(clinician.pk, start, end)
        row = Appointment.objects.create(
            practice_id=clinician.practice_id, office=office, clinician=clinician, patient=patient, type=type,
            start=start, end=end, telehealth=telehealth, created_at=now, updated_at=now,
        )  # fmt: skip
        audit.record("appointment:book", by=by, target=row, at=now, type=type.value, telehealth=telehealth)
        _tell(row)
        return str(row.public_id)

    asked = [clinician.pk, office.pk, patient and patient.pk, type, start, end, telehealth]
    made = idempotency.once("appointment:book", f"{by.id}:{key}", deed, of=asked)
    return Appointment.objects.with_people().get(public_id=made)


@transaction.atomic
def reschedule(*, appointment: Appointment, start: dt.datetime, end: dt.datetime, by: Actor) -> Appointment:
    """Give it another time. Raises AppointmentMoved unless it is still booked, ClinicianBusy."""
    now = clock.now()
    _hold_calendar(appointment.clinician_id)
    row = _lock(appointment)
    if row.status != AppointmentStatus.BOOKED:
        raise AppointmentMoved
    if (row.start, row.end) == (start, end):
        return row
    _refuse_overlap(row.clinician_id, start, end, but=row)
    before = row.start
    row.start, row.end, row.sequence, row.updated_at = start, end, row.sequence + 1, now
    row.save(update_fields=["start", "end", "sequence", "updated_at"])
    audit.record(
        "appointment:reschedule", by=by, target=row, at=now, before=before.isoformat(), after=start.isoformat()
    )
    _tell(row)
    return row


@transaction.atomic
def set_telehealth(*, appointment: Appointment, telehealth: bool, by: Actor) -> Appointment:
    """Answer "Telehealth Session?" (PC-63). Raises NoTelehealthRole, AppointmentMoved."""
    now = clock.now()
    row = _lock(appointment)
    if row.telehealth == telehealth:
        return row
    if row.status not in AppointmentStatus.open:
        raise AppointmentMoved
    if telehealth and not row.clinician.has_telehealth:
        raise NoTelehealthRole
    row.telehealth, row.updated_at = telehealth, now
    row.save(update_fields=["telehealth", "updated_at"])
    audit.record("appointment:set_telehealth", by=by, target=row, at=now, telehealth=telehealth)
    _tell(row)
    return row


def edit(
    *, appointment: Appointment, start: dt.datetime, end: dt.datetime, telehealth: bool | None, by: Actor
) -> Appointment:
    """The edit tab: time and telehealth saved together or not at all (PC-63, PC-66); None leaves telehealth alone."""
    with transaction.atomic():
        row = reschedule(appointment=appointment, start=start, end=end, by=by)
        return row if telehealth is None else set_telehealth(appointment=row, telehealth=telehealth, by=by)


def mark_missed(*, appointment: Appointment, by: Actor) -> Appointment:
    """The client did not come (PC-65). Raises AppointmentMoved."""
    return _set_status(appointment, AppointmentStatus.NOSHOW, by, "appointment:mark_missed")


def mark_arrived(*, appointment: Appointment, by: Actor) -> Appointment:
    """The client is here. Raises AppointmentMoved."""
    return _set_status(appointment, AppointmentStatus.ARRIVED, by, "appointment:mark_arrived")


def mark_done(*, appointment: Appointment, by: Actor) -> Appointment:
    """It took place. Raises AppointmentMoved."""
    return _set_status(appointment, AppointmentStatus.FULFILLED, by, "appointment:mark_done")


def cancel(*, appointment: Appointment, reason: str, by: Actor) -> Appointment:
    """Call it off (PC-65). The reason stays on the appointment, not in the ledger. Raises AppointmentMoved."""
    return _set_status(appointment, AppointmentStatus.CANCELLED, by, "appointment:cancel", reason=reason.strip()[:200])


@transaction.atomic
def restore(*, appointment: Appointment, by: Actor) -> Appointment:
    """Undo Missed or Cancelled. Raises AppointmentMoved, or ClinicianBusy when the time was given to someone else."""
    _hold_calendar(appointment.clinician_id)
    _refuse_overlap(appointment.clinician_id, appointment.start, appointment.end, but=appointment)
    return _set_status(appointment, AppointmentStatus.BOOKED, by, "appointment:restore")


@transaction.atomic
def _set_status(
    appointment: Appointment, status: AppointmentStatus, by: Actor, action: str, *, reason: str = ""
) -> Appointment:
    now = clock.now()
    row = _lock(appointment)
    row.move(status)
    row.cancel_reason, row.updated_at = reason, now
    row.save(update_fields=["status", "cancel_reason", "updated_at"])
    audit.record(action, by=by, target=row, at=now)
    _tell(row)
    return row


def _lock(appointment: Appointment) -> Appointment:
    return Appointment.objects.select_for_update(of=("self",)).with_people().get(pk=appointment.pk)


def _hold_calendar(clinician_pk: int) -> None:
    # Two schedulers who book the same free hour at once must stand in line: the second then finds it taken.
    staff = Appointment._meta.get_field("clinician").related_model
    assert staff is not None
    list(staff._default_manager.select_for_update().filter(pk=clinician_pk).values_list("pk"))


def _refuse_overlap(clinician_pk: int, start: dt.datetime, end: dt.datetime, *, but: Appointment | None = None) -> None:
    taken = Appointment.objects.filter(clinician_id=clinician_pk).overlapping(start, end)
    if but is not None:
        taken = taken.exclude(pk=but.pk)
    if taken.exists():
        raise ClinicianBusy


def _tell(row: Appointment) -> None:
    message = {"type": "appointment.changed", "id": row.public_id}
    realtime.push(clinician_group(row.clinician.public_id), message)
    realtime.push(office_group(row.office.public_id), message)
