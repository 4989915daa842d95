"""`manage.py demo`: the same practice everywhere, once, and only on an empty house."""

import datetime as dt
import io
import time
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from ops.demo import people
from ops.runtime import prepare
from portal_core.accounts.models import User
from portal_core.directory.actions.staff import set_teletherapy
from portal_core.directory.models import Office, Patient, Practice, RoleAssignment, Staff
from portal_core.kernel.enums import Realm
from portal_core.kernel.models import AuditEvent
from portal_core.scheduling.enums import AppointmentStatus
from portal_core.scheduling.models import Appointment
from tests.cast import sign_in_by_form
from tests.factories import PracticeFactory, UserFactory


def demo() -> str:
    out = io.StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def snapshot() -> list[list[dict]]:
    """Every row of people and places, without what time and salt make."""
    volatile = {"password", "created_at", "last_login"}
    tables = [
        list(model.objects.order_by("pk").values()) for model in (Practice, Office, Staff, RoleAssignment, Patient)
    ]
    tables.append(list(User.objects.order_by("pk").values()))
    return [[{key: row[key] for key in row.keys() - volatile} for row in table] for table in tables]


def test_the_practice_of_the_demo(db):
    """S2 names 18 locations."""
    started = time.monotonic()
    printed = demo()

    practice = Practice.objects.get()
    assert (practice.name, practice.telehealth_enabled) == ("Larkfield Health Group", True)
    assert (Office.objects.count(), Staff.objects.count(), Patient.objects.count()) == (18, 40, 400)
    assert Office.objects.get(is_main=True).name == "Larkfield Main Street"
    assert time.monotonic() - started < 15
    for one in (*people.STAFF, *people.PATIENT_SIGN_INS):
        assert one.username in printed
    assert people.PASSWORD in printed


def test_the_people_of_the_demo(db):
    people.create()

    olivia, oscar, carla, dan = (people.staff(name) for name in ("olivia", "oscar", "carla", "dan"))
    pat, paula, piet = (people.patient(name) for name in ("pat", "paula", "piet"))
    main = Office.objects.get(is_main=True)
    assert [row.office for row in olivia.role_assignments.all()] == [main]
    assert [row.office.name for row in oscar.role_assignments.all()] == ["Ashgrove"]
    assert (carla.has_telehealth, dan.has_telehealth) == (True, False)
    assert {row.role for row in people.staff("ana").role_assignments.all()} == {"owner", "administrator"}
    assert pat.home_office == paula.home_office == piet.home_office == main
    assert (bool(pat.email), bool(pat.zip), pat.user.username) == (True, True, "pat")
    assert (bool(paula.email), paula.user) == (True, None)
    assert (piet.email, piet.user) == ("", None)
    for model in (Office, Staff, Patient):
        phones = model.objects.exclude(phone="").values_list("phone", flat=True)
        assert all(phone.startswith("+121755501") for phone in phones)
    assert not Patient.objects.exclude(email="").exclude(email__endswith="@patients.example").exists()


def test_a_second_run_changes_nothing(db):
    demo()
    before, lines = snapshot(), AuditEvent.objects.count()

    demo()

    assert snapshot() == before
    assert AuditEvent.objects.count() == lines


def test_it_is_the_same_everywhere(db):
    """Public ids included; only the salt of the password differs."""
    people.create()

    assert Practice.objects.get().public_id == "5na6fffe88pansvy77qj"
    assert people.patient("pat").mrn == "L100000"


@pytest.mark.parametrize("stranger", [PracticeFactory, UserFactory])
def test_it_leaves_other_peoples_houses_alone(db, stranger):
    stranger()

    with pytest.raises(CommandError, match="Nothing was done"):
        demo()
    assert Patient.objects.count() == 0


def test_demo_people_can_sign_in(db):
    demo()

    for one in people.STAFF:
        assert sign_in_by_form(Client(), Realm.STAFF, one.username, people.PASSWORD).status_code == 302
    for one in people.PATIENT_SIGN_INS:
        answer = sign_in_by_form(Client(), Realm.PATIENT, one.username, people.PASSWORD)
        assert (answer.status_code == 302) is one.signs_in, one.username


@pytest.mark.parametrize("hour", [9, 16, 19, 23])
def test_a_demo_that_people_changed_still_starts(db, settings, tmp_path, caplog, time_machine, hour):
    """Teletherapy off, the visit cancelled, offices closed, in the midst of the day and after it: the rest of
    the day is there, and nothing raises."""
    time_machine.move_to(dt.datetime(2026, 11, 23, hour, 20, tzinfo=ZoneInfo("America/Chicago")))
    settings.DATA_DIR, settings.DEMO = tmp_path, True
    people.create()
    carla, ana = people.staff("carla"), people.staff("ana")
    set_teletherapy(staff=carla, enabled=False, by=ana.actor)
    (tmp_path / "demo.stamp").write_text("made")
    said: list[str] = []

    prepare.make_demo(said.append)

    assert Appointment.objects.filter(clinician=carla).exists()
    assert not Appointment.objects.filter(telehealth=True).exists()
    assert (said, caplog.records) == ([], [])

    set_teletherapy(staff=carla, enabled=True, by=ana.actor)
    prepare.make_demo(said.append)
    assert Appointment.objects.get(telehealth=True).patient == people.patient("pat")

    Office.objects.update(is_active=False)
    Appointment.objects.update(status=AppointmentStatus.CANCELLED)
    prepare.make_demo(said.append)
    assert said == []


def test_a_day_that_cannot_be_made_is_a_sentence_and_not_the_end_of_the_start(db, settings, tmp_path, caplog):
    settings.DATA_DIR, settings.DEMO = tmp_path, True
    people.create()
    Practice.objects.update(time_zone="Nowhere/Land")
    (tmp_path / "demo.stamp").write_text("made")
    said: list[str] = []

    prepare.make_demo(said.append)

    assert said == [
        "The demo has no new appointments for today; all else is as it was. bin/demo-reset makes it afresh."
    ]
    assert "not brought up to date" in caplog.text
