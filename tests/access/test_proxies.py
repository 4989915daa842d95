"""People who act for a patient: a sign-in of their own, what they were given and no more, and an end that comes by
itself."""

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client

from portal_core.access import errors
from portal_core.access.actions import proxies
from portal_core.access.enums import ProxyScope, Relationship
from portal_core.access.models import PortalAccess, ProxyGrant, ProxyPerson
from portal_core.access.rules.proxy import Terms, allowed, birthday, last_day
from portal_core.directory.people import _people
from portal_core.kernel.enums import Realm
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import refresh
from tests.cast import PASSWORD, make_patient, make_user, signed_in
from tests.helpdesk.factories import TicketFactory
from tests.scheduling.factories import AppointmentFactory

pytestmark = pytest.mark.usefixtures("check")

NOON = dt.datetime(2026, 3, 2, 18, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 3, 2)
OWN = "a few plain words 42"
BOTH = frozenset({ProxyScope.SCHEDULE, ProxyScope.TELEHEALTH})


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def child(cast, clock):
    return make_patient("Kim", cast.north, "MRN-KIM", birth_date=dt.date(2019, 6, 1), email="")


def give(cast, patient, **more):
    values = {
        "name": "Dana Doe", "email": "Dana@people.example", "relationship": "parent", "scopes": list(BOTH),
        "starts_on": TODAY, "ends_on": dt.date(2026, 12, 31), "attestation_id": "att-1", "by": cast.olivia.actor,
    }  # fmt: skip
    return proxies.grant(patient=patient, **{**values, **more})


def signed_in_proxy(grant) -> Client:
    """Somebody who has accepted already."""
    person = grant.person
    if person.user_id is None:
        person.user = make_user("dana", Realm.PATIENT)
        person.save(update_fields=["user"])

    class Person:
        user = person.user
        first_name = person.name

    return signed_in(Person())


# --- the rules ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("relationship", "born", "today", "scopes"),
    [
        ("parent", dt.date(2014, 3, 3), TODAY, BOTH),  # 11, for one more day
        ("parent", dt.date(2014, 3, 2), TODAY, {"schedule"}),  # 12 today
        ("guardian", dt.date(2008, 3, 3), TODAY, {"schedule"}),  # 17, for one more day
        ("guardian", dt.date(2008, 3, 2), TODAY, set()),  # 18 today
        ("parent", None, TODAY, set()),
        ("spouse", dt.date(1980, 1, 1), TODAY, BOTH),
        ("attorney", None, TODAY, BOTH),
        ("spouse", None, dt.date(2026, 2, 28), set()),  # before the first day
        ("spouse", None, dt.date(2026, 3, 1), BOTH),
        ("spouse", None, dt.date(2026, 12, 31), BOTH),
        ("spouse", None, dt.date(2027, 1, 1), set()),  # after the last
    ],
)
def test_what_holds_on_a_day(relationship, born, today, scopes):
    terms = Terms(
        relationship=relationship, scopes=["schedule", "telehealth", "made up"], starts_on=dt.date(2026, 3, 1),
        ends_on=dt.date(2026, 12, 31), ended=False,
    )  # fmt: skip

    assert allowed(terms, born=born, today=today) == scopes


def test_the_latest_day():
    assert last_day("parent", dt.date(2008, 9, 1), TODAY) == dt.date(2026, 8, 31)
    assert last_day("parent", dt.date(2019, 6, 1), TODAY) == TODAY + dt.timedelta(days=366)
    assert last_day("parent", dt.date(2008, 3, 2), TODAY) is None
    assert last_day("parent", None, TODAY) is None
    assert last_day("spouse", None, TODAY) == TODAY + dt.timedelta(days=366)
    assert birthday(dt.date(2008, 2, 29), 18) == dt.date(2026, 3, 1)
    assert set(Relationship.of_minors) <= set(Relationship.values)


# --- the office -----------------------------------------------------------------------------------------------------
def form(**more):
    return {
        "name": "Dana Doe", "email": "dana@people.example", "relationship": "parent", "scopes": ["schedule"],
        "starts_on": "2026-03-02", "ends_on": "2026-12-31", "my_password": PASSWORD, **more,
    }  # fmt: skip


def test_from_the_office_to_the_child_s_page(cast, child, client):
    """Own login, relationship, scopes, start and end; the ledger names who acted and for whom."""
    answer = signed_in(cast.olivia).post(f"/desk/patients/{child.public_id}/proxies/new/", form())
    assert answer.status_code == 302
    letter = Delivery.objects.get()
    assert letter.address == "dana@people.example"
    assert "Kim" not in letter.message.text
    link = re.search(r"(/portal/proxy/[^/\s]+/)", letter.message.text).group(1)
    assert [client.get(link).status_code for _ in range(2)] == [200, 200]
    assert client.post(link, {"username": "pat", "password": OWN, "again": OWN}).status_code == 422

    client.post(link, {"username": "dana.d", "password": OWN, "again": OWN})

    assert client.get(link).status_code == client.post(link).status_code == 404
    assert client.post("/portal/sign-in/", {"username": "dana.d", "password": OWN}).url == "/portal/"
    home = client.get("/portal/").content.decode()
    assert "You are viewing Kim Patient" in home
    assert "Hello, Dana Doe" in home
    assert PortalAccess.objects.get(patient=child).first_access_at is None  # a proxy is not the patient
    shown = signed_in(cast.olivia).get(f"/desk/patients/{child.public_id}/portal/").content.decode()
    assert "Dana Doe" in shown
    line = AuditEvent.objects.get(action="access:grant_proxy")
    assert line.facts["scopes"] == ["schedule"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"my_password": "wrong"}, "my_password"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["chart"]}, "scopes"),
        ({"ends_on": "2027-04-01"}, "ends_on"),
        ({"ends_on": "2026-03-01"}, "ends_on"),
        ({"relationship": "friend"}, "relationship"),
        ({"email": "nobody"}, "email"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_given(cast, child, change, field):
    answer = signed_in(cast.olivia).post(f"/desk/patients/{child.public_id}/proxies/new/", form(**change))

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert (ProxyGrant.objects.count(), Delivery.objects.count()) == (0, 0)


def test_a_proxy_needs_an_address_of_their_own(cast, clock):
    """PC-39: the patient's mailbox is no proxy's."""
    answer = signed_in(cast.olivia).post(
        f"/desk/patients/{cast.pat.public_id}/proxies/new/", form(email="PAT@patients.example", relationship="spouse")
    )

    assert "email" in answer.context["form"].errors


@pytest.mark.parametrize(("who", "status"), [("carla", 403), ("oscar", 404), ("charlie", 404), ("ian", 403)])
def test_strangers_give_and_end_nothing(cast, child, who, status):
    row = give(cast, child)
    stranger = signed_in(getattr(cast, who))

    assert stranger.post(f"/desk/patients/{child.public_id}/proxies/new/", form()).status_code == status
    assert stranger.post(f"/desk/patients/{child.public_id}/proxies/{row.public_id}/end/").status_code == status
    assert refresh(row).ended_at is None


def test_a_grant_of_another_patient_is_not_found(cast, child):
    row = give(cast, child)

    answer = signed_in(cast.olivia).post(f"/desk/patients/{cast.pat.public_id}/proxies/{row.public_id}/end/")

    assert answer.status_code == 404
    assert refresh(row).ended_at is None


def test_twice_is_refused_and_a_parent_of_somebody_of_age_too(cast, child):
    give(cast, child)
    with pytest.raises(errors.ProxyExists):
        give(cast, child)
    with pytest.raises(errors.ProxyOfAge):
        give(cast, cast.pat)
    with pytest.raises(errors.AttestationRequired):
        give(cast, cast.pat, relationship="spouse", attestation_id="")

    assert ProxyGrant.objects.count() == 1


def test_over_the_phone_an_identity_check_is_used_up(cast, child, open_gate):
    assert give(cast, child).method == "checked"
    assert open_gate == [("att-1", "grant_proxy")]


# --- what they see --------------------------------------------------------------------------------------------------
def test_pages_without_a_mark_are_the_patients_own(cast, child, monkeypatch):
    """Closed by default; a scope that was not given opens nothing."""
    client = signed_in_proxy(give(cast, child, scopes=["schedule"]))

    assert client.get("/portal/").context["may_see_appointments"] is True
    assert client.get("/portal/telehealth/00000000000000000000/").status_code in (403, 404)
    assert client.get("/portal/security/").status_code == 200  # their own, not the patient's


def test_the_home_page_shows_appointments_and_nothing_else_of_the_patients(cast, child):
    """What other rooms put on the patient's own page (requests, the words we say when we call) is not theirs."""
    AppointmentFactory(patient=child, clinician=cast.carla, office=cast.north, start=NOON + dt.timedelta(hours=2))
    TicketFactory(office=cast.north, patient=child, state="open")
    full = signed_in_proxy(give(cast, child, scopes=["schedule"])).get("/portal/").content.decode()

    assert "Your appointments" in full
    assert "Carla Staff" in full
    assert "your open requests" not in full.casefold()
    assert "when we call" not in full.casefold()


def test_without_the_schedule_no_appointment_is_shown(cast, child):
    client = signed_in_proxy(give(cast, child, scopes=["telehealth"]))

    assert client.get("/portal/").context["may_see_appointments"] is False


def test_on_the_twelfth_birthday_video_visits_end_and_on_the_eighteenth_all(cast, child, clock):
    """Age rules, with nobody who has to remember."""
    row = give(cast, child)
    ProxyGrant.objects.update(ends_on=dt.date(2040, 1, 1))
    client = signed_in_proxy(row)
    for day, may, status in (
        (dt.date(2031, 5, 31), {"schedule", "telehealth"}, 200),
        (dt.date(2031, 6, 1), {"schedule"}, 200),
        (dt.date(2037, 5, 31), {"schedule"}, 200),
        (dt.date(2037, 6, 1), set(), 403),
    ):
        clock.move_to(dt.datetime(day.year, day.month, day.day, 18, tzinfo=dt.UTC))
        answer = signed_in_proxy(refresh(row)).get("/portal/")
        assert answer.status_code == status
        assert getattr(answer.wsgi_request.acting, "scopes", set()) == may
    assert client.get("/portal/").status_code == 302  # that session rested too long


def test_it_ends_by_itself_on_its_last_day_at_the_office(cast, child, clock):
    """The day ends in Chicago, not in Greenwich."""
    row = give(cast, child, ends_on=TODAY)
    clock.move_to(dt.datetime(2026, 3, 3, 5, 59, tzinfo=dt.UTC))
    assert signed_in_proxy(row).get("/portal/").status_code == 200
    clock.move_to(dt.datetime(2026, 3, 3, 6, 0, tzinfo=dt.UTC))
    assert signed_in_proxy(refresh(row)).get("/portal/").status_code == 403


def test_the_office_ends_it_at_once(cast, child, client):
    row = give(cast, child)
    inside = signed_in_proxy(row)
    assert inside.get("/portal/").status_code == 200

    for _ in range(2):
        signed_in(cast.olivia).post(f"/desk/patients/{child.public_id}/proxies/{row.public_id}/end/")

    assert inside.get("/portal/").status_code == 302
    refused = client.post("/portal/sign-in/", {"username": "dana", "password": PASSWORD})
    assert (refused.status_code, "has ended" in refused.content.decode()) == (403, True)
    assert AuditEvent.objects.filter(action="access:end_proxy").count() == 1


def test_two_patients_one_sign_in(cast, child):
    """The second grant needs no new account; ids of strangers choose nobody."""
    other = make_patient("Lou", cast.north, "MRN-LOU", birth_date=dt.date(2020, 1, 1), last_name="Zimmer")
    client = signed_in_proxy(give(cast, child))
    second = give(cast, other)
    foreign = give(cast, cast.pat, relationship="spouse", email="else@people.example")
    assert ProxyPerson.objects.filter(email="dana@people.example").count() == 1
    assert second.link_hash == ""
    assert "You are viewing Kim" in client.get("/portal/").content.decode()

    client.post("/portal/acting-for/", {"grant": foreign.public_id})
    assert "You are viewing Kim" in client.get("/portal/").content.decode()
    client.post("/portal/acting-for/", {"grant": second.public_id})
    assert "You are viewing Lou" in client.get("/portal/").content.decode()


def test_the_deed_of_a_proxy_is_not_the_patients(cast, child):
    request = signed_in_proxy(give(cast, child)).get("/portal/").wsgi_request

    assert request.patient == child
    assert request.actor.label == request.patient.actor.label == "Dana Doe for Kim Patient"
    assert request.actor.id == ProxyPerson.objects.get().public_id


@pytest.mark.parametrize(("scopes", "opens"), [(["telehealth"], True), (["schedule"], False)])
def test_sockets_ask_for_the_same(cast, child, scopes, opens):
    client = signed_in_proxy(give(cast, child, scopes=scopes))
    key = client.cookies["patient_session"].value

    _staff, patient, group = _people(Realm.PATIENT, key, "/ws/portal/telehealth/00000000000000000000/")

    assert (patient == child) is opens
    assert group
    assert _people(Realm.PATIENT, key, "/ws/portal/else/")[1] is None


def test_an_invitation_runs_out(cast, child, clock, client):
    give(cast, child)
    link = re.search(r"(/portal/proxy/[^/\s]+/)", Delivery.objects.get().message.text).group(1)

    clock.shift(48 * 3600)

    assert client.get(link).status_code == 404
    assert client.get("/portal/proxy/nonsense/").status_code == 404
