"""The identity check: begun, fed with evidence, and ended by a member of the patient's own office. IT has no part in it
(TR-01): `membership` finds no role of theirs, and the database takes no attempt without one."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction

from helpdesk.actions.tickets import office_group
from portal_core.access.gate import Proof
from portal_core.directory.enums import ROLE_PERMISSIONS, Permission, Role
from portal_core.kernel import audit, clock, realtime
from portal_core.kernel.contracts import Actor
from portal_core.kernel.ids import new_public_id
from triage.actions.playbook import tick
from triage.enums import AttemptOutcome, CallChannel, Level, Method, OfficeStep, Purpose, RedFlag
from triage.errors import (
    AttestationRefused,
    NotEnoughEvidence,
    NotYourPatient,
    PatientNotMatched,
    SecondPersonNeeded,
    StillWaiting,
    VerificationClosed,
    VerificationOnHold,
    VerificationRunning,
)
from triage.models import Attestation, VerificationAttempt, VerificationHold
from triage.rules import verification as rules
from triage.rules.purposes import LEAST_LEVEL, PURPOSE_OF, TERMS
from triage.rules.table import route

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
    if running is not None:
        if running.attester_id == staff.pk and running.patient_id == patient.pk:
            return running
        raise VerificationRunning
    base = base_level(ticket.category, purpose)
    _refuse_on_hold(patient, base, in_person=channel == CallChannel.IN_PERSON)
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
        level=rules.required_level(base, red_flags=(), destination_age_days=_destination_age(patient, purpose, now)),
        started_at=now,
    )
    _tell(attempt, "verification:begin", at=now, by=by, channel=str(channel), purpose=str(purpose))
    return attempt


def base_level(category: str, purpose: Purpose) -> Level:
    """What the kind of request and what is to be done with the answer ask for, before any raise. Never R0: a check that
    asks nothing is none. R4 asks by what right somebody acts for another: that is a matter of PROXY alone; and to know
    who it is, one proof is enough."""
    level = route(category).level
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

    Raises VerificationClosed, NotYourPatient, NotEnoughEvidence when there is no such contact on file.
    """
    now, attempt = clock.now(), _locked(attempt, staff)
    rest = [row for row in attempt.methods if row["method"] != method]
    if on:
        age = _contact_age(attempt.patient, method, now)
        if len(rest) == len(attempt.methods):
            attempt.methods = [*rest, {"method": str(method), "age_days": age, "at": now.isoformat()}]
    else:
        attempt.methods = rest
    attempt.save(update_fields=["methods"])
    _tell(attempt, "verification:record_method", at=now, by=by, method=str(method), on=on)
    return attempt


@transaction.atomic
def record_red_flag(
    *, attempt: VerificationAttempt, staff: "Staff", flag: RedFlag, on: bool = True, by: Actor
) -> VerificationAttempt:
    """Note a warning sign (or take a slip back); any of them raises the level by one. Raises VerificationClosed."""
    now, attempt = clock.now(), _locked(attempt, staff)
    codes = [code for code in attempt.red_flags if code != flag]
    attempt.red_flags = [*codes, str(flag)] if on else codes
    attempt.level = _level(attempt, now)
    attempt.save(update_fields=["red_flags", "level"])
    _tell(attempt, "verification:red_flag", at=now, by=by, flag=str(flag), on=on)
    return attempt


@transaction.atomic
def complete(*, attempt: VerificationAttempt, staff: "Staff", by: Actor) -> Attestation:
    """The evidence suffices: an attestation is born, good for one purpose until one second.

    Raises NotEnoughEvidence (`facts["missing"]`), VerificationClosed, VerificationOnHold, NotYourPatient.
    """
    now, attempt = clock.now(), _locked(attempt, staff)
    level = _level(attempt, now)
    verdict = rules.judge(level, attempt.evidence)
    if not verdict.suffices:
        raise NotEnoughEvidence(missing=list(verdict.missing))
    seen_in_person = any(item.method == Method.E1 for item in attempt.evidence)
    _refuse_on_hold(attempt.patient, level, in_person=seen_in_person)
    attempt.level = level
    attempt.move(AttemptOutcome.PASSED, at=now)
    attempt.save(update_fields=["level", "outcome", "ended_at"])
    attestation = Attestation.objects.create(
        attempt=attempt,
        ticket_id=attempt.ticket_id,
        patient_id=attempt.patient_id,
        action_class=attempt.purpose,
        level=level,
        created_at=now,
        expires_at=now + dt.timedelta(seconds=rules.validity_seconds(level, attempt.evidence)),
    )
    tick(ticket=attempt.ticket, staff=staff, step=OfficeStep.VERIFY_IDENTITY, by=by)
    methods = sorted(row["method"] for row in attempt.methods)
    _tell(attempt, "verification:complete", at=now, by=by, level=str(level), methods=methods)
    return attestation


@transaction.atomic
def fail(*, attempt: VerificationAttempt, staff: "Staff", by: Actor) -> VerificationAttempt:
    """It is not them, or cannot be shown. The third time in a day, over all offices, puts a hold on the patient.
    Raises VerificationClosed, NotYourPatient."""
    now, attempt = clock.now(), _locked(attempt, staff)
    # Every attempt on this patient, in order: two failures in two offices at once must see each other.
    list(VerificationAttempt.objects.select_for_update().filter(patient_id=attempt.patient_id).order_by("id"))
    attempt.move(AttemptOutcome.FAILED, at=now)
    attempt.save(update_fields=["outcome", "ended_at"])
    _tell(attempt, "verification:fail", at=now, by=by)
    failed = VerificationAttempt.objects.filter(
        patient_id=attempt.patient_id,
        outcome=AttemptOutcome.FAILED,
        ended_at__gt=now - dt.timedelta(hours=rules.LOCKOUT_HOURS),
    ).count()
    if failed >= rules.LOCKOUT_FAILURES:
        hold, new = VerificationHold.objects.get_or_create(
            patient_id=attempt.patient_id,
            released_at=None,
            defaults={"public_id": new_public_id(), "opened_at": now, "rule": "three_failures_in_a_day"},
        )
        if new:
            audit.record("verification:hold", by=by, target=hold, at=now, rule=hold.rule)
            # What was proved before the failures does not outlive them.
            Attestation.objects.filter(patient_id=attempt.patient_id).live(now).update(revoked_at=now)
    return attempt


@transaction.atomic
def abandon(*, attempt: VerificationAttempt, staff: "Staff", by: Actor) -> VerificationAttempt:
    """Stop without a result, e.g. the line went dead. Any member of the office may. Raises VerificationClosed."""
    now = clock.now()
    membership(staff, attempt.office_id)
    attempt = VerificationAttempt.objects.select_for_update().get(pk=attempt.pk)
    attempt.move(AttemptOutcome.ABANDONED, at=now)
    attempt.save(update_fields=["outcome", "ended_at"])
    _tell(attempt, "verification:abandon", at=now, by=by)
    return attempt


@transaction.atomic
def approve(*, attestation: Attestation, staff: "Staff", by: Actor) -> Attestation:
    """The second person for R3 and R4: a manager of that office who did not make the check.
    Raises SecondPersonNeeded, AttestationRefused when it is no longer live."""
    now = clock.now()
    attestation = Attestation.objects.select_for_update().get(pk=attestation.pk)
    office_id = attestation.attempt.office_id
    if not staff.may(Permission.APPROVE_RISKY, office_id=office_id) or not attestation.may_be_approved_by(staff):
        raise SecondPersonNeeded
    if not attestation.is_live(now):
        raise AttestationRefused
    if attestation.needs_approval:
        attestation.approved_at, attestation.approved_by = now, staff
        attestation.save(update_fields=["approved_at", "approved_by"])
        _tell(attestation.attempt, "verification:approve", at=now, by=by)
    return attestation


@transaction.atomic
def release_hold(*, hold: VerificationHold, staff: "Staff", by: Actor) -> VerificationHold:
    """The patient came with a photo ID, and a manager of their own office says so. Raises NotYourPatient."""
    now = clock.now()
    hold = VerificationHold.objects.select_for_update().get(pk=hold.pk)
    if not staff.may(Permission.APPROVE_RISKY, office_id=hold.patient.home_office_id):
        raise NotYourPatient
    if hold.released_at is None:
        hold.released_at, hold.released_by = now, staff
        hold.save(update_fields=["released_at", "released_by"])
        audit.record("verification:release_hold", by=by, target=hold, at=now)
    return hold


def consume(attestation_id: str, *, patient_id: str, action: str, by: Actor) -> None:
    """The gate of `portal_core.access`: use up an attestation, in the caller's transaction.

    Raises AttestationRefused when it is another patient's, for another purpose, too weak, unapproved, revoked, used, or
    expired: at the second of `expires_at` it is already too late. For a reset link also when the e-mail on file changed
    since the check ended. Of two callers at once exactly one passes.
    """
    now = clock.now()
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
    _tell(row.attempt, "verification:consume", at=now, by=by, action_taken=action)


def carries(row: Attestation, action: str) -> bool:
    """Whether this attestation is for this action and strong enough. Its life is another question (`is_live`)."""
    if action not in TERMS[Purpose(row.action_class)].actions:
        return False
    if not rules.at_least(Level(row.level), LEAST_LEVEL[action]):
        return False
    since = row.patient.email_since
    # A reset: the level was judged by the age of an address. Is it still the one on file?
    return action != "send_reset_link" or since is None or since <= row.created_at


def find_proof(*, patient_id: str, action: str, staff: "Staff") -> Proof | None:
    """The finder of the gate: what `consume` would accept now, for those who work in the patient's own office."""
    now = clock.now()
    if action not in PURPOSE_OF:
        return None
    rows = Attestation.objects.live(now).filter(patient__public_id=patient_id, action_class=PURPOSE_OF[action])
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
            in_person=bool({Method.E1, Method.E2} & set(methods)),
            attested_by=row.attempt.attester.name,
            attested_at=row.created_at,
            expires_at=row.expires_at,
        )
    return None


# --- inside -----------------------------------------------------------------------------------------------------------
def _locked(attempt: VerificationAttempt, staff: "Staff") -> VerificationAttempt:
    membership(staff, attempt.office_id)
    attempt = (
        VerificationAttempt.objects.select_for_update(of=("self",))
        .select_related("patient", "ticket")
        .get(pk=attempt.pk)
    )
    if attempt.attester_id != staff.pk:
        raise NotYourPatient
    if attempt.outcome != AttemptOutcome.OPEN:
        raise VerificationClosed
    return attempt


def _level(attempt: VerificationAttempt, now: dt.datetime) -> Level:
    return rules.required_level(
        Level(attempt.base_level),
        red_flags=attempt.flags,
        destination_age_days=_destination_age(attempt.patient, Purpose(attempt.purpose), now),
    )


def _age(since: dt.datetime | None, now: dt.datetime) -> int | None:
    return None if since is None else max((now - since).days, 0)


def _destination_age(patient: "Patient", purpose: Purpose, now: dt.datetime) -> int | None:
    return _age(patient.email_since, now) if TERMS[purpose].to_email else None


def _contact_age(patient: "Patient", method: Method, now: dt.datetime) -> int | None:
    """Age in days of the contact a method goes over. Raises NotEnoughEvidence when there is none on file."""
    kind = rules.ON_CONTACT.get(method)
    if kind is None:
        return None
    contact, since = {
        "phone": (patient.phone, patient.phone_since),
        "email": (patient.email, patient.email_since),
        "address": (patient.street, None),
    }[kind]
    if not contact:
        raise NotEnoughEvidence(missing=["There is no such contact on file. Choose another way."])
    return _age(since, now)


def _refuse_on_hold(patient: "Patient", level: Level, *, in_person: bool) -> None:
    if level == Level.R1 or in_person:
        return
    if VerificationHold.objects.filter(patient=patient, released_at=None).exists():
        raise VerificationOnHold


def _tell(attempt: VerificationAttempt, action: str, *, at: dt.datetime, by: Actor, **facts: Any) -> None:
    audit.record(action, by=by, target=attempt, at=at, patient=attempt.patient.public_id, **facts)
    realtime.push(
        office_group(attempt.ticket.office.public_id), {"type": "ticket.changed", "id": attempt.ticket.public_id}
    )
