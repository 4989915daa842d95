"""Somebody with office and IT roles works on one side per session (design.md section 7)."""

import pytest

from portal_core.directory.enums import Permission, Role
from portal_core.kernel.models import AuditEvent
from tests.cast import make_staff


@pytest.fixture
def both(cast):
    return make_staff("Both", cast.practice, (Role.OFFICE_STAFF, cast.north), (Role.IT_AGENT, None))


def test_nothing_opens_before_the_choice(cast, both, staff_client):
    client = staff_client(both)

    for path in ("/desk/", "/desk/me/", "/desk/patients/"):
        response = client.get(path)
        assert (response.status_code, response.url) == (302, "/desk/hat/")
    assert client.get("/desk/me/", HTTP_HX_REQUEST="true")["HX-Redirect"] == "/desk/hat/"
    assert client.get("/desk/hat/").status_code == 200
    assert client.get("/desk/password/").status_code == 200


@pytest.mark.parametrize(("hat", "patients"), [("practice", 200), ("it", 403)])
def test_the_choice_decides_what_opens_and_stands_in_the_ledger(cast, both, staff_client, hat, patients):
    client = staff_client(both)
    key = client.cookies["staff_session"].value

    response = client.post("/desk/hat/", {"hat": hat})

    assert (response.status_code, response.url) == (302, "/desk/")
    assert client.cookies["staff_session"].value != key
    assert client.get("/desk/patients/").status_code == patients
    row = AuditEvent.objects.filter(action="staff:choose-hat").get()
    assert (row.actor_hat, row.facts) == (hat, {"hat": hat})


def test_it_hat_finds_no_patient(cast, both, staff_client):
    """TR-01"""
    client = staff_client(both)
    client.post("/desk/hat/", {"hat": "it"})

    assert client.get(f"/desk/patients/{cast.pat.public_id}/").status_code == 403


def test_the_choice_holds_until_the_next_sign_in(cast, both, staff_client):
    client = staff_client(both)
    client.post("/desk/hat/", {"hat": "it"})

    assert client.post("/desk/hat/", {"hat": "practice"}).status_code == 409
    assert client.get("/desk/patients/").status_code == 403
    assert staff_client(both).get("/desk/me/").url == "/desk/hat/"


@pytest.mark.parametrize("hat", ["", "boss", "unchosen"])
def test_a_hat_one_does_not_have(cast, both, staff_client, hat):
    assert staff_client(both).post("/desk/hat/", {"hat": hat}).status_code == 422


def test_one_hat_needs_no_choice(cast, staff_client):
    assert staff_client(cast.olivia).get("/desk/hat/").url == "/desk/"
    assert staff_client(cast.olivia).post("/desk/hat/", {"hat": "it"}).status_code == 409


def test_a_hat_hides_the_roles_of_the_other(both):
    both.hat = "it"
    assert (both.may(Permission.IT_DESK), both.may(Permission.PATIENT_READ)) == (True, False)
    assert both.offices_for(Permission.PATIENT_READ) == []
    assert both.actor.hat == "it"
