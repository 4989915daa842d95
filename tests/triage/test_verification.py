"""Who may verify whom, and what an attestation is good for: once, for one thing, until one second."""

import datetime as dt
import re

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from helpdesk.enums import TicketState
from portal_core.access.actions import portal
from portal_core.access.enums import AccessLevel
from portal_core.access.models import AccessToken
from portal_core.directory.actions import patients
from portal_core.directory.enums import Role
from portal_core.kernel import clock
from portal_core.kernel.errors import Forbidden
from tests.access.factories import set_access
from tests.factories import RoleAssignmentFactory
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import AttemptFactory, AttestationFactory, HoldFactory, refresh
from triage import errors
from triage.actions import accounts, holds, second_person, verification
from triage.enums import AttemptOutcome, CallChannel, Level, Method, OfficeStep, Purpose, RedFlag, ReleaseEvidence
from triage.models import Attestation, PlaybookStep, VerificationAttempt, VerificationHold

AT = dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC)


def test_the_office_verifies_its_patient(cast, ticket, attest, deeds):
    """TR-01, TR-04: details and a call-back carry a reset; the ledger holds kinds, never answers."""
    attestation = attest()

    attempt = attestation.attempt
    assert (attempt.outcome, attempt.level, attempt.attester) == (AttemptOutcome.PASSED, Level.R2, cast.olivia)
    assert attempt.membership.role == Role.OFFICE_STAFF
    found, called = refresh(attempt).methods
    assert (found["method"], called["method"]) == ("k", "e3")
    assert attestation.expires_at - dt.datetime.fromisoformat(called["at"]) == dt.timedelta(minutes=15)
    assert PlaybookStep.objects.get(ticket=ticket).step == OfficeStep.VERIFY_IDENTITY
    assert deeds() == [
        "verification:begin", "verification:record_method", "verification:record_method", "ticket:playbook",
        "verification:complete",
    ]  # fmt: skip


def test_postgresql_takes_no_check_from_outside_the_patients_own_office(cast, ticket):
    """TR-01: whatever the code forgot to ask. (SQLite has no such triggers; there the action alone stands guard.)"""
    mine, theirs = cast.olivia.role_assignments.get(), cast.oscar.role_assignments.get()
    anywhere = RoleAssignmentFactory(staff=cast.charlie, role=Role.OFFICE_STAFF, office=None)
    wrong = (
        {"attester": cast.oscar, "membership": theirs},  # another office
        {"attester": cast.olivia, "membership": mine, "attester_role": Role.OFFICE_MANAGER},  # another role
        {"attester": cast.oscar, "membership": mine},  # not theirs
        {"attester": cast.olivia, "membership": mine, "office": cast.south},  # not the home office
        {"attester": cast.charlie, "membership": anywhere},  # another practice
    )
    AttemptFactory(ticket=ticket, attester=cast.olivia, membership=mine, outcome=AttemptOutcome.ABANDONED)
    if connection.vendor == "postgresql":
        for values in wrong:
            with pytest.raises(IntegrityError, match="own office"), transaction.atomic():
                AttemptFactory(ticket=ticket, **values)


def test_postgresql_takes_no_proof_about_somebody_else(cast, ticket):
    passed = AttemptFactory(ticket=ticket, outcome=AttemptOutcome.PASSED)
    failed = AttemptFactory(ticket=ticket, outcome=AttemptOutcome.FAILED)
    elsewhere = TicketFactory(office=cast.north, patient=cast.pat)
    if connection.vendor == "postgresql":
        for attempt, values in ((passed, {"patient": cast.piet}), (passed, {"ticket": elsewhere}), (failed, {})):
            with pytest.raises(IntegrityError, match="own office"), transaction.atomic():
                AttestationFactory(attempt=attempt, **values)
    assert AttestationFactory(attempt=passed).patient == ticket.patient


@pytest.mark.parametrize("who", ["ian", "ines", "oscar", "carla", "ana", "omar", "charlie"])
def test_nobody_else_can_begin(cast, ticket, who):
    """TR-01: not IT, not another office, not a clinician, not the owner, not a stranger."""
    staff = getattr(cast, who)

    with pytest.raises(errors.NotYourPatient):
        verification.begin(ticket=ticket, staff=staff, channel=CallChannel.PHONE, purpose=Purpose.RESET, by=staff.actor)

    assert not VerificationAttempt.objects.exists()


@pytest.mark.parametrize("deed", ["record", "flag", "complete", "fail", "abandon"])
@pytest.mark.parametrize("who", ["ian", "oscar", "charlie"])
def test_nobody_else_can_work_on_a_check(cast, begin, deed, who):
    """TR-01: every verb asks again."""
    attempt, staff = begin(), getattr(cast, who)
    call = {
        "record": lambda: verification.record_method(attempt=attempt, staff=staff, method=Method.K, by=staff.actor),
        "flag": lambda: verification.record_red_flag(
            attempt=attempt, staff=staff, flag=RedFlag.PRESSURE, by=staff.actor
        ),
        "complete": lambda: verification.complete(attempt=attempt, staff=staff, by=staff.actor),
        "fail": lambda: verification.fail(attempt=attempt, staff=staff, by=staff.actor),
        "abandon": lambda: verification.abandon(attempt=attempt, staff=staff, by=staff.actor),
    }[deed]

    with pytest.raises(Forbidden):
        call()

    assert refresh(attempt).outcome == AttemptOutcome.OPEN
    assert refresh(attempt).methods == []


def test_the_database_takes_no_attempt_by_it(cast, ticket):
    """TR-01: even code that forgot to ask cannot write one."""
    role = cast.ian.role_assignments.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        AttemptFactory(ticket=ticket, attester=cast.ian, membership=role)


def test_the_database_takes_no_attempt_without_a_role(cast, ticket):
    """TR-01."""
    with pytest.raises(IntegrityError), transaction.atomic():
        AttemptFactory(ticket=ticket, attester=cast.olivia, membership=None, attester_role=Role.OFFICE_STAFF)


def test_without_a_patient_there_is_nobody_to_verify(cast, begin):
    with pytest.raises(errors.PatientNotMatched):
        begin(row=TicketFactory(office=cast.north))


def test_a_second_click_finds_the_check_under_way(begin, deeds):
    assert begin().pk == begin().pk
    assert deeds() == ["verification:begin"]


def test_too_little_evidence_is_named(cast, begin):
    attempt = begin()
    with pytest.raises(errors.NotEnoughEvidence) as refused:
        verification.complete(attempt=attempt, staff=cast.olivia, by=cast.olivia.actor)

    assert refused.value.facts["missing"] == [
        "Match the patient's details with the record.",
        "Take one proof: in person, by call-back, by code, in their session, or on video.",
    ]
    assert not Attestation.objects.exists()


def test_a_method_over_a_contact_that_is_not_on_file_is_refused(cast, begin):
    row = TicketFactory(office=cast.north, patient=cast.piet)
    attempt = begin(row=row, purpose=Purpose.IDENTITY)

    with pytest.raises(errors.NotEnoughEvidence):
        verification.record_method(attempt=attempt, staff=cast.olivia, method=Method.E6, by=cast.olivia.actor)


@time_machine.travel(AT, tick=False)
def test_a_young_e_mail_makes_a_reset_a_matter_for_two(cast, ticket, attest):
    """Risk follows the destination: an address of yesterday raises R2 to R3."""
    cast.pat.email_since = AT - dt.timedelta(days=1)
    cast.pat.save()

    with pytest.raises(errors.NotEnoughEvidence):
        attest()


def test_a_red_flag_raises_and_a_second_person_approves(cast, ticket, begin):
    attempt = begin()
    by = cast.olivia.actor
    verification.record_red_flag(attempt=attempt, staff=cast.olivia, flag=RedFlag.PRESSURE, by=by)
    for method in (Method.K, Method.E3, Method.E1):
        verification.record_method(attempt=attempt, staff=cast.olivia, method=method, by=by)
    attestation = verification.complete(attempt=attempt, staff=cast.olivia, by=by)
    assert (attestation.level, attestation.needs_approval) == (Level.R3, True)

    with pytest.raises(errors.SecondPersonNeeded):
        accounts.send_link(ticket=ticket, attestation_id=attestation.public_id, staff=cast.olivia, by=by)
    with pytest.raises(errors.SecondPersonNeeded):
        second_person.approve(attestation=attestation, staff=cast.olivia, by=by)
    with pytest.raises(errors.SecondPersonNeeded):
        second_person.approve(attestation=attestation, staff=cast.oscar, by=cast.oscar.actor)

    manager = cast.oscar
    manager.role_assignments.update(office=cast.north)
    manager = refresh(manager)
    second_person.approve(attestation=attestation, staff=manager, by=manager.actor)
    accounts.send_link(ticket=ticket, attestation_id=attestation.public_id, staff=cast.olivia, by=by)

    assert refresh(attestation).consumed_by_action == "send_reset_link"


# --- what it is good for ----------------------------------------------------------------------------------------------
def send(cast, ticket, attestation):
    return accounts.send_link(
        ticket=ticket, attestation_id=attestation.public_id, staff=cast.olivia, by=cast.olivia.actor
    )


def test_a_reset_link_uses_the_attestation_up(cast, ticket, attest, deeds):
    """TR-04: the gate and the link are one transaction."""
    attestation = attest()

    assert send(cast, ticket, attestation) == "reset link"

    row = refresh(attestation)
    assert row.consumed_by_action == "send_reset_link"
    assert AccessToken.objects.filter(patient=cast.pat).count() == 1
    assert deeds().count("verification:consume") == 1


def test_a_used_attestation_is_refused(cast, ticket, attest):
    """Replay."""
    attestation = attest()
    send(cast, ticket, attestation)

    with pytest.raises(errors.AttestationRefused):
        send(cast, ticket, attestation)

    assert AccessToken.objects.filter(patient=cast.pat).count() == 1


def test_an_e_mail_changed_after_the_check_needs_a_new_check(cast, ticket, attest):
    """The level was judged by the old address; the link would go to the new one."""
    with time_machine.travel(AT, tick=False):
        attestation = attest()
    with time_machine.travel(AT + dt.timedelta(minutes=5), tick=False):
        patients.update_contact(
            patient=cast.pat, values={"email": "new@example.org"}, email_checked=True, by=cast.olivia.actor
        )
        cast.pat.refresh_from_db()
        ticket.refresh_from_db()

        with pytest.raises(errors.AttestationRefused):
            send(cast, ticket, attestation)

    assert refresh(attestation).consumed_at is None
    assert not AccessToken.objects.filter(patient=cast.pat).exists()


@pytest.mark.parametrize(("seconds", "passes"), [(899, True), (900, False), (901, False)])
def test_it_expires_to_the_second(cast, ticket, attest, seconds, passes):
    with time_machine.travel(AT, tick=False):
        attestation = attest()
    with time_machine.travel(AT + dt.timedelta(seconds=seconds), tick=False):
        if passes:
            send(cast, ticket, attestation)
        else:
            with pytest.raises(errors.AttestationRefused):
                send(cast, ticket, attestation)

    assert AccessToken.objects.exists() is passes


def test_an_attestation_of_another_ticket_is_refused(cast, ticket, attest):
    """Cross-ticket reuse, also for the same patient."""
    attestation = attest()
    other = TicketFactory(office=cast.north, patient=cast.pat, state=TicketState.OPEN)

    with pytest.raises(errors.AttestationRefused):
        send(cast, other, attestation)

    assert not AccessToken.objects.exists()


def test_an_attestation_of_another_patient_is_refused(cast, ticket, attest):
    attestation = attest()

    with pytest.raises(errors.AttestationRefused), transaction.atomic():
        portal.send_reset_link(patient=_active(cast.paula), attestation_id=attestation.public_id, by=cast.olivia.actor)

    assert not AccessToken.objects.exists()
    assert refresh(attestation).consumed_at is None


def test_an_attestation_for_knowing_does_not_carry_a_reset(cast, ticket, attest):
    attestation = attest(purpose=Purpose.IDENTITY)

    with pytest.raises(errors.AttestationRefused):
        send(cast, ticket, attestation)


def test_a_ticket_matched_to_somebody_else_afterwards_takes_the_attestation_away(cast, ticket, attest):
    attestation = attest()
    ticket.patient = cast.paula
    ticket.save()

    with pytest.raises(errors.AttestationRefused):
        send(cast, ticket, attestation)


def test_a_refused_link_leaves_the_attestation_unused(cast, ticket, attest):
    """The account refuses (no e-mail): nothing is consumed, nothing half-written."""
    attestation = attest()
    cast.pat.email = ""
    cast.pat.save()
    ticket = refresh(ticket)

    with pytest.raises(Exception, match="e-mail"):
        send(cast, ticket, attestation)

    assert refresh(attestation).consumed_at is None


@pytest.mark.parametrize(
    "broken",
    [
        {"consumed_by_action": "send_reset_link"},
        {"consumed_at": AT},
        {"approved_at": AT},
        {"consumed_at": AT + dt.timedelta(minutes=15), "consumed_by_action": "send_reset_link"},
        {"consumed_at": AT, "consumed_by_action": "send_reset_link", "level": Level.R3},
        {"expires_at": AT - dt.timedelta(seconds=1)},
    ],
)
def test_the_database_keeps_the_promises_of_an_attestation(cast, ticket, broken):
    with time_machine.travel(AT, tick=False):
        attempt = AttemptFactory(ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.PASSED)
        with pytest.raises(IntegrityError), transaction.atomic():
            AttestationFactory(attempt=attempt, **broken)


# --- lockout ----------------------------------------------------------------------------------------------------------
def test_three_failures_in_a_day_put_a_hold_on_the_patient(cast, ticket, begin, attest, deeds):
    """Over all offices, whoever calls: nothing above R1, unless they stand there with a photo ID."""
    for _ in range(3):
        verification.fail(attempt=begin(), staff=cast.olivia, by=cast.olivia.actor)

    assert VerificationHold.objects.filter(patient=cast.pat, released_at=None).count() == 1
    assert deeds().count("verification:hold") == 1
    with pytest.raises(errors.VerificationOnHold):
        begin()
    assert attest(methods=(Method.K,), purpose=Purpose.IDENTITY, row=_navigation(cast)).level == Level.R1


def test_two_failures_and_an_old_one_hold_nothing(cast, ticket, begin):
    with time_machine.travel(clock.now() - dt.timedelta(hours=25)):
        verification.fail(attempt=begin(), staff=cast.olivia, by=cast.olivia.actor)
    for _ in range(2):
        verification.fail(attempt=begin(), staff=cast.olivia, by=cast.olivia.actor)

    assert not VerificationHold.objects.exists()


def test_a_hold_takes_back_what_was_proved(cast, ticket, begin, attest):
    attestation = attest()
    for _ in range(3):
        verification.fail(attempt=begin(), staff=cast.olivia, by=cast.olivia.actor)

    with pytest.raises(errors.AttestationRefused):
        send(cast, ticket, attestation)


def test_a_photo_id_in_the_office_passes_a_hold(cast, ticket, attest):
    HoldFactory(patient=cast.pat)

    attestation = attest(methods=(Method.K, Method.E1), channel=CallChannel.IN_PERSON)

    assert attestation.level == Level.R2


def test_only_a_manager_of_the_office_releases(cast, ticket):
    hold = HoldFactory(patient=cast.pat)
    for staff in (cast.olivia, cast.oscar, cast.ian):
        with pytest.raises(errors.NotYourPatient):
            holds.release(hold=hold, evidence=ReleaseEvidence.PHOTO_ID, staff=staff, by=staff.actor)
    cast.oscar.role_assignments.update(office=cast.north)
    manager = refresh(cast.oscar)

    holds.release(hold=hold, evidence=ReleaseEvidence.PHOTO_ID, staff=manager, by=manager.actor)

    assert refresh(hold).released_by == manager


def test_a_finished_check_is_finished(cast, begin):
    attempt = begin()
    verification.fail(attempt=attempt, staff=cast.olivia, by=cast.olivia.actor)

    for deed in (verification.fail, verification.complete, verification.abandon):
        with pytest.raises(errors.VerificationClosed):
            deed(attempt=attempt, staff=cast.olivia, by=cast.olivia.actor)


def _active(patient):
    from portal_core.access.models import PortalAccess

    now = clock.now()
    active = {"level": "can_access", "enabled_at": now, "enabled_by": "Test"}
    active |= {"first_access_at": now, "last_access_at": now}
    PortalAccess.objects.update_or_create(patient=patient, defaults=active)
    return patient


def _navigation(cast):
    return TicketFactory(office=cast.north, patient=cast.pat, category="NAV_HELP", state=TicketState.OPEN)


def test_a_registration_pin_uses_up_the_check_and_is_shown_on_the_slip_alone(cast, staff_client):
    """TR-04, PC-56"""
    set_access(cast.pat, level=AccessLevel.CAN_ACCESS)
    ticket = TicketFactory(office=cast.north, patient=cast.pat, state="open")
    attestation = AttestationFactory(
        attempt=AttemptFactory(ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.PASSED, purpose=Purpose.PIN)
    )
    url = f"/triage/office/tickets/{ticket.public_id}/attestation/{attestation.public_id}/pin/"
    olivia = staff_client(cast.olivia)

    slip = olivia.post(url)

    pin = re.search(r"data-pin>([2-9A-Z]{4}-[2-9A-Z]{4})<", slip.content.decode())[1]
    assert slip["Cache-Control"] == "no-store"
    assert "<svg" in slip.content.decode()
    assert pin not in olivia.get(f"/triage/office/tickets/{ticket.public_id}/").content.decode()
    attestation.refresh_from_db()
    assert attestation.consumed_by_action == "issue_pin"
    assert olivia.post(url).status_code == 409, "a second press needs a second check"
