"""The second step: setting it up, signing in with it, losing the phone, and everything that must not open the door."""

import datetime as dt
import re

import pyotp
import pytest
import time_machine
from django.test import Client

from portal_core.accounts.actions import second_step, tokens
from portal_core.accounts.errors import WrongCode
from portal_core.accounts.models import Authenticator, RecoveryCode, SignInRecord, SignInThrottle, User
from portal_core.accounts.rules import totp
from portal_core.directory.actions import practices
from portal_core.directory.errors import NotYoursToGrant
from portal_core.kernel.enums import Realm
from portal_core.kernel.models import AuditEvent
from tests.accounts.factories import AuthenticatorFactory
from tests.cast import sign_in_by_form
from tests.cast import signed_in as open_session

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
CODE = "/desk/sign-in/code/"


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def secret(cast, clock):
    """Olivia has an app; its secret."""
    _row, secret = second_step.begin(user=cast.olivia.user, by=cast.olivia.actor)
    second_step.confirm(user=cast.olivia.user, code=pyotp.TOTP(secret).at(NOON), by=cast.olivia.actor)
    clock.shift(60)
    return secret


def code_now(secret: str) -> str:
    from portal_core.kernel import clock

    return pyotp.TOTP(secret).at(clock.now())


def at_the_second_step() -> Client:
    client = Client()
    answer = sign_in_by_form(client, Realm.STAFF, "olivia")
    assert (answer.status_code, answer["Location"]) == (302, CODE)
    return client


def test_the_password_alone_opens_nothing(secret):
    client = at_the_second_step()

    assert client.get("/desk/").status_code == 302
    assert client.get("/triage/office/")["Location"].startswith("/desk/sign-in/")
    assert client.get(CODE).status_code == 200
    assert not AuditEvent.objects.filter(action="account:sign-in").exists()


def test_the_code_of_the_app_opens_the_door_once(secret):
    client = at_the_second_step()
    code = code_now(secret)

    answer = client.post(CODE, {"code": f" {code[:3]} {code[3:]} "})

    assert (answer.status_code, answer["Location"]) == (302, "/desk/")
    assert client.get("/triage/office/").status_code == 200
    assert AuditEvent.objects.filter(action="account:sign-in").count() == 1
    again = at_the_second_step().post(CODE, {"code": code})
    assert again.status_code == 422, "a code seen over somebody's shoulder must not work a second time"


@pytest.mark.parametrize("typed", ["000000", "", "abcdef", "12345678901234567890", "１２３４５６", "é"])
def test_a_wrong_code_stays_on_the_page(secret, typed):
    client = at_the_second_step()

    assert client.post(CODE, {"code": typed}).status_code == 422
    assert client.get("/triage/office/").status_code == 302


def test_guessing_codes_is_slowed_down_with_the_same_count_as_passwords(secret, clock):
    client = at_the_second_step()
    answers = [client.post(CODE, {"code": "000000"}).status_code for _ in range(5)]

    assert answers == [422, 422, 422, 422, 429]
    assert client.post(CODE, {"code": code_now(secret)}).status_code == 429


def test_five_minutes_after_the_password_it_begins_again(secret, clock):
    client = at_the_second_step()
    clock.shift(300)

    answer = client.post(CODE, {"code": code_now(secret)})

    assert (answer.status_code, answer["Location"]) == (302, "/desk/sign-in/")
    assert client.get("/triage/office/").status_code == 302


def test_nobody_comes_to_the_second_step_without_the_first(cast):
    assert Client().get(CODE)["Location"] == "/desk/sign-in/"
    assert Client().post("/portal/sign-in/code/", {"code": "1"})["Location"] == "/portal/sign-in/"


def test_the_first_step_of_one_realm_is_not_that_of_the_other(secret):
    client = at_the_second_step()
    client.cookies["patient_session"] = client.cookies["staff_session"].value

    assert client.get("/portal/sign-in/code/").status_code == 302


def test_a_recovery_code_works_once(cast, clock):
    _row, secret = second_step.begin(user=cast.olivia.user, by=cast.olivia.actor)
    codes = second_step.confirm(user=cast.olivia.user, code=code_now(secret), by=cast.olivia.actor)
    assert len(set(codes)) == 10
    assert not RecoveryCode.objects.filter(hash__in=codes).exists(), "only hashes are kept"

    assert at_the_second_step().post(CODE, {"code": codes[3].upper()}).status_code == 302
    assert at_the_second_step().post(CODE, {"code": codes[3]}).status_code == 422
    assert RecoveryCode.objects.filter(used_at=None).count() == 9


def test_one_persons_recovery_code_is_nothing_to_another(cast, clock, secret):
    _row, hers = second_step.begin(user=cast.carla.user, by=cast.carla.actor)
    codes = second_step.confirm(user=cast.carla.user, code=code_now(hers), by=cast.carla.actor)

    with pytest.raises(WrongCode):
        second_step.use_code(user=cast.olivia.user, code=codes[0])
    assert RecoveryCode.objects.filter(user=cast.carla.user, used_at=None).count() == 10


# --- setting it up --------------------------------------------------------------------------------------------------
def signed_in(username: str = "olivia") -> Client:
    client = Client()
    sign_in_by_form(client, Realm.STAFF, username)
    return client


def test_it_is_set_up_by_picture_and_code_and_shows_the_recovery_codes_once(cast, clock):
    client = signed_in()
    page = client.get("/desk/security/second-step/").content.decode()
    assert "<svg" in page
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    assert client.get("/desk/security/second-step/").content.decode().count(page.split("<code>")[1][:20]) == 1
    assert client.post("/desk/security/second-step/", {"code": "000000"}).status_code == 422

    done = client.post("/desk/security/second-step/", {"code": code_now(secret)})

    assert len(re.findall(r"<code>\w{5}-\w{5}</code>", done.content.decode())) == 10
    assert "10 recovery codes left" in client.get("/desk/security/").content.decode()
    row = Authenticator.objects.get()
    assert secret not in row.secret_sealed
    assert [line.action for line in AuditEvent.objects.filter(action__startswith="second-step:")] == [
        "second-step:begin", "second-step:confirm",
    ]  # fmt: skip


def test_an_app_that_never_showed_a_code_is_not_asked_for(cast, clock):
    signed_in().get("/desk/security/second-step/")

    answer = sign_in_by_form(Client(), Realm.STAFF, "olivia")

    assert answer["Location"] == "/desk/"


def test_changes_want_the_password_when_it_was_typed_long_ago(cast, clock):
    client = signed_in()
    clock.shift(601)

    asked = client.get("/desk/security/second-step/")
    assert asked["Location"] == "/desk/confirm/?next=/desk/security/second-step/"
    assert Authenticator.objects.count() == 0
    assert client.post(asked["Location"], {"password": "wrong"}).status_code == 422
    good = client.post("/desk/confirm/", {"password": "correct horse battery", "next": "/desk/security/second-step/"})
    assert good["Location"] == "/desk/security/second-step/"
    assert client.get(good["Location"]).status_code == 200


def test_an_open_session_is_no_place_to_guess_the_password_in(cast, clock):
    client = signed_in()
    answers = [client.post("/desk/confirm/", {"password": "wrong"}).status_code for _ in range(6)]

    assert answers == [422] * 5 + [429]


def test_removing_the_last_app_ends_the_second_step_and_its_codes(cast, clock, secret):
    client = at_the_second_step()
    client.post(CODE, {"code": code_now(secret)})
    row = Authenticator.objects.get()

    client.post(f"/desk/security/second-step/{row.public_id}/remove/")

    assert (Authenticator.objects.count(), RecoveryCode.objects.count()) == (0, 0)
    assert sign_in_by_form(Client(), Realm.STAFF, "olivia")["Location"] == "/desk/"


def test_a_strangers_app_cannot_be_removed(cast, clock, secret):
    row = Authenticator.objects.get()
    signed_in("carla").post(f"/desk/security/second-step/{row.public_id}/remove/")

    assert Authenticator.objects.filter(pk=row.pk).exists()


# --- where the practice asks for it ---------------------------------------------------------------------------------
def test_who_owes_a_second_step_sets_it_up_before_anything_else(cast, clock):
    practices.set_second_step(practice=cast.practice, required=True, by=cast.ana.actor)
    client = signed_in()

    assert client.get("/triage/office/")["Location"] == "/desk/security/second-step/"
    assert client.get("/api/v1/schema/").status_code == 200
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", client.get("/desk/security/second-step/").content.decode())[1]
    client.post("/desk/security/second-step/", {"code": code_now(secret.replace(" ", ""))})
    assert client.get("/triage/office/").status_code == 200
    row = Authenticator.objects.get()
    client.post(f"/desk/security/second-step/{row.public_id}/remove/")
    assert Authenticator.objects.filter(pk=row.pk).exists(), "the last one stays while the practice asks for it"


def test_open_sessions_and_programs_without_one_end_when_it_is_asked_for(cast, clock):
    """Twelve hours of an open session, or a year of a token, are no way around the rule."""
    AuthenticatorFactory(user=cast.oscar.user, confirmed_at=NOON)
    inside, safe, elsewhere = open_session(cast.olivia), open_session(cast.oscar), open_session(cast.charlie)
    program = {"Authorization": f"Bearer {tokens.create(user=cast.olivia.user, name='x', by=cast.olivia.actor)[1]}"}
    assert Client().get("/api/v1/patients/counts/", headers=program).status_code == 200

    practices.set_second_step(practice=cast.practice, required=True, by=cast.ana.actor)

    assert inside.get("/triage/office/")["Location"].startswith("/desk/sign-in/")
    assert Client().get("/api/v1/patients/counts/", headers=program).status_code == 401
    assert safe.get("/triage/office/").status_code == elsewhere.get("/triage/office/").status_code == 200
    practices.set_second_step(practice=cast.practice, required=True, by=cast.ana.actor)  # again: nobody twice
    assert AuditEvent.objects.filter(action="account:end-sessions", target_id=cast.olivia.user.public_id).count() == 1


def test_only_owner_and_administrator_decide(cast):
    with pytest.raises(NotYoursToGrant):
        practices.set_second_step(practice=cast.practice, required=True, by=cast.oscar.actor)
    cast.practice.refresh_from_db()
    assert cast.practice.staff_second_step is False


def test_patients_are_never_made_to(cast, clock):
    practices.set_second_step(practice=cast.practice, required=True, by=cast.ana.actor)

    assert sign_in_by_form(Client(), Realm.PATIENT, "pat")["Location"] == "/portal/"


# --- the security page ----------------------------------------------------------------------------------------------
def test_the_last_sign_ins_are_shown_without_whole_addresses(cast, clock):
    sign_in_by_form(Client(), Realm.STAFF, "olivia", "wrong")
    client = Client(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 Safari/537.36"})
    sign_in_by_form(client, Realm.STAFF, "olivia")

    page = client.get("/desk/security/").content.decode()

    assert [(row.good, row.address, row.agent) for row in SignInRecord.objects.order_by("id")] == [
        (False, "127.0.0.x", "Unknown browser"),
        (True, "127.0.0.x", "Chrome on Windows"),
    ]
    assert "127.0.0.1" not in page
    assert page.count("127.0.0.x") == 2


def test_signing_out_everywhere_ends_the_other_sessions_too(cast, clock):
    here, there = signed_in(), signed_in()

    assert here.post("/desk/security/sign-out-everywhere/")["Location"] == "/desk/sign-in/"
    assert here.get("/triage/office/").status_code == 302
    assert there.get("/triage/office/").status_code == 302
    assert User.objects.get(username="olivia").session_epoch == 1


@pytest.mark.parametrize(
    ("raw", "shown"),
    [("203.0.113.77", "203.0.113.x"), ("2001:db8:1:2::3", "2001:0db8:0001:…"), ("unknown", "")],
)
def test_an_address_is_shortened(raw, shown):
    assert totp.shown_address(raw) == shown


def test_saying_i_am_still_here_keeps_the_session(cast, clock):
    client = signed_in()
    for _ in range(4):
        clock.shift(20 * 60)
        assert client.post("/desk/session/").status_code == 204
    clock.shift(30 * 60)
    assert client.post("/desk/session/").status_code == 302


def test_a_front_desk_with_second_steps_is_never_slowed_by_its_own_good_sign_ins(secret, clock):
    """Both halves are counted as tries of the address; both are taken back."""
    for _ in range(3):
        client = at_the_second_step()
        assert client.post(CODE, {"code": code_now(secret)}).status_code == 302
        clock.shift(30)

    assert list(SignInThrottle.objects.values_list("failures", flat=True)) == [0]
