"""The wait instead of a second person, with a way out, and the count of failures over all offices (TR-01)."""

import datetime as dt
import re

import pytest
import time_machine

from helpdesk.models import TicketMessage
from helpdesk.tasks import wake_tickets
from portal_core.access import gate
from portal_core.directory.enums import Role
from portal_core.kernel import clock
from portal_core.notify.models import Delivery, Message
from tests.factories import office_member
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import AttemptFactory, AttestationFactory, HoldFactory, refresh
from triage import errors
from triage.actions import holds, second_person, verification
from triage.enums import AttemptOutcome, Level, Method, Purpose
from triage.identity import for_second_person, pattern_of
from triage.models import VerificationHold
from triage.rules.verification import lockout

AT = dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC)


# --- the wait ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def risky(cast, ticket, begin):
    """An R3 attestation for a reset that nobody approved."""
    attempt = AttemptFactory(ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.PASSED, level=Level.R3)
    return AttestationFactory(attempt=attempt)


def wait(cast, row):
    return second_person.wait_instead(attestation=row, staff=cast.olivia, by=cast.olivia.actor)


def consume(cast, row, action="send_reset_link"):
    verification.consume(row.public_id, patient_id=cast.pat.public_id, action=action, by=cast.olivia.actor)


@pytest.mark.parametrize(
    ("hours", "refusal"),
    [(23.999, errors.StillWaiting), (24, None), (47.999, None), (48, errors.AttestationRefused)],
)
def test_it_works_when_the_wait_is_over_and_for_a_day(cast, ticket, hours, refusal):
    """HD-12: an office of one waits where another asks a second person."""
    with time_machine.travel(AT, tick=False):
        attempt = AttemptFactory(ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.PASSED, level=Level.R3)
        row = AttestationFactory(attempt=attempt)
        wait(cast, row)
        assert gate.find(patient_id=cast.pat.public_id, action="send_reset_link", staff=cast.olivia) is None
    with time_machine.travel(AT + dt.timedelta(hours=hours), tick=False):
        if refusal is None:
            found = gate.find(patient_id=cast.pat.public_id, action="send_reset_link", staff=cast.olivia)
            assert found is not None
            assert found.attestation_id == row.public_id
            consume(cast, row)
        else:
            with pytest.raises(refusal):
                consume(cast, row)
    assert (refresh(row).consumed_at is not None) == (refusal is None)


def test_r4_waits_three_days(cast, ticket):
    attempt = AttemptFactory(
        ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.PASSED, level=Level.R4, purpose=Purpose.PROXY
    )
    row = wait(cast, AttestationFactory(attempt=attempt))
    assert round((row.delayed_until - clock.now()).total_seconds() / 3600) == 72


def words_sent(template):
    return Message.objects.get(template=template).text


def link_in(template):
    return re.search(r"/not-me/\S+", words_sent(template))[0]


def test_the_patient_says_no_by_the_link_and_looking_changes_nothing(cast, ticket, risky, client):
    wait(cast, risky)
    link = link_in("triage/proof_waits")

    assert "No, that was not me" in client.get(link).content.decode()
    assert refresh(risky).revoked_at is None
    assert client.post(link).status_code == 200

    assert refresh(risky).revoked_at is not None
    assert VerificationHold.objects.get().rule == "patient_said_no"
    assert TicketMessage.objects.filter(ticket=ticket, body=second_person.STOPPED_NOTE).count() == 1
    client.post(link)
    assert TicketMessage.objects.filter(ticket=ticket, body=second_person.STOPPED_NOTE).count() == 1
    with pytest.raises(errors.AttestationRefused):
        consume(cast, risky)


@pytest.mark.parametrize("token", ["x", "MTIz:1abc:def", "a" * 300])
def test_a_link_we_did_not_make_is_nothing(db, client, token):
    assert client.get(f"/not-me/{token}/").status_code == client.post(f"/not-me/{token}/").status_code == 404


def test_nobody_waits_who_cannot_be_warned(cast, risky):
    """A contact of yesterday warns the one who put it there."""
    yesterday = clock.now() - dt.timedelta(days=1)
    type(cast.pat).objects.filter(pk=cast.pat.pk).update(email_since=yesterday, phone_since=yesterday)

    with pytest.raises(errors.NobodyToWarn):
        wait(cast, risky)

    assert refresh(risky).delayed_until is None


def test_a_manager_ends_the_wait_and_a_stranger_does_not_begin_one(cast, risky):
    for who in (cast.ian, cast.oscar, cast.charlie):
        with pytest.raises(errors.NotYourPatient):
            second_person.wait_instead(attestation=risky, staff=who, by=who.actor)
    wait(cast, risky)
    cast.oscar.role_assignments.update(office=cast.north)
    manager = refresh(cast.oscar)

    second_person.approve(attestation=risky, staff=manager, by=manager.actor)
    consume(cast, risky)

    assert refresh(risky).consumed_by_action == "send_reset_link"


# --- the second person finds it ---------------------------------------------------------------------------------------
@pytest.fixture
def manager(cast):
    person = office_member(cast.north, Role.OFFICE_MANAGER)
    person.email = "mona@staff.example"
    person.save(update_fields=["email"])
    return person


def test_managers_of_that_office_are_told_at_once_and_nobody_else(cast, ticket, attest, manager):
    """A quarter of an hour is short: the one who can approve it hears of it, without a name (PC-06)."""
    attest((Method.K, Method.E3, Method.E2), row=TicketFactory(
        office=cast.north, patient=cast.pat, category="CONTACT_CHANGE"), purpose=Purpose.CONTACT)  # fmt: skip

    (row,) = Delivery.objects.filter(message__template="triage/second_person")
    assert row.address == "mona@staff.example"
    assert "for 15 minutes" in row.message.text
    assert "Pat" not in row.message.text
    attest(purpose=Purpose.IDENTITY)  # one person is enough for this one
    assert Delivery.objects.filter(message__template="triage/second_person").count() == 1


def test_what_waits_stands_on_the_managers_page_and_beside_its_name(cast, risky, manager, staff_client):
    page = staff_client(manager).get("/triage/office/holds/").content.decode()
    assert "Waiting for your approval" in page
    assert f"/triage/office/tickets/{risky.ticket.public_id}/" in page
    assert "Pat Patient" in page
    for other in (cast.olivia, cast.oscar):
        assert "Waiting for your approval" not in staff_client(other).get("/triage/office/holds/").content.decode()

    assert [row.pk for row in for_second_person(manager, clock.now())] == [risky.pk]
    second_person.approve(attestation=risky, staff=manager, by=manager.actor)
    assert for_second_person(manager, clock.now()) == []


def test_what_waits_for_the_patient_comes_back_to_the_desk_when_it_is_time(cast, ticket, risky, manager):
    with time_machine.travel(AT, tick=False):
        risky.expires_at = AT + dt.timedelta(minutes=5)
        risky.created_at = AT
        risky.save(update_fields=["expires_at", "created_at"])
        wait(cast, risky)
        assert refresh(ticket).snoozed_until == AT + dt.timedelta(hours=24)
        assert [row.pk for row in for_second_person(manager, AT)] == [risky.pk]
    with time_machine.travel(AT + dt.timedelta(hours=24), tick=False):
        wake_tickets()
        assert refresh(ticket).snoozed_until is None
        assert for_second_person(manager, clock.now()) == []


def test_what_was_done_is_told_to_every_contact(cast, ticket):
    """Notices are automatic: the phone gets the notice of a reset, both get the notice of a PIN."""
    attempt = AttemptFactory(ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.PASSED, purpose=Purpose.PIN)
    row = AttestationFactory(attempt=attempt)

    consume(cast, row, "issue_pin")
    assert "a PIN to register with the portal" in words_sent("triage/proof_used")
    assert cast.pat.last_name not in words_sent("triage/proof_used")
    assert link_in("triage/proof_used").startswith("/not-me/")
    assert sorted(Delivery.objects.values_list("channel", flat=True)) == ["email", "sms"]


def test_a_patient_who_reads_spanish_is_told_in_spanish(cast, ticket):
    type(cast.pat).objects.filter(pk=cast.pat.pk).update(language="es")
    attempt = AttemptFactory(ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.PASSED, purpose=Purpose.PIN)
    attempt.patient.refresh_from_db()

    consume(cast, AttestationFactory(attempt=attempt), "issue_pin")

    assert "un PIN para registrarse en el portal" in words_sent("triage/proof_used")
    assert "Abra este enlace" in words_sent("triage/proof_used")


# --- lockout ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("hours_ago", "rule"),
    [
        ([1, 2], ""),
        ([1, 2, 23.9], "three_failures_in_a_day"),
        ([1, 2, 24], ""),
        ([1, 2, 30, 300, 719.9], "five_failures_in_a_month"),
        ([1, 2, 30, 300, 720], ""),
    ],
)
def test_which_failures_put_a_hold(hours_ago, rule):
    assert lockout([AT - dt.timedelta(hours=hours) for hours in hours_ago], AT) == rule


def test_going_round_the_offices_gains_no_try(cast, ticket, begin):
    """Office-shopping: tickets at two offices, three failures over both."""
    south = TicketFactory(office=cast.south, patient=cast.pat)
    for row in (ticket, south, ticket):
        verification.fail(attempt=begin(row=row), staff=cast.olivia, by=cast.olivia.actor)

    assert VerificationHold.objects.get().rule == "three_failures_in_a_day"


def test_what_was_released_does_not_count_again(cast, ticket, begin):
    past = clock.now() - dt.timedelta(hours=2)
    for _ in range(3):
        AttemptFactory(
            ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.FAILED, started_at=past, ended_at=past
        )
    HoldFactory(patient=cast.pat, opened_at=past, released_at=past + dt.timedelta(minutes=1), released_by=cast.olivia)

    verification.fail(attempt=begin(), staff=cast.olivia, by=cast.olivia.actor)

    assert not VerificationHold.objects.filter(released_at=None).exists()


def test_a_hold_is_shown_to_its_office_and_released_on_its_page(cast, ticket, staff_client):
    """TR-01: IT has no such page; another office sees nobody."""
    hold = holds.open_hold(cast.pat, rule="three_failures_in_a_day", at=clock.now(), by=cast.olivia.actor)
    olivia = staff_client(cast.olivia)
    assert "Three checks failed within a day" in olivia.get("/triage/office/holds/").content.decode()
    assert cast.pat.name not in staff_client(cast.oscar).get("/triage/office/holds/").content.decode()
    assert staff_client(cast.ian).get("/triage/office/holds/").status_code == 403
    address = f"/triage/office/holds/{hold.public_id}/release/"
    assert olivia.post(address, {"evidence": "photo_id"}).status_code == 403
    assert refresh(hold).released_at is None
    cast.oscar.role_assignments.update(office=cast.north)
    manager = staff_client(refresh(cast.oscar))

    assert manager.post(address, {"evidence": "x"}).status_code == 404
    assert manager.post(address, {"evidence": "photo_id"}).status_code == 302

    assert (refresh(hold).release_evidence, refresh(hold).released_by) == ("photo_id", cast.oscar)


def test_a_wave_of_failures_over_patients_warns_every_desk(cast, ticket, begin):
    assert pattern_of(cast.practice.pk, clock.now()) is None
    for _ in range(10):
        AttemptFactory(ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.FAILED)
    found = pattern_of(cast.practice.pk, clock.now())
    assert found is not None
    assert (found.failures, found.holds) == (10, 0)
    assert pattern_of(cast.elsewhere.pk, clock.now()) is None
