import datetime as dt

import pytest

from portal_core.kernel.models import AuditEvent
from portal_core.scheduling.models import Appointment
from tests.scheduling.factories import AppointmentFactory

NOON = dt.datetime(2026, 12, 1, 18, 0, tzinfo=dt.UTC)  # noon in Chicago
DAY = "/desk/schedule/?date=2026-12-01"


@pytest.fixture
def row(cast) -> Appointment:
    return AppointmentFactory(clinician=cast.carla, patient=cast.pat, start=NOON)


def form(cast, **changes) -> dict[str, str]:
    values = {
        "clinician": cast.carla.public_id, "client": "MRN-PAT", "type": "individual", "date": "2026-12-01",
        "time": "12:00", "minutes": "50", "office": cast.north.public_id, "idempotency_key": "k1",
    }  # fmt: skip
    return {name: value for name, value in (values | changes).items() if value is not None}


def test_the_day_shows_the_hour_and_the_client(cast, staff_client, row):
    """PC-61: the calendar, and the client's name on top of the appointment."""
    client = staff_client(cast.carla)

    page = client.get(DAY).content.decode()
    by_htmx = {"HX-Request": "true", "HX-Target": "appointment-dialog-body"}
    dialog = client.get(f"/desk/schedule/{row.public_id}/", headers=by_htmx)

    assert "12:00 PM" in page
    assert f'href="/desk/schedule/{row.public_id}/"' in page
    text = dialog.content.decode()
    assert "<html" not in text
    assert text.index("Pat Patient") < text.index("Individual Therapy")
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == [
        "appointment:list",
        "appointment:read",
    ]


@pytest.mark.parametrize("who", ["dan", "oscar", "charlie"])
def test_a_colleague_or_stranger_finds_no_appointment(cast, staff_client, row, who):
    client = staff_client(getattr(cast, who))

    assert client.get(f"/desk/schedule/{row.public_id}/").status_code == 404
    assert client.post(f"/desk/schedule/{row.public_id}/status/", {"deed": "missed"}).status_code == 404
    assert "Pat Patient" not in client.get(DAY).content.decode()
    row.refresh_from_db()
    assert row.status == "booked"


@pytest.mark.parametrize("who", ["ian", "ines", "omar"])
def test_it_has_no_schedule(cast, staff_client, row, who):
    """TR-01: IT never sees who comes to whom."""
    client = staff_client(getattr(cast, who))

    assert client.get(DAY).status_code == 403
    assert client.get(f"/desk/schedule/{row.public_id}/").status_code == 403


def test_the_front_desk_keeps_the_book_of_its_office(cast, staff_client, row):
    client = staff_client(cast.olivia)

    page = client.get(DAY).content.decode()

    assert "Pat Patient" in page
    assert "Carla Staff" in page
    answer = client.post(f"/desk/schedule/{row.public_id}/status/", {"deed": "missed"})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.status == "noshow"


def test_booking_by_name(cast, staff_client):
    """PC-61: a new appointment from the form; a double click makes one."""
    client = staff_client(cast.carla)

    first = client.post("/desk/schedule/new/", form(cast))
    second = client.post("/desk/schedule/new/", form(cast))

    assert (first.status_code, second.status_code) == (302, 302)
    row = Appointment.objects.get()
    assert (row.patient, row.start, row.minutes, row.telehealth) == (cast.pat, NOON, 50, False)
    assert first["Location"] == f"/desk/schedule/?date=2026-12-01&clinician={cast.carla.public_id}"


def test_telehealth_option_near_the_bottom_only_with_the_role(cast, staff_client):
    """PC-62: Dan has no such option, and a note says where it comes from."""
    carla = staff_client(cast.carla).get("/desk/schedule/new/").content.decode()
    dan = staff_client(cast.dan).get("/desk/schedule/new/").content.decode()

    assert 'name="telehealth"' in carla
    assert carla.index('name="telehealth"') > carla.index('name="office"')
    assert 'name="telehealth"' not in dan
    assert "Teletherapy role" in dan


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"client": "Nobody"}, "client"),
        ({"client": ""}, "client"),
        ({"client": "Patient"}, "client"),
        ({"client": "Pat", "type": "blackout"}, "client"),
        ({"type": "seance"}, "type"),
        ({"date": "tomorrow"}, "date"),
        ({"time": "25:00"}, "time"),
        ({"minutes": "0"}, "minutes"),
        ({"minutes": "100000"}, "minutes"),
        ({"office": "elsewhere"}, "office"),
        ({"date": "2027-03-14", "time": "02:30"}, "time"),  # the clocks go forward in Chicago
    ],
)
def test_bad_input_keeps_what_was_typed(cast, staff_client, changes, field):
    answer = staff_client(cast.carla).post("/desk/schedule/new/", form(cast, **changes))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert 'value="k1"' in answer.content.decode()
    assert Appointment.objects.count() == 0


def test_a_name_that_fits_several_offers_a_choice(cast, staff_client):
    client = staff_client(cast.carla)

    answer = client.post("/desk/schedule/new/", form(cast, client="Patient"))
    chosen = client.post("/desk/schedule/new/", form(cast, client="Patient", patient=cast.paula.public_id))

    assert {person.pk for person in answer.context["form"].candidates} == {cast.pat.pk, cast.paula.pk, cast.piet.pk}
    assert f'value="{cast.paula.public_id}"' in answer.content.decode()
    assert chosen.status_code == 302
    assert Appointment.objects.get().patient == cast.paula


def test_a_patient_of_elsewhere_cannot_be_picked(cast, staff_client):
    answer = staff_client(cast.carla).post("/desk/schedule/new/", form(cast, patient=cast.charlie_patient.public_id))

    assert answer.status_code == 422
    assert Appointment.objects.count() == 0


def test_a_taken_hour_is_told_beside_the_time(cast, staff_client, row):
    answer = staff_client(cast.carla).post("/desk/schedule/new/", form(cast))

    assert answer.status_code == 422
    assert answer.context["form"].errors["time"] == [
        "The clinician already has something at that time. Choose another time."
    ]
    assert Appointment.objects.count() == 1


def test_editing_sets_telehealth(cast, staff_client, row):
    """PC-63: edit, "Telehealth Session?" to Yes, save. PC-66: looking changes nothing."""
    client = staff_client(cast.carla)
    client.get(f"/desk/schedule/{row.public_id}/")
    row.refresh_from_db()
    assert row.telehealth is False

    answer = client.post(
        f"/desk/schedule/{row.public_id}/edit/",
        {"date": "2026-12-01", "time": "13:00", "minutes": "45", "telehealth": "yes"},
    )

    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.telehealth, row.start, row.minutes) == (True, NOON + dt.timedelta(hours=1), 45)


def test_a_forged_telehealth_answer_changes_nothing_without_the_role(cast, staff_client):
    """PC-62"""
    row = AppointmentFactory(clinician=cast.dan, patient=cast.pat, start=NOON)

    staff_client(cast.dan).post(
        f"/desk/schedule/{row.public_id}/edit/",
        {"date": "2026-12-01", "time": "12:00", "minutes": "50", "telehealth": "yes"},
    )

    row.refresh_from_db()
    assert row.telehealth is False


@pytest.mark.parametrize("deed", ["", "explode", "booked"])
def test_an_unknown_deed_is_refused(cast, staff_client, row, deed):
    """The button names a deed; a status cannot be posted."""
    answer = staff_client(cast.carla).post(f"/desk/schedule/{row.public_id}/status/", {"deed": deed})

    assert answer.status_code == 422
    row.refresh_from_db()
    assert row.status == "booked"


def test_marking_missed_twice_tells_the_second(cast, staff_client, row):
    """PC-65"""
    client = staff_client(cast.carla)
    client.post(f"/desk/schedule/{row.public_id}/status/", {"deed": "missed"})
    second = client.post(f"/desk/schedule/{row.public_id}/status/", {"deed": "missed"}, follow=True)

    assert "changed in the meantime" in second.content.decode()
    assert AuditEvent.objects.filter(action="appointment:mark_missed").count() == 1
    client.post(f"/desk/schedule/{row.public_id}/status/", {"deed": "restore"})
    row.refresh_from_db()
    assert row.status == "booked"


@pytest.mark.parametrize("count", [1, 3])
def test_the_day_costs_the_same_for_one_and_three(cast, staff_client, count, django_assert_num_queries):
    for number in range(count):
        AppointmentFactory(clinician=cast.carla, patient=cast.pat, start=NOON + dt.timedelta(hours=number))
    client = staff_client(cast.carla)
    client.get(DAY)  # the first request of a minute notes that the session was used

    with django_assert_num_queries(7):  # session, user, staff, roles, appointments, their clinicians' roles; audit
        page = client.get(DAY)

    assert page.context["count"] == count


def test_bad_dates_fall_back_to_today(cast, staff_client):
    client = staff_client(cast.carla)

    for date in ("yesterday", "2026-13-77", "0"):
        assert client.get("/desk/schedule/", {"date": date}).context["is_today"] is True
    assert client.get("/desk/schedule/", {"clinician": cast.dan.public_id}).status_code == 404
