"""Tokens for programs: they open the API for one person, and nothing else, until that person ends it."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from portal_core.accounts.actions import credentials, tokens
from portal_core.accounts.errors import TooManyTokens
from portal_core.accounts.models import ApiToken
from portal_core.directory.actions import staff as staff_actions
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.models import AuditEvent
from tests.cast import PASSWORD, signed_in

API = "/api/v1/tickets/"
NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def made(person, name="Reports") -> str:
    return tokens.create(user=person.user, name=name, by=person.actor)[1]


def asked(secret: str, path: str = API, scheme: str = "Bearer") -> int:
    answer = Client().get(path, headers={"Authorization": f"{scheme} {secret}"})
    assert not answer.cookies, "a program gets no session"
    return answer.status_code


def test_it_opens_the_api_and_no_page(cast):
    secret = made(cast.olivia)

    assert asked(secret) == 200
    assert asked(secret, scheme="bearer") == 200
    assert asked(secret, path="/triage/office/") == 302
    assert asked(secret, path="/api/v1/portal/") in (401, 404)
    assert asked(secret, path="/api/v1/flags/") == 403, "Olivia has no IT console, so her program has none"


@pytest.mark.parametrize("secret", ["", "lantern_", "lantern_wrong", "x" * 5000, "lantern_é"])
def test_a_wrong_one_opens_nothing_even_beside_a_good_session(cast, secret):
    made(cast.olivia)
    client = signed_in(cast.olivia)

    assert client.get(API).status_code == 200
    assert client.get(API, headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_only_a_hash_is_kept_and_the_ledger_has_no_secret(cast):
    secret = made(cast.olivia)

    row = ApiToken.objects.get()
    assert secret not in {str(value) for value in vars(row).values()}
    line = AuditEvent.objects.get(action="api_token:create")
    assert secret not in str(line.facts)


def test_it_writes_without_a_csrf_token_and_a_session_does_not(cast):
    secret = made(cast.olivia)
    program, browser = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    signed_in(cast.olivia, client=browser)
    path = f"{API}nosuchticket/take/"

    assert program.post(path, headers={"Authorization": f"Bearer {secret}"}).status_code == 404
    assert browser.post(path).status_code == 403


@pytest.mark.parametrize(
    "end",
    [
        lambda cast: credentials.end_sessions(user=cast.olivia.user, by=cast.olivia.actor),
        lambda cast: credentials.set_password(user=cast.olivia.user, password="another long password", by=SYSTEM),
        lambda cast: credentials.set_active(user=cast.olivia.user, active=False, by=SYSTEM),
        lambda cast: tokens.revoke(
            user=cast.olivia.user, token_id=ApiToken.objects.get().public_id, by=cast.olivia.actor
        ),
    ],
    ids=["sign-out-everywhere", "new-password", "account-off", "taken-away"],
)
def test_what_ends_it(cast, end):
    secret = made(cast.olivia)
    assert asked(secret) == 200

    end(cast)

    assert asked(secret) == 401


def test_it_lives_a_year_to_the_second(cast):
    with time_machine.travel(NOON, tick=False) as moment:
        secret = made(cast.olivia)
        moment.move_to(NOON + tokens.LIVES - dt.timedelta(seconds=1))
        assert asked(secret) == 200
        moment.move_to(NOON + tokens.LIVES)
        assert asked(secret) == 401


def test_when_it_was_used_is_written_once_a_minute(cast):
    with time_machine.travel(NOON, tick=False) as moment:
        secret = made(cast.olivia)
        asked(secret)
        moment.shift(59)
        asked(secret)
        assert ApiToken.objects.get().last_used_at == NOON
        moment.shift(1)
        asked(secret)
        assert ApiToken.objects.get().last_used_at == clock.now()


def test_a_role_taken_away_is_taken_from_the_program_too(cast):
    secret = made(cast.ian)
    assert asked(secret, path="/api/v1/flags/") == 200

    staff_actions.revoke_role(assignment=cast.ian.role_assignments.get(), by=cast.ana.actor)

    assert asked(secret, path="/api/v1/flags/") == 403


def test_ten_and_no_more(cast):
    for number in range(tokens.MOST):
        made(cast.olivia, f"Program {number}")
    with pytest.raises(TooManyTokens):
        made(cast.olivia)


def test_the_page_shows_it_once_and_takes_it_away(cast):
    client = signed_in(cast.olivia)
    asks_first = client.post("/desk/security/tokens/", {"name": "Wall board"})
    assert asks_first["Location"].startswith("/desk/confirm/"), "a page left open makes no token"
    client.post("/desk/confirm/", {"password": PASSWORD})
    assert "None. A token lets a program" in client.get("/desk/security/").content.decode()

    answer = client.post("/desk/security/tokens/", {"name": "Wall board"})

    page = answer.content.decode()
    secret = page.split('value="lantern_')[1].split('"')[0]
    assert asked(f"lantern_{secret}") == 200
    listed = client.get("/desk/security/").content.decode()
    assert "Wall board" in listed
    assert secret not in listed
    row = ApiToken.objects.get()
    assert signed_in(cast.ian).post(f"/desk/security/tokens/{row.public_id}/remove/").status_code == 302
    assert ApiToken.objects.count() == 1, "nobody takes away somebody else's"
    client.post(f"/desk/security/tokens/{row.public_id}/remove/")
    assert asked(f"lantern_{secret}") == 401


def test_a_token_needs_a_name(cast):
    client = signed_in(cast.olivia)
    client.post("/desk/confirm/", {"password": PASSWORD})
    answer = client.post("/desk/security/tokens/", {"name": " "}, follow=True)
    assert "Say what the token is for" in answer.content.decode()
    assert ApiToken.objects.count() == 0
