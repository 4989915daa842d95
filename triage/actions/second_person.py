"""R3 and R4: a second person approves, or the change waits and the patient can say no. Who asks never chooses."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk.actions import tickets
from helpdesk.enums import OURS, SnoozeReason
from portal_core.directory.enums import Permission
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM, Actor
from triage.actions import holds, notices
from triage.actions.verification import lock_all_of, membership, tell
from triage.enums import Level
from triage.errors import AttestationRefused, NobodyToWarn, SecondPersonNeeded, VerificationNotFound
from triage.identity import contact_on_file, sendable_phone
from triage.models import Attestation
from triage.rules import verification as rules

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff


@transaction.atomic
def approve(*, attestation: Attestation, staff: "Staff", by: Actor) -> Attestation:
    """The second person: a manager of that office who did not make the check. Also ends a wait early.
    Raises SecondPersonNeeded, AttestationRefused when it is no longer live."""
    now, attestation = clock.now(), _locked(attestation)
    office_id = attestation.attempt.office_id
    if not staff.may(Permission.APPROVE_RISKY, office_id=office_id) or not attestation.may_be_approved_by(staff):
        raise SecondPersonNeeded
    if not attestation.is_live(now):
        raise AttestationRefused
    if attestation.is_risky and attestation.approved_at is None:
        attestation.approved_at, attestation.approved_by = now, staff
        attestation.save(update_fields=["approved_at", "approved_by"])
        tell(attestation.attempt, "verification:approve", at=now, by=by)
    return attestation


@transaction.atomic
def wait_instead(*, attestation: Attestation, staff: "Staff", by: Actor) -> Attestation:
    """There is no second person: 24 hours (R3) or 72 (R4) from now it works, unless the patient says no. They are told
    at once, over every contact on file; one of those at least must be old enough to be theirs. The ticket rests as
    long, so that somebody sees it when it is time.

    Waiting twice is once. Raises AttestationRefused, NotYourPatient, NobodyToWarn.
    """
    tickets.lock([attestation.ticket_id])  # the ticket before what hangs on it, as everywhere
    now, attestation = clock.now(), _locked(attestation)
    membership(staff, attestation.attempt.office_id)
    if not attestation.is_live(now):
        raise AttestationRefused
    if not attestation.needs_approval:
        return attestation
    if not _can_be_warned(attestation.patient, now):
        raise NobodyToWarn
    attestation.delayed_until = now + dt.timedelta(hours=rules.DELAY_HOURS[Level(attestation.level)])
    attestation.expires_at = attestation.delayed_until + dt.timedelta(hours=rules.DELAY_USE_HOURS)
    attestation.save(update_fields=["delayed_until", "expires_at"])
    if not notices.tell_waiting(attestation, at=now):
        raise NobodyToWarn
    tell(attestation.attempt, "verification:wait", at=now, by=by, until=attestation.delayed_until.isoformat())
    ticket = attestation.ticket
    if ticket.state in OURS and ticket.relayed_at is None:
        tickets.snooze(ticket=ticket, reason=SnoozeReason.OUTSIDE, until=attestation.delayed_until, by=by)
    return attestation


@transaction.atomic
def say_no(*, token: str) -> Attestation:
    """The patient followed their link: that was not me. What is not used yet never will be; every check stops until a
    manager has seen them; the office is told on the ticket. Saying it twice is once. Raises VerificationNotFound."""
    public_id = notices.attestation_id_of(token)
    found = Attestation.objects.filter(public_id=public_id).first()
    if found is None:
        raise VerificationNotFound
    tickets.lock([found.ticket_id])
    lock_all_of(found.patient_id)
    now, attestation = clock.now(), _locked(found)
    hold = holds.open_hold(attestation.patient, rule=holds.SAID_NO, at=now, by=SYSTEM)
    if hold.opened_at == now or attestation.is_live(now):
        Attestation.objects.filter(pk=attestation.pk, consumed_at=None, revoked_at=None).update(revoked_at=now)
        used = attestation.consumed_at is not None
        tell(attestation.attempt, "verification:said_no", at=now, by=SYSTEM, used=used)
        tickets.add_note(ticket=attestation.ticket, body=USED_NOTE if used else STOPPED_NOTE, by=SYSTEM)
    attestation.refresh_from_db()
    return attestation


STOPPED_NOTE = (
    "The patient says that this request did not come from them. Nothing was changed; identity checks are on hold. "
    "Call them on the number on file."
)
USED_NOTE = (
    "The patient says that this request did not come from them, and it was already carried out. End their sessions, "
    "call them on the number on file, and tell the privacy officer today. Identity checks are on hold."
)


def _can_be_warned(patient: "Patient", now: dt.datetime) -> bool:
    for kind in ("email", "phone"):
        contact = contact_on_file(patient, kind, now)
        value = contact.value if kind == "email" else sendable_phone(contact.value)
        if value and not contact.unused and not rules.is_young(contact.age_days):
            return True
    return False


def _locked(attestation: Attestation) -> Attestation:
    rows = Attestation.objects.select_for_update(of=("self",))
    rows = rows.select_related("attempt__ticket__office", "attempt__office", "attempt__patient", "patient", "ticket")
    return rows.get(pk=attestation.pk)
