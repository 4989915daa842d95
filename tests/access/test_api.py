"""Portal access for programs: the rules and actions of the pages, in one shape. PC-25 to PC-60, TR-01."""

import pytest
from django.test import Client
from django.utils import timezone

from portal_core.access.actions import onboarding, portal
from portal_core.access.enums import HelpFlow
from portal_core.access.models import (
    AccessToken,
    EmailChange,
    HelpAttempt,
    OnboardingRun,
    ProxyGrant,
    ProxyPerson,
)
from portal_core.accounts.models import SignInThrottle
from portal_core.directory.models import Patient
from portal_core.kernel.enums import Realm
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import RegistrationFactory, refresh, set_access
from tests.access.programs import API, at, fields, post, program, proxy_body, send
from tests.cast import PASSWORD, make_patient, make_user
from tests.notify.factories import DeliveryFactory, MessageFactory

TOLD = "tomari-venudo-4827"


@pytest.fixture
def olivia(cast):
    return program(cast.olivia)


# --- where a patient stands, and the switch -------------------------------------------------------------------------
def test_where_a_patient_stands_with_reasons_and_sentences(cast, olivia):
    """PC-24 to PC-32; the read is in the ledger."""
    told = olivia.get(at(cast.piet)).json()

    assert (told["state"], told["reasons"], told["enabled"]) == ("inactive", ["not_enabled", "no_email"], False)
    assert told["advice"][0].startswith('Set "Patient Can Access Portal"')
    assert told["patient"] == {"id": cast.piet.public_id, "name": "Piet Patient"}
    line = AuditEvent.objects.get(action="patient:read")
    assert (line.target_id, line.actor_id) == (cast.piet.public_id, cast.olivia.public_id)
    assert line.facts == {"to": "portal.access", "way": "api"}
    active = olivia.get(at(cast.pat)).json()
    assert (active["state"], active["username"], active["pause_seconds"]) == ("active", "pat", 0)


def test_the_switch(cast, olivia, deeds):
    """PC-34, PC-38, C3: on needs e-mail and zip code, unless a password is set by hand; off ends the access."""
    on = {"level": "can_access"}
    refused = send(olivia, "put", at(cast.piet, "portal/level/"), on)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "cannot_enable")
    by_hand = send(olivia, "put", at(cast.piet, "portal/level/"), {**on, "manual": True}).json()
    assert (by_hand["enabled"], by_hand["state"]) == (True, "inactive")
    for _ in range(2):
        assert send(olivia, "put", at(cast.paula, "portal/level/"), on).json()["state"] == "unactivated"
    assert send(olivia, "put", at(cast.pat, "portal/level/"), {"level": "none"}).json()["state"] == "inactive"
    assert fields(send(olivia, "put", at(cast.pat, "portal/level/"), {"level": "maybe"})) == ["level"]
    assert deeds() == ["access:set_level"] * 3


# --- links ----------------------------------------------------------------------------------------------------------
def test_an_invitation_goes_out_once_per_key(cast, olivia):
    """PC-46, PC-47: to the address on file; the secret is told to nobody."""
    set_access(cast.paula)
    answers = [post(olivia, at(cast.paula, "portal/links/"), {}, **{"Idempotency-Key": "k-1"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    row = AccessToken.objects.get()
    assert answers[0].json() == answers[1].json()
    assert set(answers[0].json()) == {"id", "purpose", "created_at", "expires_at"}
    assert (answers[0].json()["id"], answers[0].json()["purpose"]) == (row.public_id, "invite")
    assert Delivery.objects.get().address == cast.paula.email
    assert post(olivia, at(cast.paula, "portal/links/")).status_code == 201
    assert AccessToken.objects.filter(superseded_at=None).count() == 1


def test_a_reset_link_needs_the_live_check_of_this_patient(cast, olivia, check):
    """TR-04: the id is asked for; a wrong one, or a check that is over, leaves the key free and sends nothing."""
    path, key = at(cast.pat, "portal/links/"), {"Idempotency-Key": "k-1"}
    refused = post(olivia, path, {}, **key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "attestation_required")
    refused = post(olivia, path, {"attestation_id": "att-2"}, **key)  # that one is over, and another would do
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "attestation_other")
    assert refused.json()["error"]["attestation_id"] == "att-1"
    check.passed = False
    assert post(olivia, path, {"attestation_id": "att-1"}, **key).status_code == 403
    assert (Delivery.objects.count(), check.used) == (0, [])
    check.passed = True

    for _ in range(2):
        assert post(olivia, path, {"attestation_id": "att-1"}, **key).json()["purpose"] == "reset"

    assert check.used == [("att-1", "send_reset_link")]
    assert Delivery.objects.count() == 1


def test_who_cannot_be_reached_is_named(cast, olivia):
    refused = post(olivia, at(cast.paula, "portal/links/"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "portal_not_enabled")
    assert AccessToken.objects.count() == 0


def test_checks_that_would_carry_something_are_listed(cast, olivia, check):
    told = olivia.get(at(cast.pat, "portal/proofs/")).json()["results"]

    assert {row["action"] for row in told} >= {"send_reset_link", "issue_pin", "change_email", "grant_proxy"}
    assert {row["attestation_id"] for row in told} == {"att-1"}
    check.passed = False
    assert olivia.get(at(cast.pat, "portal/proofs/")).json()["results"] == []


# --- user name and password -----------------------------------------------------------------------------------------
def test_a_user_name_is_checked_and_set(cast, olivia):
    """PC-53, PC-39: valid and unique."""
    set_access(cast.paula)
    path = at(cast.paula, "portal/username/")
    assert post(olivia, path, {"username": "paula.p"}).json() == {"usable": True, "problem": ""}
    assert "not free" in post(olivia, path, {"username": "PAT"}).json()["problem"]
    body = {"username": "paula.p", "my_password": PASSWORD}

    answer = post(olivia, at(cast.paula, "portal/credentials/"), body)

    assert (answer.status_code, answer.json()["username"]) == (200, "paula.p")
    assert not refresh(cast.paula).user.has_usable_password()
    assert "staff_session" not in answer.cookies  # a program gets no session by typing a password
    taken = post(olivia, at(cast.pat, "portal/credentials/"), body)
    assert fields(taken) == ["password"]  # who has a user name keeps it


def test_a_password_by_hand_asks_for_a_check_and_the_own_password(cast, olivia, check):
    """PC-52 to PC-54, C4."""
    set_access(cast.paula)
    path = at(cast.paula, "portal/credentials/")
    body = {"username": "paula.p", "password": TOLD, "attestation_id": "att-1", "my_password": PASSWORD}
    assert fields(post(olivia, path, {**body, "my_password": "wrong"})) == ["my_password"]
    assert fields(post(olivia, path, {**body, "username": "pat"})) == ["username"]
    assert fields(post(olivia, path, {**body, "password": "short"})) == ["password"]
    assert post(olivia, path, {**body, "attestation_id": ""}).status_code == 403
    assert refresh(cast.paula).user is None
    check.used.clear()  # what the refused ones used up, their transactions gave back

    for _ in range(2):
        answer = post(olivia, path, body, **{"Idempotency-Key": "k-1"})
        assert answer.status_code == 200
        assert TOLD not in answer.content.decode()

    assert check.used == [("att-1", "set_credentials")]
    user = refresh(cast.paula).user
    assert (user.check_password(TOLD), user.must_change_password) == (True, True)


def test_guessing_the_own_password_is_slowed_down(cast, olivia):
    set_access(cast.paula)
    body = {"username": "paula.p", "my_password": "wrong"}
    statuses = [post(olivia, at(cast.paula, "portal/credentials/"), body).status_code for _ in range(7)]
    assert (statuses[0], statuses[-1]) == (422, 429)


# --- the e-mail address ---------------------------------------------------------------------------------------------
def test_another_address_takes_the_long_way(cast, olivia, check):
    """PC-42: a check, the own password, a hold; others who use the address are named first (PC-39)."""
    path = at(cast.pat, "portal/email/")
    body = {"email": "new@patients.example", "attestation_id": "att-1", "my_password": PASSWORD}
    assert fields(post(olivia, path, {**body, "email": cast.paula.email})) == ["shared_confirmed"]
    assert fields(post(olivia, path, {**body, "email": "nobody"})) == ["email"]
    assert fields(post(olivia, path, {**body, "skip_reason": "Flight today"})) == ["skip_reason"]
    assert fields(post(olivia, path, {**body, "my_password": "x"})) == ["my_password"]
    assert EmailChange.objects.count() == 0
    check.used.clear()  # what the refused ones used up, their transactions gave back

    told = post(olivia, path, body).json()

    assert (told["email"], refresh(cast.pat).email) == ("new@patients.example", "new@patients.example")
    assert told["email_held_until"] is not None
    assert check.used == [("att-1", "change_email")]
    assert Delivery.objects.count() == 2


def test_the_hold_ends_for_a_patient_who_came(cast, olivia, check):
    body = {"email": "new@patients.example", "attestation_id": "att-1", "my_password": PASSWORD}
    post(olivia, at(cast.pat, "portal/email/"), body)
    path, came = at(cast.pat, "portal/email/release/"), {"reason": "Came with ID", "attestation_id": "att-1"}
    assert post(olivia, path, came).status_code == 422  # on the phone
    check.in_person = True
    assert post(olivia, path, {**came, "attestation_id": ""}).status_code == 403

    assert [post(olivia, path, came).json()["email_held_until"] for _ in range(2)] == [None, None]

    assert check.used[-1] == ("att-1", "change_email")


def test_a_pause_is_shown_and_cleared(cast, olivia):
    """The patient mistyped too often; the same over and over is no mistake."""
    for _ in range(6):
        Client().post("/portal/sign-in/", {"username": "pat", "password": "wrong"})
    assert olivia.get(at(cast.pat)).json()["pause_seconds"] > 0

    assert [olivia.delete(at(cast.pat, "portal/pause/")).json()["pause_seconds"] for _ in range(2)] == [0, 0]

    assert AuditEvent.objects.filter(action="account:clear-pause").count() == 1
    assert SignInThrottle.objects.count() == 1  # the address they came from


# --- what was tried and sent ----------------------------------------------------------------------------------------
def test_attempts_are_match_bits_and_never_values(cast, olivia):
    """PC-32: which of the four details differed."""
    HelpAttempt.objects.create(
        flow=HelpFlow.FORGOT, patient=cast.pat, email_matched=True, last_name_matched=True, birth_date_matched=False,
        zip_matched=True, succeeded=False, at=timezone.now(), reply_to="typed@else.example",
    )  # fmt: skip
    answer = olivia.get(at(cast.pat, "portal/attempts/"))

    (row,) = answer.json()["results"]
    assert row["matched"] == {"email": True, "last_name": True, "birth_date": False, "zip_code": True}
    assert set(row) == {"at", "flow", "matched", "ambiguous", "succeeded"}
    assert "else.example" not in answer.content.decode()


def test_mails_and_texts_are_tracked(cast, olivia):
    """PC-58, PC-60."""
    set_access(cast.paula)
    portal.resend_invitation(patient=cast.paula, by=cast.olivia.actor)
    DeliveryFactory(
        message=MessageFactory(template="triage/identity_code"), channel="sms", urgency=0, address="+12175550100",
        recipient_key=f"patient:{cast.paula.public_id}", state="failed", failed_at=timezone.now(),
        last_error="twilio_30003",
    )  # fmt: skip
    text, mail = olivia.get(at(cast.paula, "portal/deliveries/")).json()["results"]

    assert (text["channel"], text["state"], mail["channel"], mail["state"]) == ("sms", "failed", "email", "waiting")
    assert "off or without reception" in text["sentence"]
    assert mail["name"] == "Invitation"
    assert len(olivia.get(at(cast.paula, "portal/deliveries/?limit=1")).json()["results"]) == 1


# --- people who act for a patient -----------------------------------------------------------------------------------
def test_somebody_is_let_in_and_out(cast, olivia, check):
    path = at(cast.pat, "proxies/")
    for _ in range(2):
        told = post(olivia, path, proxy_body(), **{"Idempotency-Key": "k-1"})
        assert told.status_code == 201
    (row,) = told.json()["results"]
    assert (row["person"]["name"], row["scopes"], row["scopes_today"]) == ("Dana Doe", ["schedule"], ["schedule"])
    assert (row["has_signed_up"], row["ended_at"]) == (False, None)
    assert check.used == [("att-1", "grant_proxy")]
    twice = post(olivia, path, proxy_body())
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "proxy_exists")

    for _ in range(2):
        (ended,) = post(olivia, f"{path}{row['id']}/end/").json()["results"]
        assert (ended["ended_at"] is not None, ended["scopes_today"]) == (True, [])
    assert AuditEvent.objects.filter(action="access:end_proxy").count() == 1


def test_a_proxy_gets_a_new_link_once_per_key(cast, olivia, check):
    """Who has a password already: only behind a check; who has not: the invitation again."""
    path = at(cast.pat, "proxies/")
    (row,) = post(olivia, path, proxy_body()).json()["results"]
    link, key = f"{path}{row['id']}/link/", {"Idempotency-Key": "k-1"}
    for _ in range(2):
        assert post(olivia, link, {}, **key).status_code == 202
    assert Delivery.objects.filter(address="dana@people.example").count() == 2
    ProxyPerson.objects.update(user=make_user("dana", Realm.PATIENT))
    assert post(olivia, link).status_code == 403
    check.used.clear()

    assert post(olivia, link, {"attestation_id": "att-1"}).status_code == 202

    assert check.used == [("att-1", "send_reset_link")]
    post(olivia, f"{path}{row['id']}/end/")
    assert post(olivia, link, {"attestation_id": "att-1"}).status_code == 409


@pytest.mark.usefixtures("check")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"my_password": "wrong"}, "my_password"), ({"scopes": ["chart"]}, "scopes"), ({"scopes": []}, "scopes"),
        ({"ends_on": "2099-01-01"}, "ends_on"), ({"relationship": "friend"}, "relationship"),
        ({"email": "PAT@patients.example"}, "email"), ({"starts_on": "tomorrow"}, "starts_on"),
    ],
)  # fmt: skip
def test_a_grant_that_cannot_stand_names_its_field(cast, olivia, change, field):
    assert fields(post(olivia, at(cast.pat, "proxies/"), proxy_body(**change))) == [field]
    assert ProxyGrant.objects.count() == 0


# --- many -----------------------------------------------------------------------------------------------------------
def test_the_list_is_one_s_own_offices_and_searched_by_post(cast, olivia):
    """PC-48: no name stands in an address; the search is in the ledger without its words."""
    make_patient("Sue", cast.south, "MRN-SUE")
    path = f"{API}patients/search/"
    assert olivia.get(f"{path}?q=Pat").status_code == 405

    everybody = post(olivia, path).json()
    found = post(olivia, path, {"q": "Paula"}).json()["results"]

    assert {row["name"] for row in everybody["results"]} == {"Pat Patient", "Paula Patient", "Piet Patient"}
    assert [(row["id"], row["record_number"]) for row in found] == [(cast.paula.public_id, "MRN-PAULA")]
    assert [row["name"] for row in post(olivia, path, {"state": "no_email"}).json()["results"]] == ["Piet Patient"]
    assert post(olivia, path, {"office": cast.south.public_id}).json()["results"] == []
    assert fields(post(olivia, path, {"state": "asleep", "limit": 0})) == ["limit", "state"]
    first = post(olivia, path, {"limit": 2}).json()
    assert len(post(olivia, path, {"limit": 2, "after": first["after"]}).json()["results"]) == 1
    line = AuditEvent.objects.filter(action="patient:search").first()
    assert (line.facts, line.actor_id) == ({"shown": 1, "way": "api"}, cast.olivia.public_id)
    counts = olivia.get(f"{API}patients/counts/").json()
    assert (counts["all"], counts["active"], counts["no_email"]) == (3, 1, 1)


def test_many_are_invited_and_followed(cast, olivia):
    """PC-51: the same key is the same run; strangers' patients are left out; each row says what to do."""
    set_access(cast.paula)
    ids = [cast.paula.public_id, cast.piet.public_id, cast.charlie_patient.public_id]
    told = [post(olivia, f"{API}invitations/", {"patients": ids}, **{"Idempotency-Key": "k-1"}) for _ in range(2)]
    assert [answer.status_code for answer in told] == [202, 202]
    run = told[0].json()
    assert (run["total"], run["settled"], told[1].json()["id"]) == (2, 0, run["id"])

    onboarding.work(run_id=run["id"])

    done = olivia.get(f"{API}invitations/{run['id']}/").json()
    assert (done["settled"], done["finished_at"] is not None) == (2, True)
    assert {row["outcome"]: row["count"] for row in done["outcomes"]} == {"sent": 1, "not_enabled": 1}
    (stuck,) = done["results"]
    assert stuck["patient"]["id"] == cast.piet.public_id
    assert stuck["what_to_do"].startswith("Access is not enabled")
    sent = olivia.get(f"{API}invitations/{run['id']}/?outcome=sent").json()
    assert ([row["patient"]["id"] for row in sent["results"]], sent["next_page"]) == ([cast.paula.public_id], None)
    assert len(olivia.get(f"{API}invitations/{run['id']}/?outcome=all&page=zzz").json()["results"]) == 2
    assert post(olivia, f"{API}invitations/").json()["error"]["code"] == "nobody_chosen"
    everybody = post(olivia, f"{API}invitations/", {"everybody": True, "state": "unactivated"}).json()
    assert everybody["total"] == 1
    assert OnboardingRun.objects.count() == 2


def test_a_patient_is_put_on_file_in_one_s_own_office(cast, olivia):
    """PC-35."""
    body = {
        "office": cast.north.public_id, "first_name": "Nia", "last_name": "New", "birth_date": "1990-02-03",
        "email": "nia@patients.example", "zip_code": "62701", "may_activate": True,
    }  # fmt: skip
    path = f"{API}patients/"
    assert fields(post(olivia, path, {**body, "office": cast.south.public_id})) == ["office"]
    assert fields(post(olivia, path, {**body, "mrn": "MRN-PAT"})) == ["mrn"]
    assert fields(post(olivia, path, {**body, "email": ""})) == ["may_activate"]
    assert Patient.objects.filter(last_name="New").count() == 0

    for _ in range(2):
        told = post(olivia, path, body, **{"Idempotency-Key": "k-1"})
        assert (told.status_code, told.json()["state"]) == (201, "unactivated")
    assert Patient.objects.get(last_name="New").public_id == told.json()["patient"]["id"]


def test_registrations_are_listed_and_checked(cast, olivia):
    """PC-36, PC-37."""
    row = RegistrationFactory(office=cast.north, patient=cast.paula, resembles=cast.pat)
    RegistrationFactory(office=cast.south, patient=make_patient("Sue", cast.south, "MRN-SUE"))

    (told,) = olivia.get(f"{API}registrations/").json()["results"]
    assert (told["id"], told["resembles"]["name"], told["checked_by"]) == (row.public_id, "Pat Patient", "")
    for _ in range(2):
        assert post(olivia, f"{API}registrations/{row.public_id}/checked/").json()["checked_by"] == "Olivia Staff"


def test_a_program_puts_on_file_what_is_missing(cast, olivia):
    """PC-29, PC-42: the zip code and, of somebody without access, the e-mail address; never over an unread change."""
    path = f"{API}patients/{cast.piet.public_id}/"
    told = olivia.get(path).json()
    assert (told["email"], told["zip"]) == ("", "62701")
    new = {"email": "piet@patients.example", "zip": "62702"}

    done = send(olivia, "patch", path, {**new, "seen": told["seen"]})

    assert (done.status_code, done.json()["email"], done.json()["zip"]) == (200, "piet@patients.example", "62702")
    assert done.json()["phone"] == told["phone"]
    late = send(olivia, "patch", path, {"zip": "62703", "seen": told["seen"]})
    assert (late.status_code, refresh(cast.piet).zip) == (409, "62702")
    wrong = {"email": "no address", "birth_date": "2999-01-01", "seen": done.json()["seen"]}
    assert fields(send(olivia, "patch", path, wrong)) == ["birth_date", "email"]
    assert fields(send(olivia, "patch", path, {"zip": "1"})) == ["seen"]
    line = AuditEvent.objects.get(action="patient:update-contact")
    assert line.facts["fields"] == ["email", "zip"]


def test_a_program_does_not_change_the_address_of_an_account_here(cast, olivia):
    path = f"{API}patients/{cast.pat.public_id}/"
    body = {"email": "thief@people.example", "seen": olivia.get(path).json()["seen"]}

    assert send(olivia, "patch", path, body).status_code == 409
    assert refresh(cast.pat).email == "pat@patients.example"
