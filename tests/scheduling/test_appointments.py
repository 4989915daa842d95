import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from portal_core.kernel.models import AuditEvent
from portal_core.scheduling import queries
from portal_core.scheduling.actions import appointments
from portal_core.scheduling.enums import MOVES, AppointmentStatus, AppointmentType
from portal_core.scheduling.errors import AppointmentMoved, ClinicianBusy, NoTelehealthRole, WrongClient
from portal_core.scheduling.models import Appointment
from tests.scheduling.factories import AppointmentFactory

NOON = dt.datetime(2026, 12, 1, 18, 0, tzinfo=dt.UTC)  # noon in Chicago
HOUR = dt.timedelta(hours=1)


def book(cast, **changes) -> Appointment:
    values = {
        "clinician": cast.carla, "office": cast.north, "patient": cast.pat, "type": AppointmentType.INDIVIDUAL,
        "start": NOON, "end": NOON + HOUR, "telehealth": False, "key": "one", "by": cast.carla.actor,
    }  # fmt: skip
    return appointments.book(**(values | changes))


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_booking_writes_a_row_and_a_line(cast):
    """PC-65: clinician, patient, scheduled time."""
    row = book(cast)

    assert (row.clinician, row.patient, row.start, row.status) == (cast.carla, cast.pat, NOON, "booked")
    assert actions() == ["appointment:book"]


def test_the_same_form_sent_twice_books_once(cast):
    assert book(cast).pk == book(cast).pk
    assert Appointment.objects.count() == 1
    assert actions() == ["appointment:book"]


def test_a_taken_hour_cannot_be_booked_again(cast):
    book(cast)

    with pytest.raises(ClinicianBusy):
        book(cast, key="two", start=NOON + HOUR / 2, end=NOON + 2 * HOUR)

    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("start", [NOON - HOUR, NOON + HOUR])
def test_appointments_may_touch(cast, start):
    book(cast)
    book(cast, key="two", start=start, end=start + HOUR)

    assert Appointment.objects.count() == 2


def test_a_cancelled_hour_is_free_again_and_cannot_be_taken_back(cast):
    first = book(cast)
    appointments.cancel(appointment=first, reason=" ill ", by=cast.carla.actor)
    book(cast, key="two", patient=cast.paula)

    with pytest.raises(ClinicianBusy):
        appointments.restore(appointment=first, by=cast.carla.actor)

    first.refresh_from_db()
    assert (first.status, first.cancel_reason) == ("cancelled", "ill")


def test_telehealth_needs_the_role(cast):
    """PC-62: absent unless the provider has the telehealth role; a forged form is refused too."""
    with pytest.raises(NoTelehealthRole):
        book(cast, clinician=cast.dan, telehealth=True)

    assert Appointment.objects.count() == 0
    assert actions() == []
    assert book(cast, telehealth=True).telehealth is True


@pytest.mark.parametrize(
    ("type_", "with_patient"),
    [(AppointmentType.INDIVIDUAL, False), (AppointmentType.BLACKOUT, True), (AppointmentType.EVENT, True)],
)
def test_the_type_says_whether_there_is_a_client(cast, type_, with_patient):
    """PC-64: events and vacations have no client, sessions have one."""
    with pytest.raises(WrongClient):
        book(cast, type=type_, patient=cast.pat if with_patient else None)


def test_a_patient_of_another_practice_cannot_be_booked(cast):
    with pytest.raises(WrongClient):
        book(cast, patient=cast.charlie_patient)


def test_moving_the_time_raises_the_sequence(cast):
    row = book(cast)

    moved = appointments.reschedule(appointment=row, start=NOON + HOUR, end=NOON + 2 * HOUR, by=cast.carla.actor)

    assert (moved.start, moved.sequence) == (NOON + HOUR, 1)
    appointments.reschedule(appointment=row, start=NOON + HOUR, end=NOON + 2 * HOUR, by=cast.carla.actor)
    row.refresh_from_db()
    assert row.sequence == 1  # nothing moved, nothing counted
    assert actions() == ["appointment:book", "appointment:reschedule"]


def test_time_and_telehealth_are_saved_together_or_not_at_all(cast):
    """PC-63, PC-66: a refused edit changes neither."""
    row = book(cast, clinician=cast.dan)

    with pytest.raises(NoTelehealthRole):
        appointments.edit(appointment=row, start=NOON + HOUR, end=NOON + 2 * HOUR, telehealth=True, by=cast.dan.actor)

    row.refresh_from_db()
    assert (row.start, row.telehealth, row.sequence) == (NOON, False, 0)


@pytest.mark.parametrize("status", AppointmentStatus.values)
@pytest.mark.parametrize(
    ("deed", "target"),
    [
        (appointments.mark_missed, "noshow"),
        (appointments.mark_arrived, "arrived"),
        (appointments.mark_done, "fulfilled"),
        (appointments.restore, "booked"),
    ],
)
def test_every_step_follows_the_table(cast, status, deed, target):
    """PC-65: Missed, Cancelled and the others, from each state."""
    row = AppointmentFactory(clinician=cast.carla, patient=cast.pat, status=status)
    allowed = AppointmentStatus(target) in MOVES[AppointmentStatus(status)]

    if allowed:
        assert deed(appointment=row, by=cast.carla.actor).status == target
    else:
        with pytest.raises(AppointmentMoved):
            deed(appointment=row, by=cast.carla.actor)

    row.refresh_from_db()
    assert row.status == (target if allowed else status)
    assert len(actions()) == allowed


def test_the_database_keeps_the_promises(cast):
    fine = {"clinician": cast.carla, "patient": cast.pat, "office": cast.north, "start": NOON}
    for wrong in ({"end": NOON}, {"status": "maybe"}, {"type": "intake", "patient": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AppointmentFactory(**(fine | wrong))


def test_a_day_begins_and_ends_by_the_practice_clock(cast):
    """The day of 1 November 2026 has 25 hours in Chicago."""
    begin, end = queries.bounds(dt.date(2026, 11, 1), queries.zone_of(cast.carla))

    assert end - begin == dt.timedelta(hours=24)  # wall clock
    assert (end.astimezone(dt.UTC) - begin.astimezone(dt.UTC)) == dt.timedelta(hours=25)
    half_past_eleven = dt.datetime(2026, 11, 2, 5, 30, tzinfo=dt.UTC)
    late = AppointmentFactory(clinician=cast.carla, patient=cast.pat, start=half_past_eleven)
    assert queries.day(cast.carla, dt.date(2026, 11, 1)) == [late]
    assert queries.day(cast.carla, dt.date(2026, 11, 2)) == []


def test_upcoming_is_the_patients_own_and_not_over(cast):
    from portal_core.kernel import clock

    now = clock.now()
    soon = AppointmentFactory(clinician=cast.carla, patient=cast.pat, start=now + HOUR)
    AppointmentFactory(clinician=cast.carla, patient=cast.paula, start=now + 2 * HOUR)
    AppointmentFactory(clinician=cast.carla, patient=cast.pat, start=now - 6 * HOUR)
    AppointmentFactory(clinician=cast.carla, patient=cast.pat, start=now + 3 * HOUR, status="cancelled")

    assert queries.upcoming(cast.pat) == [soon]
