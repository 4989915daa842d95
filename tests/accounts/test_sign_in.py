"""The two front doors: what they say, what they leave in the ledger, where they send people."""

import pytest
from django.test import Client

from portal_core.accounts import sign_in as hooks
from portal_core.accounts.models import User
from portal_core.kernel.enums import Realm
from portal_core.kernel.errors import Forbidden
from portal_core.kernel.models import AuditEvent
from tests.cast import PASSWORD, make_user, sign_in_by_form

WRONG = "That username and password do not match. Check both and try again."


def lines() -> list[tuple[str, str, dict]]:
    return [(row.action, row.actor_label, row.facts) for row in AuditEvent.objects.order_by("id")]


def test_a_good_sign_in_is_written_down_with_the_person(cast):
    sign_in_by_form(Client(), Realm.STAFF, "Olivia ")

    row = AuditEvent.objects.get()
    assert (row.action, row.actor_label, row.practice_id) == ("account:sign-in", "Olivia Staff", cast.practice.pk)
    assert row.facts == {"realm": "staff"}


@pytest.mark.parametrize(
    ("username", "password"),
    [("olivia", "wrong"), ("nobody", PASSWORD), ("closed", PASSWORD), ("pat", PASSWORD), ("empty", ""), ("empty", "x")],
)
def test_every_failure_gets_the_same_answer(cast, username, password):
    make_user("closed", Realm.STAFF, is_active=False)
    User.objects.create_user("empty", None, realm=Realm.STAFF)

    page = sign_in_by_form(Client(), Realm.STAFF, username, password)

    assert page.status_code == 422
    if password:
        assert page.context["form"].non_field_errors() == [WRONG]
    assert "staff_session" not in page.cookies
    assert username in page.content.decode()
    assert "correct horse" not in page.content.decode()


def test_a_failure_is_written_down_without_what_was_typed(cast):
    sign_in_by_form(Client(), Realm.STAFF, "olivia", "my secret guess")
    sign_in_by_form(Client(), Realm.STAFF, "someone-else", "my secret guess")

    rows = list(AuditEvent.objects.order_by("id"))
    assert [(row.action, row.actor_kind, row.target_id, row.facts) for row in rows] == [
        ("account:sign-in-failed", "requester", cast.olivia.user.public_id, {"realm": "staff"}),
        ("account:sign-in-failed", "requester", "", {"realm": "staff"}),
    ]
    assert rows[0].practice_id == cast.practice.pk


def test_an_unknown_name_costs_the_same_hashing_as_a_known_one(cast, monkeypatch, settings):
    from django.contrib.auth.hashers import MD5PasswordHasher

    encoded = []
    real = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: encoded.append(1) or real(*args))

    counts = []
    for name in ("olivia", "nobody"):
        encoded.clear()
        sign_in_by_form(Client(), Realm.STAFF, name, "wrong password")
        counts.append(len(encoded))

    assert counts == [1, 1]


def test_sign_out_is_written_down(cast, staff_client):
    staff_client(cast.olivia).post("/desk/sign-out/")

    assert [action for action, *_rest in lines()] == ["account:sign-out"]


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("/desk/me/", "/desk/me/"),
        ("/desk/patients/?x=1", "/desk/patients/?x=1"),
        ("https://evil.example/desk/", "/desk/"),
        ("//evil.example/desk/", "/desk/"),
        ("/\\evil.example", "/desk/"),
        ("/portal/", "/desk/"),
        ("/status/", "/desk/"),
        ("/api/v1/tickets/", "/desk/"),
        ("/desk/sign-out/", "/desk/"),
        ("/desk/sign-in/", "/desk/"),
        ("javascript:alert(1)", "/desk/"),
        ("", "/desk/"),
    ],
)
def test_after_signing_in_one_stays_in_the_realm_and_on_this_host(cast, wanted, target):
    response = sign_in_by_form(Client(), Realm.STAFF, "olivia", next=wanted)

    assert (response.status_code, response.url) == (302, target)


def test_the_patients_door_has_the_seeds_two_links(cast):
    """PC-30, PC-31"""
    page = Client().get("/portal/sign-in/").content.decode()

    assert "I am a registered patient. Create my Patient Portal account" in page
    assert "I forgot my password" in page


@pytest.mark.parametrize("path", ["/desk/sign-in/", "/portal/sign-in/"])
def test_the_doors_can_be_looked_at_without_a_cookie(cast, path):
    response = Client().get(path)

    assert response.status_code == 200
    assert {name for name in response.cookies if "session" in name} == set()
    assert response["Cache-Control"].find("no-store") >= 0


def test_someone_signed_in_is_sent_on(cast, staff_client):
    response = staff_client(cast.olivia).get("/desk/sign-in/?next=/desk/me/")

    assert (response.status_code, response.url) == (302, "/desk/me/")


def test_a_room_above_may_refuse_and_nothing_stays(cast, monkeypatch):
    def closed(user, at):
        raise Forbidden("Your access is switched off. Call your office.")

    monkeypatch.setattr(hooks, "_after", [*hooks._after, closed])
    client = Client()

    page = sign_in_by_form(client, Realm.STAFF, "olivia")

    assert page.status_code == 403
    assert page.context["form"].non_field_errors() == ["Your access is switched off. Call your office."]
    assert client.get("/desk/me/").status_code == 302
    assert [action for action, *_rest in lines()] == ["account:sign-in-refused"]


def test_a_portal_without_access_refuses_the_right_password(cast):
    """PC-34: switched off means no sign-in, whatever the password."""
    from portal_core.access.models import PortalAccess

    PortalAccess.objects.all().delete()
    client = Client()

    page = sign_in_by_form(client, Realm.PATIENT, "pat")

    assert page.status_code == 403
    assert client.get("/portal/password/").status_code == 302


def test_csrf_is_enforced_at_the_door(cast):
    response = Client(enforce_csrf_checks=True).post("/desk/sign-in/", {"username": "olivia", "password": PASSWORD})

    assert response.status_code == 403
    assert "staff_session" not in response.cookies


def test_a_form_too_long_or_empty_is_refused_with_what_was_typed(cast):
    page = sign_in_by_form(Client(), Realm.STAFF, "x" * 151, "y")

    assert page.status_code == 422
    assert "x" * 151 in page.content.decode()
    assert AuditEvent.objects.count() == 0
