"""A check under way: its proofs age, it is about its ticket's patient, and it ends where nobody ends it (TR-01)."""

import datetime as dt

import pytest
import time_machine

from helpdesk.actions import tickets
from portal_core.directory.actions import patients
from portal_core.directory.actions.staff import revoke_role
from portal_core.directory.models import RoleAssignment
from tests.factories import office_member
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import refresh
from triage import errors
from triage.actions import playbook, proofs, verification
from triage.enums import AttemptOutcome, Method, OfficeStep
from triage.models import PlaybookStep, VerificationCode
from triage.tasks import end_checks

AT = dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC)


def at(seconds):
    return time_machine.travel(AT + dt.timedelta(seconds=seconds), tick=False)


def note(cast, attempt, *methods):
    for method in methods:
        verification.record_method(attempt=attempt, staff=cast.olivia, method=method, by=cast.olivia.actor)


def complete(cast, attempt):
    return verification.complete(attempt=attempt, staff=cast.olivia, by=cast.olivia.actor)


# --- how old a proof is -----------------------------------------------------------------------------------------------
def test_a_call_back_counts_for_a_quarter_of_an_hour_from_the_call(cast, begin):
    """Its time begins with the proof and not with the end of the check: to the second, and the result ends with it."""
    with at(0):
        attempt = begin()
        note(cast, attempt, Method.K, Method.E3)
    with at(900), pytest.raises(errors.NotEnoughEvidence):
        complete(cast, attempt)
    with at(899):
        assert complete(cast, attempt).expires_at == AT + dt.timedelta(seconds=900)


def test_what_has_run_out_is_taken_again_and_is_not_kept(cast, begin):
    with at(0):
        attempt = begin()
        note(cast, attempt, Method.K, Method.E3, Method.E2)
    with at(1000):
        note(cast, attempt, Method.E3)
        assert complete(cast, attempt).expires_at == AT + dt.timedelta(seconds=1900)
    assert [(row["method"], row["at"][11:16]) for row in refresh(attempt).methods] == [
        ("k", "15:00"), ("e2", "15:00"), ("e3", "15:16"),
    ]  # fmt: skip


def test_a_call_to_a_number_that_changed_since_proves_nothing(cast, begin):
    with at(0):
        attempt = begin()
        note(cast, attempt, Method.K, Method.E3)
    with at(60):
        patients.update_contact(patient=cast.pat, values={"phone": "+12175550177"}, by=cast.olivia.actor)
        with pytest.raises(errors.NotEnoughEvidence):
            complete(cast, attempt)


def test_a_check_nobody_finished_ends_after_an_hour(cast, begin, deeds):
    """Even a photo ID counts no more then; a colleague can begin anew at once, whether the sweep came by or not."""
    with at(0):
        forgotten, other = begin(), begin(row=TicketFactory(office=cast.north, patient=cast.pat))
        note(cast, forgotten, Method.K, Method.E1)
    with at(3599):
        assert end_checks() == 0
    with at(3600):
        fresh = begin(staff=office_member(cast.north))
        assert fresh.pk != forgotten.pk
        assert (end_checks(), end_checks()) == (1, 0)
    assert {refresh(one).outcome for one in (forgotten, other)} == {AttemptOutcome.ABANDONED}
    assert refresh(fresh).outcome == AttemptOutcome.OPEN
    assert deeds().count("verification:abandon") == 2


# --- whom it is about -------------------------------------------------------------------------------------------------
def test_matching_somebody_else_ends_the_check_of_the_first(cast, ticket, begin, staff_client):
    attempt = begin()
    note(cast, attempt, Method.K, Method.E3)
    playbook.tick(ticket=ticket, staff=cast.olivia, step=OfficeStep.VERIFY_IDENTITY, by=cast.olivia.actor)

    tickets.match_patient(ticket=ticket, patient=cast.paula, again=True, by=cast.olivia.actor)

    assert refresh(attempt).outcome == AttemptOutcome.ABANDONED
    assert not PlaybookStep.objects.filter(ticket=ticket).exists()
    page = staff_client(cast.olivia).get(f"/triage/office/tickets/{ticket.public_id}/").content.decode()
    assert "Verify" in page
    assert "It is them" not in page
    assert begin(row=refresh(ticket)).patient == cast.paula


def test_a_check_of_somebody_else_is_not_finished_even_if_it_were_left_open(cast, ticket, begin):
    """Begun at the very moment at which a colleague matched the ticket anew."""
    attempt = begin()
    note(cast, attempt, Method.K, Method.E3)
    type(ticket).objects.filter(pk=ticket.pk).update(patient=cast.paula)

    with pytest.raises(errors.VerificationClosed):
        complete(cast, attempt)


def test_who_loses_the_role_finishes_no_check(cast, begin, deeds):
    attempt = begin()
    role = RoleAssignment.objects.get(staff=cast.olivia, role="office_staff")

    revoke_role(assignment=role, by=cast.ana.actor)

    assert not RoleAssignment.objects.filter(pk=role.pk).exists()
    row = refresh(attempt)
    assert (row.outcome, row.membership_id) == (AttemptOutcome.ABANDONED, None)
    assert deeds()[-2:] == ["verification:abandon", "staff:revoke-role"]


# --- guessing ---------------------------------------------------------------------------------------------------------
def test_stopping_a_check_gives_no_new_tries(cast, begin, ticket):
    """Two wrong codes, "the line broke", a new check: the third wrong one fails it. A day later it is forgotten."""

    def guess(attempt, times):
        proofs.send_code(attempt=attempt, staff=cast.olivia, method=Method.E4, by=cast.olivia.actor)
        refused = []
        for _ in range(times):
            with pytest.raises((errors.WrongCode, errors.VerificationClosed)) as error:
                proofs.enter_code(attempt=attempt, staff=cast.olivia, typed="none", by=cast.olivia.actor)
            refused.append(error.value.facts.get("left", 0))
        return refused

    with at(0):
        first = begin()
        assert guess(first, 2) == [2, 1]
        verification.abandon(attempt=first, staff=cast.olivia, by=cast.olivia.actor)
        elsewhere = begin(row=TicketFactory(office=cast.north, patient=cast.pat))
        assert guess(elsewhere, 1) == [0]
    assert refresh(elsewhere).outcome == AttemptOutcome.FAILED
    with at(25 * 3600):
        assert guess(begin(), 1) == [2]
    assert VerificationCode.objects.count() == 3


# --- somebody is in the account ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("category", ["SEC_REPORT", "LOGIN_PWD"])
def test_a_report_ends_the_sessions_before_anybody_is_checked(cast, staff_client, patient_client, deeds, category):
    """Taken from anyone: a false alarm costs one sign-in, and nothing else is changed."""
    row = TicketFactory(office=cast.north, patient=cast.pat, category=category, state="open")
    pat, desk = patient_client(cast.pat), staff_client(cast.olivia)
    assert pat.get("/portal/").status_code == 200
    button = f'action="/triage/office/tickets/{row.public_id}/shut-out/"'
    assert (button in desk.get(f"/triage/office/tickets/{row.public_id}/").content.decode()) is (
        category == "SEC_REPORT"
    )

    assert desk.post(f"/triage/office/tickets/{row.public_id}/shut-out/").status_code == 302

    assert pat.get("/portal/").status_code == 302
    assert {"account:end-sessions", "patient:shut-out"} <= set(deeds())


def test_nobody_else_ends_them(cast, staff_client):
    """Not where nobody was found, not of a patient without an account, not from another office or desk (TR-01)."""
    nobody = TicketFactory(office=cast.north, category="SEC_REPORT")
    without = TicketFactory(office=cast.north, patient=cast.paula, category="SEC_REPORT")
    elsewhere = TicketFactory(office=cast.south, patient=cast.pat, category="SEC_REPORT")
    told = {
        (staff, row): staff_client(getattr(cast, staff)).post(f"/triage/office/tickets/{row.public_id}/shut-out/")
        for staff, row in [("olivia", nobody), ("olivia", without), ("oscar", elsewhere), ("oscar", nobody),
                           ("ian", without)]
    }  # fmt: skip

    assert [answer.status_code for answer in told.values()] == [409, 409, 403, 404, 403]
    before = cast.pat.user.session_epoch
    cast.pat.user.refresh_from_db()
    assert cast.pat.user.session_epoch == before
