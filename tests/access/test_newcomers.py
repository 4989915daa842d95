"""Becoming a patient with portal access: typed in by the office, or by the form on the website (PC-35 to PC-37)."""

import datetime as dt
import re

import pytest
import time_machine

from portal_core.access.actions import newcomers
from portal_core.access.enums import AccessLevel, PortalState
from portal_core.access.models import PortalAccess, Registration
from portal_core.access.queries import portal_status
from portal_core.directory.models import Patient
from portal_core.kernel import outbox
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import refresh, set_access
from tests.cast import make_patient, signed_in

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
OWN = "a few plain words 42"
FORM = "/portal/register/"
NAME = {"last_name": "newcomer "}


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def opened(cast):
    """The practice takes new patients on the website."""
    type(cast.practice).objects.filter(pk=cast.practice.pk).update(self_registration=True)
    cast.practice.refresh_from_db()
    return cast


def typed(cast, **more):
    given = {
        "office": cast.north.public_id, "first_name": "Nora", "last_name": "Newcomer", "birth_date": "1990-02-03",
        "email": "nora@patients.example", "zip_code": "62701", "phone": "",
    }  # fmt: skip
    return {**given, **more}


def links() -> list[str]:
    """The links of the confirmation e-mails, oldest first; the words are blanked once they have left."""
    outbox.drain()
    rows = Delivery.objects.filter(message__template="access/confirm").order_by("id")
    return [re.search(r"(/portal/register/[^/\s]+/)", row.message.text).group(1) for row in rows]


# --- the form -------------------------------------------------------------------------------------------------------
def test_a_confirmed_address_switches_access_on_by_itself(opened, client, clock):
    """PC-36: form, e-mail, link, user name and password, first sign-in."""
    assert client.post(FORM, typed(opened)).url == "/portal/register/?sent"
    (link,) = links()
    nora = Patient.objects.get(last_name="Newcomer")
    assert (nora.home_office, nora.email, nora.zip) == (opened.north, "nora@patients.example", "62701")
    assert portal_status(nora).state == PortalState.INACTIVE
    assert Delivery.objects.get().address == "nora@patients.example"
    for _ in range(3):
        assert client.get(link).status_code == 200  # mail scanners
    for guess in ({}, {"last_name": ""}, {"last_name": "test"}):
        assert client.post(link, guess).status_code == 422  # and one that submits what it finds
    assert not PortalAccess.objects.filter(patient=nora).exists()

    onward = client.post(link, NAME)

    assert portal_status(nora).state == PortalState.UNACTIVATED
    assert onward.url.startswith("/portal/set-password/")
    client.post(onward.url, {"username": "nora.n", "password": OWN, "again": OWN})
    assert client.post("/portal/sign-in/", {"username": "nora.n", "password": OWN}).url == "/portal/"
    assert portal_status(nora).state == PortalState.ACTIVE
    assert client.post(link, NAME).status_code == client.get(link).status_code == 404
    assert Registration.objects.get().typed == {}


def test_a_clock_that_goes_on_spoils_no_link(opened, client):
    """PC-36: the record is made a moment after the registration was read; its address is not newer than the link."""
    with time_machine.travel(NOON, tick=True):
        client.post(FORM, typed(opened))
        (link,) = links()

        assert client.post(link, NAME).url.startswith("/portal/set-password/")


def test_without_confirmation_access_stays_off_until_the_office_helps(opened, client, clock, staff_client):
    """PC-37: the office enables it by hand, then the patient follows the password reset."""
    client.post(FORM, typed(opened))
    (link,) = links()
    nora = Patient.objects.get(last_name="Newcomer")
    four = {"email": nora.email, "last_name": "newcomer", "birth_date": "1990-02-03", "zip_code": "62701"}
    client.post("/portal/forgot-password/", four)
    outbox.drain()
    assert Delivery.objects.latest("id").message.subject == "Your Patient Portal account could not be verified"
    clock.shift(48 * 3600)
    assert client.post(link, NAME).status_code == 404
    assert portal_status(nora).state == PortalState.INACTIVE
    tab = signed_in(opened.olivia).get(f"/desk/patients/{nora.public_id}/portal/").content.decode()
    assert "without confirming the e-mail address" in tab

    signed_in(opened.olivia).post(f"/desk/patients/{nora.public_id}/portal/level/", {"level": "can_access"})
    client.post("/portal/forgot-password/", four)
    outbox.drain()
    letter = Delivery.objects.latest("id").message
    token = re.search(r"(/portal/set-password/[^/\s]+/)", letter.text).group(1)
    client.post(token, {"username": "nora.n", "password": OWN, "again": OWN})

    assert client.post("/portal/sign-in/", {"username": "nora.n", "password": OWN}).url == "/portal/"


def test_who_is_on_file_gets_the_same_answer_and_no_second_record(opened, client, clock):
    """The duplicate check tells the public nothing: same page, same e-mail, same way on."""
    set_access(opened.paula)
    before = Patient.objects.count()
    known = {"last_name": "patient", "birth_date": "1980-05-17", "email": "Paula@patients.example"}
    answers = [client.post(FORM, typed(opened, **more)) for more in (known, {})]
    pages = [client.get(answer.url).content for answer in answers]

    assert answers[0].url == answers[1].url
    plain = [re.sub(rb'nonce="[^"]*"|value="[^"]*"', b"", page) for page in pages]
    assert plain[0] == plain[1]
    first, second = links()
    words = [row.message.text for row in Delivery.objects.order_by("id")]
    assert words[0].replace(first, "") == words[1].replace(second, "")
    assert Patient.objects.count() == before + 1
    assert Registration.objects.get(known=True).patient == opened.paula
    assert client.post(first, {"last_name": "Patient"}).url.startswith("/portal/set-password/")


def test_switched_off_access_is_not_switched_on_by_registering_again(opened, client, clock):
    set_access(opened.paula, level=AccessLevel.NONE)
    known = {"last_name": "Patient", "birth_date": "1980-05-17", "email": "paula@patients.example"}
    client.post(FORM, typed(opened, **known))
    (link,) = links()

    shown = client.post(link, {"last_name": "Patient"})

    assert "call your office" in shown.content.decode()
    assert PortalAccess.objects.get(patient=opened.paula).level == "none"


def test_a_look_alike_is_a_record_of_its_own_and_the_office_is_told(opened, client, clock, staff_client):
    """Same name and birthday, another mailbox: whoever writes gets nothing of the other record, and nobody but the
    office hears that there is one."""
    set_access(opened.paula)
    client.post(FORM, typed(opened, last_name="Patient", birth_date="1980-05-17"))
    (link,) = links()
    row = Registration.objects.get()
    assert row.known is False
    assert row.resembles.last_name == "Patient"
    assert row.patient not in (opened.pat, opened.paula, opened.piet)
    assert client.post(link, {"last_name": "Patient"}).url.startswith("/portal/set-password/")
    assert refresh(opened.paula).user is None

    olivia = signed_in(opened.olivia)
    shown = olivia.get("/desk/registrations/").content.decode()
    assert "May be Patient" in shown
    assert "Confirmed" in shown
    olivia.post(f"/desk/registrations/{row.public_id}/checked/")
    assert "checked by Olivia Staff" in olivia.get("/desk/registrations/").content.decode()


@pytest.mark.parametrize(("who", "status"), [("oscar", 404), ("charlie", 404), ("carla", 403), ("ian", 403)])
def test_registrations_of_other_offices_do_not_exist(opened, client, clock, who, status):
    client.post(FORM, typed(opened))
    links()
    staff = signed_in(getattr(opened, who))

    assert staff.post(f"/desk/registrations/{Registration.objects.get().public_id}/checked/").status_code == status
    assert b"Newcomer" not in staff.get("/desk/registrations/").content
    assert Registration.objects.get().checked_at is None


def test_an_address_that_the_office_changed_meanwhile_is_not_confirmed(opened, client, clock):
    client.post(FORM, typed(opened))
    (link,) = links()
    clock.shift(60)
    nora = Patient.objects.get(last_name="Newcomer")
    signed_in(opened.olivia).post(
        f"/desk/patients/{nora.public_id}/edit/",
        {"preferred_name": "", "birth_date": "1990-02-03", "email": "other@patients.example", "zip": "62701"},
    )

    assert client.post(link, NAME).status_code == 404
    assert not PortalAccess.objects.filter(patient=nora, level="can_access").exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"office": "elsewhere"}, "office"),
        ({"first_name": ""}, "first_name"),
        ({"birth_date": "2015-01-01"}, "birth_date"),
        ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"email": "nora@"}, "email"),
        ({"zip_code": ""}, "zip_code"),
        ({"last_name": "\x00"}, "last_name"),
    ],
)
def test_bad_input_is_said_beside_the_field_and_kept(opened, client, change, field):
    answer = client.post(FORM, typed(opened, **change))

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert "Nora" in answer.content.decode() or field == "first_name"
    assert Registration.objects.count() == 0


def test_a_program_gets_the_usual_answer_and_leaves_nothing(opened, client):
    assert client.post(FORM, typed(opened, website="https://spam.example")).url == "/portal/register/?sent"
    assert Registration.objects.count() == 0


def test_nobody_fills_a_strangers_mailbox(opened, client):
    answers = [client.post(FORM, typed(opened)) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert answers[-1].context["form"]["email"].value() == typed(opened)["email"]  # what was typed is still there
    assert "Nothing is lost: wait" in answers[-1].content.decode()


def test_taking_in_twice_is_once(opened, client, clock):
    """Crash between steps: the event is handed out again."""
    client.post(FORM, typed(opened))
    links()

    newcomers.take_in(registration_id=Registration.objects.get().public_id)

    assert Patient.objects.filter(last_name="Newcomer").count() == 1
    assert len(links()) == 1


def test_the_form_exists_only_where_the_practice_wants_it(cast, client, staff_client):
    """PC-36; the practice owner switches it on."""
    assert client.get(FORM).status_code == 404
    assert FORM not in client.get("/portal/sign-in/").content.decode()

    staff_client(cast.ana).post("/desk/settings/registration/", {"enabled": "on"})

    assert client.get(FORM).status_code == 200
    assert FORM in client.get("/portal/sign-in/").content.decode()
    assert "Elsewhere Office" not in client.get(FORM).content.decode()
    assert AuditEvent.objects.filter(action="practice:set-self-registration").count() == 1


@pytest.mark.parametrize(("who", "status"), [("olivia", 403), ("ian", 403), ("charlie", 403)])
def test_who_may_not_open_registration(cast, staff_client, who, status):
    assert (
        staff_client(getattr(cast, who)).post("/desk/settings/registration/", {"enabled": "on"}).status_code == status
    )
    assert not type(cast.practice).objects.filter(self_registration=True).exists()


# --- typed in by the office -----------------------------------------------------------------------------------------
ADD = "/desk/add-patient/"


@pytest.mark.parametrize(("ticked", "state"), [("on", PortalState.UNACTIVATED), ("", PortalState.INACTIVE)])
def test_the_box_decides_whether_access_is_on_from_the_start(cast, staff_client, ticked, state):
    """PC-35: "Should the patient be able to activate portal without further confirmation"."""
    olivia = staff_client(cast.olivia)
    assert (
        "Should the patient be able to activate portal without further confirmation" in olivia.get(ADD).content.decode()
    )
    fields = typed(cast, may_activate=ticked, mrn="MRN-9", idempotency_key="k1")

    answers = [olivia.post(ADD, fields).url for _ in range(2)]

    nora = Patient.objects.get(mrn="MRN-9")
    assert answers == [f"/desk/patients/{nora.public_id}/"] * 2  # a double click is one patient
    assert portal_status(nora).state == state
    assert AuditEvent.objects.filter(action="patient:add").count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"may_activate": "on", "email": ""}, "may_activate"),
        ({"may_activate": "on", "zip_code": ""}, "may_activate"),
        ({"mrn": "MRN-PAT"}, "mrn"),
        ({"office": "south"}, "office"),
        ({"last_name": ""}, "last_name"),
    ],
)
def test_what_cannot_be_is_said_and_nobody_is_added(cast, staff_client, change, field):
    """PC-38."""
    before = Patient.objects.count()
    if change.get("office"):
        change = {"office": cast.south.public_id}

    answer = staff_client(cast.olivia).post(ADD, typed(cast, **change))

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert Patient.objects.count() == before


def test_a_patient_without_number_gets_one(cast, staff_client):
    staff_client(cast.olivia).post(ADD, typed(cast, email="", zip_code=""))

    assert re.fullmatch(r"NEW-[0-9A-Z]{8}", Patient.objects.get(last_name="Newcomer").mrn)


def test_twins_who_register_do_not_disturb_each_other(opened, client, clock):
    """Several full matches count as none: a record of its own, and the office is told."""
    for number in range(2):
        set_access(make_patient(f"Twin{number}", opened.north, f"T{number}", email="twins@patients.example"))

    client.post(FORM, typed(opened, last_name="Patient", birth_date="1980-05-17", email="twins@patients.example"))
    links()

    row = Registration.objects.get()
    assert (row.known, row.resembles is not None) == (False, True)


# --- once more ------------------------------------------------------------------------------------------------------
def test_who_registers_again_because_the_link_came_to_nothing_gets_in(opened, client, clock):
    """PC-36: the page of a dead link says "Fill in the form again"."""
    client.post(FORM, typed(opened))
    (first,) = links()
    clock.shift(49 * 3600)
    assert client.post(first, NAME).status_code == 404

    client.post(FORM, typed(opened))
    second = links()[-1]

    assert Patient.objects.filter(last_name="Newcomer").count() == 1
    assert client.post(second, NAME).url.startswith("/portal/set-password/")
    assert portal_status(Patient.objects.get(last_name="Newcomer")).state == PortalState.UNACTIVATED


def test_of_two_registrations_only_the_newest_link_counts(opened, client, clock):
    client.post(FORM, typed(opened))
    client.post(FORM, typed(opened))
    first, second = links()

    assert client.post(first, NAME).status_code == 404
    assert client.post(second, NAME).url.startswith("/portal/set-password/")


@pytest.mark.parametrize("decided", ["confirmed and switched off", "switched off"])
def test_a_newcomer_whose_access_the_office_decided_on_stays_as_decided(opened, client, clock, decided):
    client.post(FORM, typed(opened))
    (first,) = links()
    nora = Patient.objects.get(last_name="Newcomer")
    if decided == "confirmed and switched off":
        client.post(first, NAME)
    set_access(nora, level=AccessLevel.NONE)
    client.post(FORM, typed(opened))
    second = links()[-1]

    assert "call your office" in client.post(second, NAME).content.decode()
    assert PortalAccess.objects.get(patient=nora).level == "none"


def test_the_mail_goes_to_the_address_on_file_not_to_the_one_typed(opened, client, clock):
    """PC-36: what counts as the same address need not be the same mailbox."""
    on_file = {"last_name": "Patient", "birth_date": "1980-05-17", "zip_code": "62701"}
    client.post(FORM, typed(opened, email="PAT@Patients.Example", **on_file))
    links()

    assert Registration.objects.get().patient == opened.pat
    assert [row.address for row in Delivery.objects.filter(message__template="access/confirm")] == [opened.pat.email]
