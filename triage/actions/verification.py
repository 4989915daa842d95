"""The identity check: begun, fed with evidence, and ended by a member of the patient's own office. IT has no part in it
(TR-01): `membership` finds no role of theirs, and the database takes no attempt without one."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction

from helpdesk.actions import tickets
from helpdesk.enums import Category
from helpdesk.queries import red_flags_of
from portal_core.access.gate import Proof
from portal_core.directory.enums import ROLE_PERMISSIONS, Permission, Role
from portal_core.kernel import audit, clock, realtime
from portal_core.kernel.contracts import Actor
from triage import queries
from triage.actions import holds, notices
from triage.actions.playbook import tick
from triage.enums import AttemptOutcome, CallChannel, Level, Method, OfficeStep, Purpose, RedFlag
from triage.errors import (
    AttestationRefused,
    NotEnoughEvidence,
    NotYourPatient,
    PatientNotMatched,
    PurposeNotOffered,
    SecondPersonNeeded,
    StillWaiting,
    VerificationClosed,
    VerificationRunning,
)
from triage.identity import Contact, contact_on_file, standing
from triage.models import Attestation, VerificationAttempt
from triage.rules import verification as rules
from triage.rules.edits import Table
from triage.rules.purposes import LEAST_LEVEL, PURPOSE_OF, TERMS, template
from triage.rules.table import ROUTES

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Patient, RoleAssignment, Staff


def membership(staff: "Staff", office_id: int) -> "RoleAssignment":
    """The role by which this person may attest in that office. Raises NotYourPatient; for IT always."""
    for row in staff.assignments:
        allowed = Permission.VERIFY_PATIENT in ROLE_PERMISSIONS[Role(row.role)]
        if allowed and row.office_id in (None, office_id):
            return row
    raise NotYourPatient


@transaction.atomic
def begin(
    *, ticket: "Ticket", staff: "Staff", channel: CallChannel, purpose: Purpose, by: Actor
) -> VerificationAttempt:
    """Start a check on the patient matched to this ticket.

    The same person asking again gets the check under way. Raises PatientNotMatched, NotYourPatient,
    VerificationRunning, VerificationOnHold (above R1, unless they stand in the office).
    """
    now = clock.now()
    patient = ticket.patient
    if patient is None:
        raise PatientNotMatched
    role = membership(staff, patient.home_office_id)
    running = VerificationAttempt.objects.select_for_update().filter(ticket=ticket, outcome=AttemptOutcome.OPEN).first()
    if running is not None and running.started_at <= now - dt.timedelta(seconds=rules.CHECK_SECONDS):
        stop(running, at=now, by=by, why="too_long")
    elif running is not None:
        if running.attester_id == staff.pk and running.patient_id == patient.pk:
            return running
        raise VerificationRunning
    if purpose not in template(ticket.category).purposes:
        raise PurposeNotOffered
    base = base_level(ticket.category, purpose, queries.table_of(ticket.practice_id))
    holds.refuse_on_hold(patient, base, channel)
    heard = red_flags_of(ticket)
    flags = [*_seen_before(patient, purpose, now), *(flag for flag in RedFlag if flag in heard)]
    attempt = VerificationAttempt.objects.create(
        ticket=ticket,
        patient=patient,
        office_id=patient.home_office_id,
        attester=staff,
        membership=role,
        attester_role=role.role,
        channel=channel,
        purpose=purpose,
        base_level=base,
        level=rules.required_level(base, red_flags=flags, **_destination(patient, purpose, now)),
        red_flags=[str(flag) for flag in flags],
        started_at=now,
    )
    tell(attempt, "verification:begin", at=now, by=by, channel=str(channel), purpose=str(purpose))
    return attempt


def base_level(category: str, purpose: Purpose, table: Table = ROUTES) -> Level:
    """What the kind of request and what is to be done with the answer ask for, before any raise. Never R0: a check that
    asks nothing is none. R4 asks by what right somebody acts for another: that is a matter of PROXY alone; and to know
    who it is, one proof is enough."""
    level = table[Category(category)].level
    if level in (Level.R0, Level.RS):
        level = Level.R1
    if purpose == Purpose.IDENTITY and rules.at_least(level, Level.R2):
        level = Level.R2
    if purpose != Purpose.PROXY and level == Level.R4:
        level = Level.R2
    least = TERMS[purpose].least
    return level if rules.at_least(level, least) else least


@transaction.atomic
def record_method(
    *, attempt: VerificationAttempt, staff: "Staff", method: Method, on: bool = True, by: Actor
) -> VerificationAttempt:
    """Note one kind of evidence (or take a slip back). Stored are the kind, the time and the age of the contact.

    Codes and the portal session note themselves (`actions.proofs`). Raises VerificationClosed, NotYourPatient,
    NotEnoughEvidence when there is no such contact on file, or for a kind that is not noted by hand.
    """
    now, attempt = clock.now(), locked(attempt, staff)
    if on and method in rules.BY_DOING:
        raise NotEnoughEvidence(missing=["This one notes itself: send the code and enter it, or ask in their portal."])
    if on:
        contact = contact_of(attempt.patient, method, now)
        note_proof(attempt, method, age=contact.age_days, unused=contact.unused, at=now)
    else:
        attempt.methods = [row for row in attempt.methods if row["method"] != method]
        attempt.save(update_fields=["methods"])
    tell(attempt, "verification:record_method", at=now, by=by, method=str(method), on=on)
    return attempt


@transaction.atomic
def record_red_flag(
    *, attempt: VerificationAttempt, staff: "Staff", flag: RedFlag, on: bool = True, by: Actor
) -> VerificationAttempt:
    """Note a warning sign (or take a slip back); any of them raises the level by one. Raises VerificationClosed."""
    now, attempt = clock.now(), locked(attempt, staff)
    codes = [code for code in attempt.red_flags if code != flag]
    attempt.red_flags = [*codes, str(flag)] if on else codes
    attempt.level = _level(attempt, now)
    attempt.save(update_fields=["red_flags", "level"])
    tell(attempt, "verification:red_flag", at=now, by=by, flag=str(flag), on=on)
    return attempt


@transaction.atomic
def complete(*, attempt: VerificationAttempt, staff: "Staff", by: Actor) -> Attestation:
    """The evidence suffices: an attestation is born, good for one purpose until one second.

    Raises NotEnoughEvidence (`facts["missing"]`), VerificationClosed, VerificationOnHold, NotYourPatient.
    """
    now, attempt = clock.now(), locked(attempt, staff)
    level = _level(attempt, now)
    fitting = TERMS[Purpose(attempt.purpose)].proofs
    evidence = standing(attempt, level, now, _contacts(attempt, now))
    verdict = rules.judge(level, evidence, fitting)
    if not verdict.suffices:
        raise NotEnoughEvidence(missing=list(verdict.missing))
    # What has run out since it was noted proves nothing later either.
    attempt.methods = [row for row in attempt.methods if Method(row["method"]) in {item.method for item in evidence}]
    seen_in_person = any(item.method == Method.E1 for item in evidence)
    holds.refuse_on_hold(attempt.patient, level, CallChannel.IN_PERSON if seen_in_person else CallChannel.PHONE)
    attempt.level = level
    attempt.move(AttemptOutcome.PASSED, at=now)
    attempt.save(update_fields=["level", "methods", "outcome", "ended_at"])
    attestation = Attestation.objects.create(
        attempt=attempt,
        ticket_id=attempt.ticket_id,
        patient_id=attempt.patient_id,
        action_class=attempt.purpose,
        level=level,
        created_at=now,
        expires_at=rules.good_until(level, evidence, fitting, now),
    )
    if attestation.is_risky:
        notices.tell_second_person(attestation, at=now)
    tick(ticket=attempt.ticket, staff=staff, step=OfficeStep.VERIFY_IDENTITY, by=by)
    methods = sorted(row["method"] for row in attempt.methods)
    tell(attempt, "verification:complete", at=now, by=by, level=str(level), methods=methods)
    return attestation


@transaction.atomic
def fail(*, attempt: VerificationAttempt, staff: "Staff", by: Actor) -> VerificationAttempt:
    """It is not them, or cannot be shown. The third time in a day, over all offices, puts a hold on the patient.
    Raises VerificationClosed, NotYourPatient."""
    lock_all_of(attempt.patient_id)
    now, attempt = clock.now(), locked(attempt, staff)
    close_as_failed(attempt, at=now, by=by)
    return attempt


@transaction.atomic
def abandon(*, attempt: VerificationAttempt, staff: "Staff", by: Actor) -> VerificationAttempt:
    """Stop without a result, e.g. the line went dead. Any member of the office may. Raises VerificationClosed."""
    now = clock.now()
    membership(staff, attempt.office_id)
    attempt = VerificationAttempt.objects.select_for_update().get(pk=attempt.pk)
    stop(attempt, at=now, by=by)
    return attempt


def stop(attempt: VerificationAttempt, *, at: dt.datetime, by: Actor, **facts: Any) -> None:
    """End a locked check without a result; `facts` say why. Raises VerificationClosed."""
    attempt.move(AttemptOutcome.ABANDONED, at=at)
    attempt.save(update_fields=["outcome", "ended_at"])
    tell(attempt, "verification:abandon", at=at, by=by, **facts)


def consume(attestation_id: str, *, patient_id: str, action: str, by: Actor) -> bool:
    """The gate of `portal_core.access`: use up an attestation, in the caller's transaction. Whether the patient was
    there in person.

    Raises AttestationRefused when it is another patient's, for another purpose, too weak, unapproved, revoked, used, or
    expired: at the second of `expires_at` it is already too late. For a reset link also when the e-mail on file changed
    since the check ended. Of two callers at once exactly one passes.
    """
    now = clock.now()
    # The ticket first, as everywhere: what the check is used for is written on it, and so is the patient's "not me".
    tickets.lock(Attestation.objects.filter(public_id=attestation_id).values_list("ticket_id", flat=True))
    row = Attestation.objects.select_for_update(of=("self",)).filter(public_id=attestation_id).first()
    if row is None or row.patient.public_id != patient_id or not row.is_live(now):
        raise AttestationRefused
    if not carries(row, action):
        raise AttestationRefused
    if row.needs_approval:
        raise SecondPersonNeeded
    if row.is_waiting(now):
        raise StillWaiting
    row.consumed_at, row.consumed_by_action = now, action
    row.save(update_fields=["consumed_at", "consumed_by_action"])
    tell(row.attempt, "verification:consume", at=now, by=by, action_taken=action)
    notices.tell_used(row, action, at=now)
    return seen_in_person(row.attempt)


def seen_in_person(attempt: VerificationAttempt) -> bool:
    """With a photo ID, or known to the office and there."""
    return any(item.method in (Method.E1, Method.E2) for item in attempt.evidence)


def carries(row: Attestation, action: str) -> bool:
    """Whether this attestation is for this action and strong enough. Its life is another question (`is_live`)."""
    if action not in TERMS[Purpose(row.action_class)].actions:
        return False
    if not rules.at_least(Level(row.level), LEAST_LEVEL[action]):
        return False
    since = row.patient.email_since
    # A reset: the level was judged by the age of an address. Is it still the one on file?
    return action != "send_reset_link" or since is None or since <= row.created_at


def find_proof(*, patient_id: str, action: str, staff: "Staff", attestation_id: str = "") -> Proof | None:
    """The finder of the gate: what `consume` would accept now, for those who work in the patient's own office; of
    several the newest, unless one is named."""
    now = clock.now()
    if action not in PURPOSE_OF:
        return None
    rows = Attestation.objects.live(now).filter(patient__public_id=patient_id, action_class=PURPOSE_OF[action])
    if attestation_id:
        rows = rows.filter(public_id=attestation_id)
    for row in rows.select_related("attempt__attester", "patient").order_by("-created_at"):
        if row.needs_approval or row.is_waiting(now) or not carries(row, action):
            continue
        if not staff.may(Permission.PORTAL_ACCESS, office_id=row.attempt.office_id):
            continue
        methods = [item.method for item in row.attempt.evidence]
        return Proof(
            attestation_id=row.public_id,
            level=row.level,
            methods=tuple(str(method.label) for method in methods if method != Method.K),
            in_person=seen_in_person(row.attempt),
            attested_by=row.attempt.attester.name,
            attested_at=row.created_at,
            expires_at=row.expires_at,
        )
    return None


# --- shared with the other verbs of a check ---------------------------------------------------------------------------
def lock_all_of(patient_id: int) -> None:
    """Every check of this patient, in order: two failures in two offices at once must see each other. Taken before the
    row itself, by every action that may fail a check."""
    list(VerificationAttempt.objects.select_for_update().filter(patient_id=patient_id).order_by("id"))


def close_as_failed(attempt: VerificationAttempt, *, at: dt.datetime, by: Actor) -> None:
    """On a locked row, behind `lock_all_of`."""
    attempt.move(AttemptOutcome.FAILED, at=at)
    attempt.save(update_fields=["outcome", "ended_at"])
    tell(attempt, "verification:fail", at=at, by=by)
    holds.count_failures(attempt.patient, at=at, by=by)


def note_proof(attempt: VerificationAttempt, method: Method, *, age: int | None, unused: bool, at: dt.datetime) -> None:
    """Write one kind of proof on a locked row: its kind, its time and the age of the contact. Twice is once, unless the
    first has run out."""
    level = _level(attempt, at)
    contacts = {kind: contact_on_file(attempt.patient, kind, at) for kind in {rules.ON_CONTACT.get(method)} if kind}
    if any(item.method == method for item in standing(attempt, level, at, contacts)):
        return
    attempt.methods = [row for row in attempt.methods if row["method"] != method]
    row: dict[str, Any] = {"method": str(method), "age_days": age, "at": at.isoformat()}
    attempt.methods = [*attempt.methods, {**row, "unused": True} if unused else row]
    attempt.save(update_fields=["methods"])


# --- inside -----------------------------------------------------------------------------------------------------------
def locked(attempt: VerificationAttempt, staff: "Staff") -> VerificationAttempt:
    membership(staff, attempt.office_id)
    attempt = (
        VerificationAttempt.objects.select_for_update(of=("self",))
        .select_related("patient", "ticket")
        .get(pk=attempt.pk)
    )
    if attempt.attester_id != staff.pk:
        raise NotYourPatient
    if attempt.outcome != AttemptOutcome.OPEN or attempt.patient_id != attempt.ticket.patient_id:
        raise VerificationClosed
    return attempt


def _contacts(attempt: VerificationAttempt, now: dt.datetime) -> dict[str, Contact]:
    """What is on file of the kinds that the proofs of this check went over."""
    kinds = {rules.ON_CONTACT.get(item.method, "") for item in attempt.evidence} - {""}
    return {kind: contact_on_file(attempt.patient, kind, now) for kind in sorted(kinds)}


def _level(attempt: VerificationAttempt, now: dt.datetime) -> Level:
    return rules.required_level(
        Level(attempt.base_level),
        red_flags=attempt.flags,
        **_destination(attempt.patient, Purpose(attempt.purpose), now),
    )


def _destination(patient: "Patient", purpose: Purpose, now: dt.datetime) -> dict[str, Any]:
    """How old the address is that the result goes to."""
    if not TERMS[purpose].to_email:
        return {"destination_age_days": None}
    contact = contact_on_file(patient, "email", now)
    return {"destination_age_days": contact.age_days, "destination_unused": contact.unused}


def _seen_before(patient: "Patient", purpose: Purpose, now: dt.datetime) -> list[RedFlag]:
    """A new contact and a reset on one day is how accounts are taken over: the desk notices, whoever picks up."""
    other = {Purpose.CONTACT: Purpose.RESET, Purpose.RESET: Purpose.CONTACT}.get(purpose)
    since = now - dt.timedelta(hours=24)
    tried = VerificationAttempt.objects.filter(patient=patient, purpose=other or "", started_at__gt=since)
    return [RedFlag.CONTACT_AND_RESET] if other is not None and tried.exists() else []


def contact_of(patient: "Patient", method: Method, now: dt.datetime) -> Contact:
    """The contact a kind of proof goes over. Raises NotEnoughEvidence when there is none on file."""
    kind = rules.ON_CONTACT.get(method)
    if kind is None:
        return Contact(value="", age_days=None, unused=False)
    contact = contact_on_file(patient, kind, now)
    if not contact.value:
        raise NotEnoughEvidence(missing=["There is no such contact on file. Choose another way."])
    return contact


def tell(attempt: VerificationAttempt, action: str, *, at: dt.datetime, by: Actor, **facts: Any) -> None:
    audit.record(action, by=by, target=attempt, at=at, patient=attempt.patient.public_id, **facts)
    realtime.push(
        tickets.office_group(attempt.ticket.office.public_id),
        {"type": "ticket.changed", "id": attempt.ticket.public_id},
    )
