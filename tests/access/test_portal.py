"""The switch, the gate, the links and the password."""

import datetime as dt
import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal_core.access import errors, gate
from portal_core.access.actions import portal
from portal_core.access.enums import AccessLevel, PortalState, TokenPurpose
from portal_core.access.models import AccessToken, HelpAttempt, PortalAccess
from portal_core.access.queries import portal_status
from portal_core.notify.models import Delivery
from tests.access.factories import AccessTokenFactory, refresh, set_access
from tests.cast import PASSWORD

NEW = "a few plain words 42"
FOUR = {"email": "pat@patients.example", "last_name": "Patient", "birth_date": "1980-05-17", "zip_code": "62701"}


# --- the switch -----------------------------------------------------------------------------------------------------
def test_switching_access_on_and_off(cast, deeds):
    """PC-34."""
    set_access(cast.paula, level=AccessLevel.NONE)
    portal.set_level(patient=cast.paula, level=AccessLevel.CAN_ACCESS, by=cast.olivia.actor)
    portal.set_level(patient=cast.paula, level=AccessLevel.CAN_ACCESS, by=cast.olivia.actor)
    row = PortalAccess.objects.get(patient=cast.paula)
    assert (row.level, row.enabled_by) == ("can_access", "Olivia Staff")

    portal.set_level(patient=cast.paula, level=AccessLevel.NONE, by=cast.olivia.actor)
    row = refresh(row)
    assert (row.level, row.enabled_at, row.enabled_by) == ("none", None, "")
    assert deeds() == ["access:set_level", "access:set_level"]


@pytest.mark.parametrize("missing", ["email", "zip"])
def test_access_needs_an_address_and_a_zip_code(cast, missing, deeds):
    """PC-38."""
    set_access(cast.paula, level=AccessLevel.NONE)
    setattr(cast.paula, missing, " ")

    with pytest.raises(errors.CannotEnable):
        portal.set_level(patient=cast.paula, level=AccessLevel.CAN_ACCESS, by=cast.olivia.actor)

    assert PortalAccess.objects.get(patient=cast.paula).level == "none"
    assert deeds() == []


def test_a_patient_without_mail_may_be_enabled_by_hand_and_stays_inactive(cast):
    """PC-52, C3."""
    portal.set_level(patient=cast.piet, level=AccessLevel.CAN_ACCESS, manual=True, by=cast.olivia.actor)

    assert portal_status(cast.piet).state == PortalState.INACTIVE
    assert [reason.value for reason in portal_status(cast.piet).reasons] == ["no_email"]


def test_switching_off_ends_sessions_and_links_at_once(enabled, patient_client):
    token = AccessTokenFactory(patient=enabled.pat)
    client = patient_client(enabled.pat)
    assert client.get("/portal/").status_code == 200

    portal.set_level(patient=enabled.pat, level=AccessLevel.NONE, by=enabled.olivia.actor)

    assert client.get("/portal/").status_code == 302
    assert refresh(token).superseded_at is not None


# --- the gate -------------------------------------------------------------------------------------------------------
def test_no_link_without_a_consumer(enabled, monkeypatch, deeds):
    """Closed by default: a house without a support desk sends nothing."""
    monkeypatch.setattr(gate, "_consumer", gate._refuse)

    with pytest.raises(errors.AttestationRequired):
        portal.send_reset_link(patient=enabled.pat, attestation_id="att-1", by=enabled.olivia.actor)

    assert AccessToken.objects.count() == 0
    assert Delivery.objects.count() == 0
    assert deeds() == []


def test_an_attestation_sends_one_link_to_the_address_on_file(enabled, attested, deeds):
    """PC-46, PC-47."""
    portal.send_reset_link(patient=enabled.pat, attestation_id="att-1", by=enabled.olivia.actor)

    delivery = Delivery.objects.get()
    assert (delivery.address, delivery.recipient_key) == ("pat@patients.example", f"patient:{enabled.pat.public_id}")
    assert delivery.message.subject == "Set a new Patient Portal password"
    assert "Pat" not in delivery.message.text.replace("Patient Portal", "")
    assert link_in(delivery)
    assert attested == ["att-1"]
    assert deeds() == ["access:send_link"]


@pytest.mark.parametrize("attestation", ["", "att-2", "ATT-1"])
def test_another_attestation_opens_nothing(enabled, attested, attestation):
    with pytest.raises(errors.AttestationRequired):
        portal.send_reset_link(patient=enabled.pat, attestation_id=attestation, by=enabled.olivia.actor)

    assert AccessToken.objects.count() == Delivery.objects.count() == 0


def test_an_attestation_of_another_patient_opens_nothing(enabled, attested):
    with pytest.raises(errors.AttestationRequired):
        portal.send_reset_link(patient=enabled.paula, attestation_id="att-1", by=enabled.olivia.actor)

    assert attested == []
    assert AccessToken.objects.count() == Delivery.objects.count() == 0


def test_an_attestation_is_used_up(enabled, attested):
    portal.send_reset_link(patient=enabled.pat, attestation_id="att-1", by=enabled.olivia.actor)
    with pytest.raises(errors.AttestationRequired):
        portal.send_reset_link(patient=enabled.pat, attestation_id="att-1", by=enabled.olivia.actor)

    assert AccessToken.objects.count() == Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"level": AccessLevel.NONE}, errors.PortalNotEnabled),
        ({"email": ""}, errors.NoEmailOnFile),
        ({"zip": ""}, errors.NoZipOnFile),
    ],
)
def test_an_inactive_patient_is_refused_by_name_and_the_attestation_stays(enabled, attested, change, error):
    """PC-25, PC-29."""
    if "level" in change:
        set_access(enabled.pat, **change)
    else:
        for field, value in change.items():
            setattr(enabled.pat, field, value)
        enabled.pat.save()

    with pytest.raises(error):
        portal.send_reset_link(patient=enabled.pat, attestation_id="att-1", by=enabled.olivia.actor)

    assert attested == []
    assert AccessToken.objects.count() == Delivery.objects.count() == 0


def test_only_the_newest_link_works(enabled, client):
    for _ in range(2):
        portal.resend_invitation(patient=enabled.paula, by=enabled.olivia.actor)

    old, new = (link_in(row) for row in Delivery.objects.order_by("id"))
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200


def test_an_invitation_is_for_those_who_never_signed_in(enabled):
    """PC-47; who uses the portal already gets a reset link."""
    set_access(enabled.pat, first_access_at=timezone.now())

    with pytest.raises(errors.AlreadyActive):
        portal.resend_invitation(patient=enabled.pat, by=enabled.olivia.actor)
    assert Delivery.objects.count() == 0


# --- the two doors on the sign-in page ------------------------------------------------------------------------------
def link_in(delivery):
    """The path of the set-password link in a mail."""
    found = re.search(r"https?://[^/\s]+(/portal/set-password/\S+/)", delivery.message.text)
    assert found, delivery.message.text
    return found.group(1)


@pytest.mark.parametrize("door", ["activate", "forgot-password"])
def test_four_matching_fields_bring_a_link_to_the_address_on_file(enabled, client, drain, door):
    """PC-43, PC-44."""
    answer = client.post(f"/portal/{door}/", {**FOUR, "email": "PAT@patients.example"})
    drain()

    assert (answer.status_code, answer["Location"]) == (302, f"/portal/{door}/?sent")
    delivery = Delivery.objects.get()
    assert delivery.address == "pat@patients.example"
    assert client.get(link_in(delivery)).status_code == 200


MISSES = {
    "email": {"email": "nobody@patients.example"},
    "last name": {"last_name": "Somebody"},
    "birth date": {"birth_date": "1980-05-18"},
    "zip": {"zip_code": "00000"},
    "everything": {"email": "a@b.example", "last_name": "X", "birth_date": "1950-01-01", "zip_code": "1"},
}


@pytest.mark.parametrize("change", MISSES.values(), ids=MISSES.keys())
def test_a_miss_looks_the_same_and_is_answered_to_the_address_typed(enabled, client, drain, change):
    """PC-32, PC-44: one answer on screen; "could not be verified" by mail, to the address typed and without a word
    about anybody."""
    answer = client.post("/portal/forgot-password/", {**FOUR, **change})
    drain()

    assert (answer.status_code, answer["Location"]) == (302, "/portal/forgot-password/?sent")
    delivery = Delivery.objects.get()
    assert delivery.address == {**FOUR, **change}["email"]
    assert delivery.message.subject == "Your Patient Portal account could not be verified"
    for secret in ("Pat ", "62701", "1980", "Larkfield", "North"):
        assert secret not in delivery.message.text
    assert AccessToken.objects.count() == 0


def test_hit_miss_and_ambiguity_do_the_same_work(enabled, client):
    """PC-44: nothing in the number or kind of queries tells who is a patient."""
    kinds = {}
    twin = {"last_name": "Patient", "birth_date": dt.date(1980, 5, 17), "zip": "62701"}
    type(enabled.paula).objects.filter(pk=enabled.paula.pk).update(email="twins@patients.example", **twin)
    type(enabled.piet).objects.filter(pk=enabled.piet.pk).update(email="twins@patients.example", **twin)
    set_access(enabled.piet)
    cases = {
        "hit": FOUR,
        "miss": {**FOUR, "zip_code": "00000"},
        "nobody": {**FOUR, **MISSES["everything"]},
        "twins": {**FOUR, "email": "twins@patients.example"},
        "not enabled": {**FOUR, "email": "charlie@patients.example"},
    }
    for name, fields in cases.items():
        with CaptureQueriesContext(connection) as queries:
            answer = client.post("/portal/forgot-password/", fields)
        assert answer.status_code == 302
        kinds[name] = [
            re.sub(r"savepoint .*|(?<=\\w) [(].*| where .*| values .*", "", query["sql"].lower()) for query in queries
        ]

    assert HelpAttempt.objects.filter(succeeded=True).count() == 1
    assert HelpAttempt.objects.filter(ambiguous=True).count() == 1
    assert len({tuple(kind) for kind in kinds.values()}) == 1, kinds


def test_attempts_keep_match_bits_and_forget_what_was_typed(enabled, client, drain):
    """PC-32: the office sees which field differs, never what was typed."""
    client.post("/portal/activate/", {**FOUR, "zip_code": "99999"})
    attempt = HelpAttempt.objects.get()
    assert (attempt.patient, attempt.succeeded) == (enabled.pat, False)
    bits = (attempt.email_matched, attempt.last_name_matched, attempt.birth_date_matched, attempt.zip_matched)
    assert bits == (True, True, True, False)

    drain()
    assert refresh(attempt).reply_to == ""


def test_a_refusal_goes_to_one_address_once_a_day(enabled, client, drain):
    """Nobody's mailbox is flooded through this form."""
    for _ in range(3):
        client.post("/portal/forgot-password/", {**FOUR, "zip_code": "99999"})
        drain()

    assert Delivery.objects.count() == 1


def test_a_day_is_24_hours_and_not_what_the_calendar_says(enabled, client, drain):
    """Midnight in London is no reason for a second mail ten minutes after the first."""
    with time_machine.travel(dt.datetime(2026, 3, 2, 23, 55, tzinfo=dt.UTC), tick=False) as clock:
        mails = []
        for wait in (0, 600, 23 * 3600, 3600):
            clock.shift(wait)
            client.post("/portal/forgot-password/", {**FOUR, "zip_code": "99999"})
            drain()
            mails.append(Delivery.objects.count())

    assert mails == [1, 1, 1, 2]


def test_the_sixth_try_with_one_address_is_slowed_down_whether_it_exists_or_not(enabled, client):
    for email in ("pat@patients.example", "nobody@patients.example"):
        answers = [client.post("/portal/activate/", {**FOUR, "email": email}) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [302] * 5 + [429]
        assert f'value="{email}"' in answers[-1].content.decode()  # what was typed is still there


def test_switched_off_access_is_a_miss(enabled, client, drain):
    set_access(enabled.pat, level=AccessLevel.NONE)

    client.post("/portal/forgot-password/", FOUR)
    drain()

    assert Delivery.objects.get().message.subject == "Your Patient Portal account could not be verified"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "x"}, "email"),
        ({"birth_date": "yesterday"}, "birth_date"),
        ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"birth_date": "0001-01-01"}, "birth_date"),
        ({"last_name": "x" * 81}, "last_name"),
        ({"last_name": "\x00"}, "last_name"),
        ({"zip_code": ""}, "zip_code"),
    ],
)
def test_bad_input_is_said_beside_the_field(enabled, client, change, field):
    answer = client.post("/portal/activate/", {**FOUR, **change})

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert HelpAttempt.objects.count() == 0


# --- the link -------------------------------------------------------------------------------------------------------
def page(token):
    return f"/portal/set-password/{token}/"


def test_a_patient_without_an_account_chooses_name_and_password_and_signs_in(enabled, client, drain):
    """PC-43, PC-46; PC-27 after the first sign-in."""
    AccessTokenFactory(patient=enabled.paula, secret="s1")
    assert "User name" in client.get(page("s1")).content.decode()

    answer = client.post(page("s1"), {"username": "Paula.P", "password": NEW, "again": NEW})

    assert (answer.status_code, answer["Location"]) == (302, "/portal/sign-in/")
    assert portal_status(enabled.paula).state == PortalState.UNACTIVATED
    answer = client.post("/portal/sign-in/", {"username": "paula.p", "password": NEW})
    assert (answer.status_code, answer["Location"]) == (302, "/portal/")
    assert portal_status(enabled.paula).state == PortalState.ACTIVE
    row = PortalAccess.objects.get(patient=enabled.paula)
    assert row.first_access_at == row.last_access_at
    drain()
    assert Delivery.objects.get().message.subject == "Your Patient Portal password was set"


def test_a_patient_with_an_account_keeps_the_name_and_loses_open_sessions(enabled, client, patient_client):
    """PC-46: a username only if none is on file."""
    AccessTokenFactory(patient=enabled.pat, secret="s1")
    open_session = patient_client(enabled.pat)
    before = enabled.pat.user.username

    answer = client.post(page("s1"), {"username": "other", "password": NEW, "again": NEW})

    assert answer.status_code == 302
    user = refresh(enabled.pat).user
    assert (user.username, user.check_password(NEW)) == (before, True)
    assert open_session.get("/portal/").status_code == 302


def test_a_mail_scanner_uses_nothing_up(enabled, client):
    token = AccessTokenFactory(patient=enabled.paula, secret="s1")

    for _ in range(3):
        assert client.get(page("s1")).status_code == 200
    client.post(page("s1"), {})  # and one that submits what it finds

    assert refresh(token).used_at is None
    assert client.post(page("s1"), {"username": "paula", "password": NEW, "again": NEW}).status_code == 302


def test_a_link_works_once(enabled, client, deeds):
    AccessTokenFactory(patient=enabled.paula, secret="s1")
    fields = {"username": "paula", "password": NEW, "again": NEW}

    assert client.post(page("s1"), fields).status_code == 302
    assert client.post(page("s1"), fields).status_code == 404
    assert client.get(page("s1")).status_code == 404
    assert deeds() == ["access:set_password"]


@pytest.mark.parametrize("token", ["nonsense", "x" * 200, "s2"])
def test_a_link_nobody_sent_opens_nothing(enabled, client, token):
    AccessTokenFactory(patient=enabled.paula, secret="s1")

    for answer in (client.get(page(token)), client.post(page(token), {"password": NEW, "again": NEW})):
        assert answer.status_code == 404


def test_a_link_dies_with_its_hour_the_address_and_the_access(enabled, client):
    """PC-42: a link sent to an address that was changed since is dead."""
    token = AccessTokenFactory(patient=enabled.paula, secret="s1")
    with time_machine.travel(token.expires_at - dt.timedelta(seconds=1), tick=False):
        assert client.get(page("s1")).status_code == 200
    with time_machine.travel(token.expires_at, tick=False):
        assert client.get(page("s1")).status_code == 404

    type(enabled.paula).objects.filter(pk=enabled.paula.pk).update(email="new@patients.example")
    assert client.get(page("s1")).status_code == 404
    type(enabled.paula).objects.filter(pk=enabled.paula.pk).update(email="paula@patients.example")
    assert client.get(page("s1")).status_code == 200
    set_access(enabled.paula, level=AccessLevel.NONE)
    assert client.get(page("s1")).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "pat"}, "username"),
        ({"username": "OLIVIA"}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "ab"}, "username"),
        ({"password": "short", "again": "short"}, "password"),
        ({"password": "passwordpassword", "again": "differentdifferent"}, "again"),
        ({"password": ""}, "password"),
    ],
)
def test_a_refused_name_or_password_leaves_the_link_good(enabled, client, change, field):
    """PC-39: unique user names, in both realms and whatever the case."""
    token = AccessTokenFactory(patient=enabled.paula, secret="s1")

    answer = client.post(page("s1"), {"username": "paula", "password": NEW, "again": NEW, **change})

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert refresh(token).used_at is None
    assert refresh(enabled.paula).user is None


def test_signing_in_kills_a_link_left_in_the_mailbox(enabled, client):
    AccessTokenFactory(patient=enabled.pat, secret="s1")

    client.post("/portal/sign-in/", {"username": enabled.pat.user.username, "password": PASSWORD})

    assert client.get(page("s1")).status_code == 404


def test_who_is_switched_off_is_told_to_call_after_the_right_password_only(cast, client):
    set_access(cast.pat, level=AccessLevel.NONE)
    name = cast.pat.user.username

    right = client.post("/portal/sign-in/", {"username": name, "password": PASSWORD})
    wrong = client.post("/portal/sign-in/", {"username": name, "password": "wrong wrong wrong"})

    assert right.status_code == 403
    assert "Call your office" in right.content.decode()
    assert "Call your office" not in wrong.content.decode()
    assert PortalAccess.objects.get(patient=cast.pat).first_access_at is None


def test_a_purpose_has_its_lifetime():
    assert {
        TokenPurpose.INVITE: dt.timedelta(hours=48),
        TokenPurpose.RESET: dt.timedelta(hours=4),
        TokenPurpose.PIN: dt.timedelta(minutes=30),
    } == portal.LIFETIME


# --- home -----------------------------------------------------------------------------------------------------------
def test_home_greets_the_patient_of_the_session_only(enabled, patient_client):
    answer = patient_client(enabled.pat).get("/portal/?patient=" + enabled.paula.public_id)

    text = answer.content.decode()
    assert "Hello, Pat" in text
    assert "Paula" not in text
    assert "North" in text


def test_one_person_is_asked_about_ten_times_an_hour_whoever_asks(enabled, client):
    """A list of addresses against one name and birthday finds nothing out; the case of the name is no way around."""
    codes = [
        client.post(
            "/portal/activate/", {**FOUR, "last_name": ("Patient", "PATIENT ")[n % 2], "email": f"guess{n}@a.example"}
        ).status_code
        for n in range(11)
    ]  # fmt: skip
    assert codes == [302] * 10 + [429]
    other = {**FOUR, "birth_date": "1980-05-18", "email": "other@a.example"}
    assert client.post("/portal/activate/", other).status_code == 302


@pytest.mark.parametrize("name", ["pat19800517", "pat-05171980", "1705.1980pat"])
def test_a_chosen_user_name_does_not_hold_the_birthday(enabled, client, drain, name):
    client.post("/portal/activate/", FOUR)
    drain()
    path = link_in(Delivery.objects.get())
    type(enabled.pat).objects.filter(pk=enabled.pat.pk).update(user=None)
    typed = {"username": name, "password": "a few quiet words", "again": "a few quiet words"}

    answer = client.post(path, typed)

    assert answer.status_code == 422
    assert "Leave the date of birth out of the user name." in answer.content.decode()
    assert client.post(path, {**typed, "username": "pat.patient1980"}).status_code == 302
