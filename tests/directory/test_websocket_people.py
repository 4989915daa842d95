"""A socket knows who opened it, from the cookie of its path's realm."""

import pytest
from asgiref.sync import async_to_sync

from portal_core.accounts.actions import credentials
from portal_core.directory.enums import Role
from portal_core.directory.people import people_for_websocket
from portal_core.kernel.contracts import SYSTEM
from tests.cast import make_staff, signed_in


async def who(path: str, cookies: str) -> tuple[str | None, str | None, str]:
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)

    headers = [(b"host", b"x"), (b"cookie", cookies.encode())]
    await people_for_websocket(app)({"type": "websocket", "path": path, "headers": headers}, None, None)
    staff, patient = seen["staff"], seen["patient"]
    return staff and staff.first_name, patient and patient.first_name, seen["actor"].label


def cookie(person, name: str | None = None) -> str:
    (real, morsel), *_rest = signed_in(person).cookies.items()
    return f"theme=dark; {name or real}={morsel.value}"


# The lookup closes connections as a server does, which inside a test's transaction would take the transaction away.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asking(transactional_db):
    return async_to_sync(who)


def test_each_realm_has_its_person(cast, asking):
    assert asking("/ws/desk/", cookie(cast.olivia)) == ("Olivia", None, "Olivia Staff")
    assert asking("/ws/triage/office/", cookie(cast.olivia)) == ("Olivia", None, "Olivia Staff")
    assert asking("/ws/portal/home/", cookie(cast.pat)) == (None, "Pat", "Pat Patient")


@pytest.mark.parametrize("path", ["/ws/status/", "/ws/help/ticket/"])
def test_public_sockets_know_nobody(cast, asking, path):
    assert asking(path, cookie(cast.olivia)) == (None, None, "Visitor")


def test_the_wrong_realm_knows_nobody(cast, asking):
    assert asking("/ws/portal/", cookie(cast.olivia)) == (None, None, "Visitor")
    assert asking("/ws/portal/", cookie(cast.olivia, "patient_session")) == (None, None, "Visitor")
    assert asking("/ws/desk/", cookie(cast.pat, "staff_session")) == (None, None, "Visitor")


@pytest.mark.parametrize("broken", ["", "staff_session=", "staff_session=nonsense", "staff_session=\xff;;;=", "a b c"])
def test_a_broken_cookie_knows_nobody(cast, asking, broken):
    assert asking("/ws/desk/", broken) == (None, None, "Visitor")


def test_an_ended_session_knows_nobody(cast, asking):
    line = cookie(cast.olivia)
    credentials.end_sessions(user=cast.olivia.user, by=SYSTEM)

    assert asking("/ws/desk/", line) == (None, None, "Visitor")


def test_an_unchosen_hat_or_a_due_password_knows_nobody(cast, asking):
    both = make_staff("Both", cast.practice, (Role.OFFICE_STAFF, cast.north), (Role.IT_AGENT, None))
    assert asking("/ws/desk/", cookie(both)) == (None, None, "Visitor")

    line = cookie(cast.olivia)
    cast.olivia.user.must_change_password = True
    cast.olivia.user.save(update_fields=["must_change_password"])
    assert asking("/ws/desk/", line) == (None, None, "Visitor")
