"""Two realms, two cookies; a session never opens the other realm."""

import pytest
from django.http import HttpRequest
from django.test import Client

from portal_core.accounts.realms import realm_of
from portal_core.kernel.enums import Realm
from tests.cast import PASSWORD, sign_in_by_form


@pytest.mark.parametrize(
    ("path", "realm"),
    [
        ("/portal/", Realm.PATIENT),
        ("/ws/portal/x/", Realm.PATIENT),
        ("/api/v1/portal/appointments/", Realm.PATIENT),
        ("/api/v1/tickets/", Realm.STAFF),
        ("/desk/", Realm.STAFF),
        ("/triage/it/", Realm.STAFF),
        ("/ws/desk/", Realm.STAFF),
        ("/ws/triage/office/", Realm.STAFF),
        ("/", Realm.PUBLIC),
        ("/status/", Realm.PUBLIC),
        ("/api/v2/summary.json", Realm.PUBLIC),
        ("/desk", Realm.PUBLIC),
        ("/portalx/", Realm.PUBLIC),
        ("/help/portal/", Realm.PUBLIC),
        ("/ws/status/", Realm.PUBLIC),
    ],
)
def test_the_path_decides_the_realm(path, realm):
    assert realm_of(path) is realm


def test_signing_in_to_one_realm_sets_that_cookie_only(cast):
    client = Client()

    response = sign_in_by_form(client, Realm.STAFF, "olivia")

    assert response.status_code == 302
    assert response.url == "/desk/"
    assert "staff_session" in client.cookies
    assert "patient_session" not in client.cookies
    cookie = client.cookies["staff_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


def test_staff_credentials_do_not_open_the_portal(cast):
    client = Client()

    response = sign_in_by_form(client, Realm.PATIENT, "olivia")

    assert response.status_code == 422
    assert "patient_session" not in client.cookies


def test_a_patient_session_opens_no_staff_page(cast, patient_client):
    response = patient_client(cast.pat).get("/desk/me/")

    assert (response.status_code, response.url) == (302, "/desk/sign-in/?next=/desk/me/")


def test_a_staff_session_opens_no_portal_page(cast, staff_client):
    response = staff_client(cast.olivia).get("/portal/password/")

    assert (response.status_code, response.url) == (302, "/portal/sign-in/?next=/portal/password/")


@pytest.mark.parametrize(
    ("own", "other", "path", "door"),
    [
        ("staff_session", "patient_session", "/portal/password/", "/portal/sign-in/?next=/portal/password/"),
        ("patient_session", "staff_session", "/desk/password/", "/desk/sign-in/?next=/desk/password/"),
    ],
)
def test_a_cookie_moved_to_the_other_name_is_anonymous(cast, staff_client, own, other, path, door):
    client = staff_client(cast.olivia if own == "staff_session" else cast.pat)
    key = client.cookies[own].value
    thief = Client()
    thief.cookies[other] = key

    response = thief.get(path)

    assert (response.status_code, response.url) == (302, door)
    assert client.get("/desk/password/" if own == "staff_session" else "/portal/password/").status_code == 200


def test_both_realms_can_be_open_in_one_browser(cast, staff_client):
    client = staff_client(cast.olivia)
    sign_in_by_form(client, Realm.PATIENT, "pat")

    assert client.get("/desk/password/").status_code == 200
    assert client.get("/portal/password/").status_code == 200
    client.post("/portal/sign-out/")
    assert client.get("/desk/password/").status_code == 200
    assert client.get("/portal/password/").status_code == 302


def test_public_pages_never_touch_a_session(cast, staff_client, rf, django_assert_num_queries):
    from django.http import HttpResponse

    from portal_core.accounts.sessions import RealmSessionMiddleware

    seen = {}

    def view(request: HttpRequest) -> HttpResponse:
        seen["session"] = hasattr(request, "session")
        return HttpResponse("x")

    request = rf.get("/status/")
    request.COOKIES["staff_session"] = staff_client(cast.olivia).cookies["staff_session"].value
    with django_assert_num_queries(0):
        response = RealmSessionMiddleware(view)(request)

    assert seen == {"session": False}
    assert not response.cookies


def test_sign_out_is_a_post_and_ends_the_session(cast, staff_client):
    client = staff_client(cast.olivia)
    key = client.cookies["staff_session"].value

    assert client.get("/desk/sign-out/").status_code == 405
    response = client.post("/desk/sign-out/")

    assert (response.status_code, response.url) == (302, "/desk/sign-in/")
    stale = Client()
    stale.cookies["staff_session"] = key
    assert stale.get("/desk/password/").status_code == 302


def test_a_session_gets_a_new_key_at_sign_in(cast):
    """Fixation: a key planted before the sign-in is worthless after it."""
    client = Client()
    client.cookies["staff_session"] = "planted0123456789planted01234567"

    sign_in_by_form(client, Realm.STAFF, "olivia", PASSWORD)

    assert client.cookies["staff_session"].value != "planted0123456789planted01234567"
