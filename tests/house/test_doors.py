"""Closed by default: every address of the URL map, tried by everyone who has no business there."""

import pytest

from portal_core.accounts.sessions import realm_of
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.enums import Realm
from statuspage.actions import pages
from tests.house.urls import addresses

# Addresses of the two realms that answer without a session. Adding one is a decision, so it is written down here.
OPEN_IN_A_REALM = {
    "desk/sign-in/",
    "portal/sign-in/",
    "desk/sign-in/code/",
    "desk/welcome/<str:secret>/",
    "portal/sign-in/code/",
    "portal/activate/",
    "portal/activate/pin/",
    "portal/forgot-password/",
    "portal/forgot-username/",
    "portal/proxy/<str:secret>/",
    "portal/register/",
    "portal/register/<str:secret>/",
    "portal/email-change/<str:secret>/",
    "portal/set-password/<str:token>/",
    "api/v1/schema/",
    "api/v1/docs/",
}

IN_REALMS = [address for address in addresses() if realm_of(address.path) is not Realm.PUBLIC]
CLOSED = [address for address in IN_REALMS if address.pattern not in OPEN_IN_A_REALM]


def test_the_url_map_was_really_walked():
    assert len(IN_REALMS) > 30


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_enters_without_a_session(client, db, method):
    for address in CLOSED:
        answer = getattr(client, method)(address.path)

        assert answer.status_code in (302, 401, 404, 405), f"{answer.status_code} for {address.pattern}"
        if answer.status_code == 302:
            assert answer["Location"].startswith(("/desk/sign-in/", "/portal/sign-in/")), address.pattern


def test_a_patient_session_opens_no_staff_page_and_a_staff_session_no_patient_page(cast, patient_client, staff_client):
    """TR-01: two realms; signing in to one never opens the other."""
    staff, patient = staff_client(cast.carla), patient_client(cast.pat)
    for address in CLOSED:
        visitor = staff if realm_of(address.path) is Realm.PATIENT else patient

        answer = visitor.get(address.path)

        assert answer.status_code in (302, 401, 404, 405), f"{answer.status_code} for {address.pattern}"


def test_public_pages_answer_and_set_no_session_cookie(client, db):
    pages.set_up(name="Larkfield", by=SYSTEM)
    for address in addresses():
        if realm_of(address.path) is Realm.PUBLIC:
            answer = client.get(address.path)

            assert answer.status_code < 500, address.path
            assert not {"staff_session", "patient_session", "sessionid"} & set(answer.cookies), address.path
