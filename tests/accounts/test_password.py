"""Choosing a new password, and being made to (C4)."""

import pytest

from portal_core.accounts.actions import credentials
from portal_core.accounts.errors import UnusablePassword, UsernameTaken
from portal_core.accounts.models import User
from portal_core.accounts.queries import username_taken
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.enums import Realm
from portal_core.kernel.models import AuditEvent
from tests.cast import PASSWORD

NEW = "three quiet lanterns"


def change(client, path="/desk/password/", *, current=PASSWORD, password=NEW, again=NEW):
    return client.post(path, {"current": current, "password": password, "again": again})


def must_change(user):
    user.must_change_password = True
    user.save(update_fields=["must_change_password"])


def test_a_changed_password_keeps_this_session_and_is_written_down(cast, staff_client):
    client, other = staff_client(cast.olivia), staff_client(cast.olivia)

    response = change(client)

    assert (response.status_code, response.url) == (302, "/desk/")
    assert User.objects.get(username="olivia").check_password(NEW)
    assert client.get("/desk/me/").status_code == 200
    assert other.get("/desk/me/").status_code == 302
    assert [row.action for row in AuditEvent.objects.all()] == ["account:set-password"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"current": "wrong"}, "current"),
        ({"password": "short", "again": "short"}, "password"),
        ({"password": "password12345", "again": "password12345"}, "password"),
        ({"again": "different words here"}, "again"),
        ({"password": PASSWORD, "again": PASSWORD}, "password"),
        ({"password": "", "again": ""}, "password"),
    ],
)
def test_an_unusable_change_changes_nothing(cast, staff_client, values, field):
    response = change(staff_client(cast.olivia), **values)

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert User.objects.get(username="olivia").check_password(PASSWORD)
    # A wrong guess at the current password is a guess like any other.
    written = ["account:sign-in-failed"] if field == "current" else []
    assert [row.action for row in AuditEvent.objects.all()] == written


@pytest.mark.parametrize(
    ("who", "page", "door"),
    [("olivia", "/desk/patients/", "/desk/password/"), ("pat", "/portal/", "/portal/password/")],
)
def test_somebody_who_must_change_it_opens_nothing_else(cast, staff_client, who, page, door):
    must_change(getattr(cast, who).user)
    client = staff_client(getattr(cast, who))

    response = client.get(page)
    assert (response.status_code, response.url) == (302, door)
    assert client.get(door).status_code == 200
    assert change(client, door).status_code == 302
    assert User.objects.get(pk=getattr(cast, who).user.pk).must_change_password is False
    after = client.get(page)
    assert after.status_code == 200


def test_after_signing_in_one_is_led_to_the_new_password(cast, client):
    must_change(cast.olivia.user)

    response = client.post("/desk/sign-in/", {"username": "olivia", "password": PASSWORD, "next": "/desk/me/"})

    assert (response.status_code, response.url) == (302, "/desk/password/")


def test_htmx_is_led_by_a_header(cast, staff_client):
    must_change(cast.olivia.user)

    response = staff_client(cast.olivia).get("/desk/patients/", HTTP_HX_REQUEST="true")

    assert (response.status_code, response["HX-Redirect"]) == (200, "/desk/password/")


def test_signing_out_is_always_possible(cast, staff_client):
    must_change(cast.olivia.user)

    assert staff_client(cast.olivia).post("/desk/sign-out/").url == "/desk/sign-in/"


def test_usernames_are_one_per_person_in_both_realms(cast):
    """PC-53: valid and unique."""
    assert username_taken(" OLIVIA")
    assert not username_taken("olivia", except_user=cast.olivia.user)
    assert not username_taken("olivia2")
    with pytest.raises(UsernameTaken):
        credentials.create(username="Olivia", password=NEW, realm=Realm.PATIENT, by=SYSTEM)
    assert AuditEvent.objects.count() == 0


def test_a_user_without_a_password_cannot_sign_in(cast, client):
    credentials.create(username="newcomer", password=None, realm=Realm.PATIENT, by=SYSTEM)

    assert client.post("/portal/sign-in/", {"username": "newcomer", "password": "!"}).status_code == 422


def test_a_weak_first_password_is_refused_and_no_user_stays(cast):
    with pytest.raises(UnusablePassword) as refusal:
        credentials.create(username="newcomer", password="short", realm=Realm.STAFF, by=SYSTEM)

    assert len(refusal.value.facts["password"]) >= 1
    assert not User.objects.filter(username="newcomer").exists()
