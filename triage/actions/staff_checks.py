"""IT makes sure of a colleague before it touches their account (RS, TR-09): by calling back the office's main number on
file, never the number they gave, never the one they call from. A lost second step also takes their manager."""

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from helpdesk.actions import tickets
from helpdesk.enums import Side
from portal_core import notify
from portal_core.accounts.actions import credentials, second_step
from portal_core.directory.enums import Permission
from portal_core.directory.queries import offices
from portal_core.kernel import audit, clock, realtime
from portal_core.kernel.contracts import Actor
from triage.enums import AttemptOutcome, StaffMethod, StaffPurpose
from triage.errors import (
    AttestationRefused,
    NotEnoughEvidence,
    NotYourColleague,
    SecondPersonNeeded,
    StaffOnHold,
    VerificationRunning,
)
from triage.models import StaffCheck

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Office, Staff
    from triage.models.staff_checks import StaffCheckQuerySet

VALID: Final = dt.timedelta(minutes=15)
VALID_WITH_MANAGER: Final = dt.timedelta(minutes=60)  # somebody has to be found
FAILURES: Final = 3  # of one colleague within a day: then only their manager's visit helps


@transaction.atomic
def begin(*, ticket: "Ticket", subject: "Staff", purpose: StaffPurpose, staff: "Staff", by: Actor) -> StaffCheck:
    """Start to make sure of a colleague who wrote or called. The same person asking again gets the check under way.

    Raises NotYourColleague (not IT, another practice, oneself, a patient's ticket), VerificationRunning, StaffOnHold.
    """
    now = clock.now()
    if not staff.may(Permission.IT_DESK) or ticket.side != Side.IT or subject.pk == staff.pk or not subject.is_active:
        raise NotYourColleague
    if {staff.practice_id, subject.practice_id} != {ticket.practice_id}:
        raise NotYourColleague
    running = StaffCheck.objects.select_for_update().filter(ticket=ticket, outcome=AttemptOutcome.OPEN).first()
    if running is not None:
        if (running.agent_id, running.subject_id, running.purpose) == (staff.pk, subject.pk, purpose):
            return running
        raise VerificationRunning
    day = now - dt.timedelta(hours=24)
    if StaffCheck.objects.filter(subject=subject, outcome=AttemptOutcome.FAILED, ended_at__gt=day).count() >= FAILURES:
        raise StaffOnHold
    check = StaffCheck.objects.create(
        practice_id=ticket.practice_id,
        ticket=ticket,
        subject=subject,
        office=office_of(subject),
        agent=staff,
        purpose=purpose,
        started_at=now,
    )
    _tell(check, "staff_check:begin", at=now, by=by, purpose=str(purpose))
    return check


def office_of(subject: "Staff") -> "Office":
    """The office whose main number is called: one they work in, else the practice's main office."""
    for row in subject.assignments:
        if row.office is not None and row.office.is_active:
            return row.office
    rows = offices(subject.practice_id)
    return rows.filter(is_main=True).first() or rows[0]


@transaction.atomic
def succeed(*, check: StaffCheck, method: StaffMethod, staff: "Staff", by: Actor) -> StaffCheck:
    """It is them. Good for a quarter of an hour; where a manager has to agree, for an hour.
    Raises NotYourColleague, VerificationClosed, NotEnoughEvidence when there is no number on file to call."""
    now, check = clock.now(), _mine(check, staff)
    if method == StaffMethod.CALL_BACK and not check.office.phone:
        raise NotEnoughEvidence(missing=["That office has no main number on file. See them in person."])
    check.move(AttemptOutcome.PASSED, at=now)
    check.method = method
    check.expires_at = now + (VALID_WITH_MANAGER if check.needs_manager else VALID)
    check.save(update_fields=["outcome", "ended_at", "method", "expires_at"])
    _tell(check, "staff_check:pass", at=now, by=by, method=str(method))
    return check


@transaction.atomic
def fail(*, check: StaffCheck, staff: "Staff", by: Actor) -> StaffCheck:
    """Nobody there knows them, or it was somebody else. Raises NotYourColleague, VerificationClosed."""
    now, check = clock.now(), _mine(check, staff)
    check.move(AttemptOutcome.FAILED, at=now)
    check.save(update_fields=["outcome", "ended_at"])
    tickets.add_note(ticket=check.ticket, body="The call-back did not confirm who is asking. Nothing was done.", by=by)
    _tell(check, "staff_check:fail", at=now, by=by)
    return check


@transaction.atomic
def approve(*, check: StaffCheck, staff: "Staff", by: Actor) -> StaffCheck:
    """Their manager agrees, in a session of their own. Twice is once. Raises SecondPersonNeeded, AttestationRefused."""
    now, check = clock.now(), _locked(check)
    if not may_approve(staff, check):
        raise SecondPersonNeeded
    if not check.is_live(now):
        raise AttestationRefused
    if check.approved_at is None:
        check.approved_at, check.approved_by = now, staff
        check.save(update_fields=["approved_at", "approved_by"])
        _tell(check, "staff_check:approve", at=now, by=by)
    return check


def may_approve(staff: "Staff", check: StaffCheck) -> bool:
    """A manager of the colleague's office or of the practice; never the colleague, never who made the check."""
    if staff.practice_id != check.practice_id or staff.pk in (check.subject_id, check.agent_id):
        return False
    return staff.may(Permission.SETTINGS) or staff.may(Permission.APPROVE_RISKY, office_id=check.office_id)


@transaction.atomic
def carry_out(*, check: StaffCheck, staff: "Staff", by: Actor) -> StaffCheck:
    """Do what the check was for, once. The colleague is told by mail.

    Raises NotYourColleague, AttestationRefused (used, too old, nothing to do), SecondPersonNeeded.
    """
    now, check = clock.now(), _locked(check)
    if not staff.may(Permission.IT_DESK) or staff.practice_id != check.practice_id:
        raise NotYourColleague
    user = check.subject.user
    if not check.is_live(now) or check.purpose == StaffPurpose.HELP or user is None:
        raise AttestationRefused
    if check.needs_manager:
        raise SecondPersonNeeded
    check.consumed_at = now
    check.save(update_fields=["consumed_at"])
    if check.purpose == StaffPurpose.SECOND_STEP:
        second_step.reset(user=user, by=by)
        done = "Took off the second step and ended every session."
    else:
        credentials.end_sessions(user=user, by=by)
        done = "Ended every session."
    tickets.add_note(ticket=check.ticket, body=done, by=by)
    _tell(check, "staff_check:carry_out", at=now, by=by, purpose=check.purpose)
    if check.subject.email:
        notify.send(
            "triage/staff_account",
            to=notify.Recipient(key=f"staff:{check.subject.public_id}", email=check.subject.email.strip()),
            cause=f"staff-account:{check.public_id}",
            context={
                "what": str(StaffPurpose(check.purpose).label),
                "office_name": check.office.name,
                "office_phone": check.office.phone_shown,
            },
        )
    return check


def end_with_desk(ticket: "Ticket", *, at: dt.datetime, by: Actor) -> None:
    """The ticket leaves IT's desk: a check under way ends without a result. Behind the ticket's lock."""
    for check in _rows().filter(ticket=ticket, outcome=AttemptOutcome.OPEN):
        check.move(AttemptOutcome.ABANDONED, at=at)
        check.save(update_fields=["outcome", "ended_at"])
        _tell(check, "staff_check:abandon", at=at, by=by, why="other_desk")


# --- inside -----------------------------------------------------------------------------------------------------------
def _rows() -> "StaffCheckQuerySet":
    rows = StaffCheck.objects.select_for_update(of=("self",))
    return rows.select_related("ticket__office", "ticket__practice", "subject", "office", "practice")


def _locked(check: StaffCheck) -> StaffCheck:
    return _rows().get(pk=check.pk)


def _mine(check: StaffCheck, staff: "Staff") -> StaffCheck:
    if not staff.may(Permission.IT_DESK) or check.agent_id != staff.pk:
        raise NotYourColleague
    return _locked(check)


def _tell(check: StaffCheck, action: str, *, at: dt.datetime, by: Actor, **facts: Any) -> None:
    audit.record(
        action, by=by, target=check, practice_id=check.practice_id, at=at, subject=check.subject.public_id, **facts
    )
    realtime.push(tickets.it_group(check.practice.public_id), {"type": "ticket.changed", "id": check.ticket.public_id})
