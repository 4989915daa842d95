"""A session rests at most so long and lives at most so long."""

import datetime as dt

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from portal_core.accounts.actions import credentials
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.enums import Realm
from tests.cast import sign_in_by_form

START = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)
PAGES = {Realm.STAFF: "/desk/me/", Realm.PATIENT: "/portal/password/"}


def enter(realm: Realm) -> Client:
    client = Client()
    assert sign_in_by_form(client, realm, "olivia" if realm is Realm.STAFF else "pat").status_code == 302
    return client


@pytest.mark.parametrize(("realm", "idle"), [(Realm.STAFF, 30 * 60), (Realm.PATIENT, 20 * 60)])
def test_resting_too_long_ends_the_session(cast, realm, idle):
    with time_machine.travel(START, tick=False) as clock:
        client = enter(realm)
        clock.shift(idle - 1)
        assert client.get(PAGES[realm]).status_code == 200
        clock.shift(idle - 1)
        assert client.get(PAGES[realm]).status_code == 200
        clock.shift(idle)
        assert client.get(PAGES[realm]).status_code == 302
        assert Session.objects.count() == 0


@pytest.mark.parametrize(("realm", "hours"), [(Realm.STAFF, 12), (Realm.PATIENT, 8)])
def test_even_a_busy_session_ends(cast, realm, hours):
    with time_machine.travel(START, tick=False) as clock:
        client = enter(realm)
        for _ in range(hours * 4 - 1):
            clock.shift(900)
            assert client.get(PAGES[realm]).status_code == 200
        clock.shift(900)
        assert client.get(PAGES[realm]).status_code == 302


def test_last_seen_is_written_at_most_once_a_minute(cast):
    with time_machine.travel(START, tick=False) as clock:
        client = enter(Realm.STAFF)
        before = Session.objects.get().session_data
        clock.shift(59)
        client.get("/desk/me/")
        assert Session.objects.get().session_data == before
        clock.shift(1)
        client.get("/desk/me/")
        assert Session.objects.get().session_data != before


def test_a_new_password_ends_every_other_session(cast, staff_client):
    here, there = staff_client(cast.olivia), staff_client(cast.olivia)

    credentials.set_password(user=cast.olivia.user, password="another long password", by=SYSTEM)

    assert here.get("/desk/me/").status_code == there.get("/desk/me/").status_code == 302


def test_sessions_can_be_ended_everywhere_at_once(cast, patient_client):
    client = patient_client(cast.pat)
    assert client.get("/portal/password/").status_code == 200

    credentials.end_sessions(user=cast.pat.user, by=SYSTEM)

    assert client.get("/portal/password/").status_code == 302


def test_a_closed_account_has_no_working_session(cast, staff_client):
    client = staff_client(cast.olivia)

    credentials.set_active(user=cast.olivia.user, active=False, by=SYSTEM)

    assert client.get("/desk/me/").status_code == 302


def test_a_page_costs_four_queries_for_who_is_there(cast, staff_client, django_assert_num_queries, rf):
    """Session, user, staff member, roles."""
    from django.http import HttpResponse

    from portal_core.accounts.sessions import RealmAuthenticationMiddleware, RealmSessionMiddleware
    from portal_core.directory.people import PeopleMiddleware

    request = rf.get("/desk/")
    request.COOKIES["staff_session"] = staff_client(cast.olivia).cookies["staff_session"].value
    chain = RealmSessionMiddleware(
        RealmAuthenticationMiddleware(PeopleMiddleware(lambda request: HttpResponse(request.staff.name)))
    )

    with django_assert_num_queries(4):
        response = chain(request)

    assert response.content == b"Olivia Staff"


@pytest.mark.parametrize(("realm", "idle"), [(Realm.STAFF, 30 * 60), (Realm.PATIENT, 20 * 60)])
def test_what_a_page_asks_for_by_itself_keeps_no_session_open(cast, realm, idle):
    """A desk that nobody sits at goes on hearing of its colleagues' work; that is no sign of life."""
    with time_machine.travel(START, tick=False) as clock:
        client = enter(realm)
        for _ in range(idle // 120 - 1):
            clock.shift(120)
            assert client.get(PAGES[realm], headers={"X-Background": "1"}).status_code == 200
        clock.shift(120)
        assert client.get(PAGES[realm], headers={"X-Background": "1"}).status_code == 302
