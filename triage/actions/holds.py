"""The hold: too many failed checks of one patient, or their own "that was not me", stop every check until a manager has
seen them. Counted is per patient, over all offices, callers and ways in: going round the offices gains nobody a try."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk.actions.tickets import office_group
from portal_core.directory.enums import Permission
from portal_core.kernel import audit, clock, realtime
from portal_core.kernel.contracts import Actor
from portal_core.kernel.ids import new_public_id
from triage.enums import AttemptOutcome, CallChannel, Level, ReleaseEvidence
from triage.errors import NotEnoughEvidence, NotYourPatient, VerificationOnHold
from triage.models import Attestation, VerificationAttempt, VerificationHold
from triage.rules import verification as rules

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff

SAID_NO = "patient_said_no"
BY_DOING = frozenset({ReleaseEvidence.LETTER})


def refuse_on_hold(patient: "Patient", level: Level, channel: str) -> None:
    """Raises VerificationOnHold above R1, unless they stand in the office: strangers' tries must not lock them out."""
    if level == Level.R1 or channel == CallChannel.IN_PERSON:
        return
    if VerificationHold.objects.filter(patient=patient, released_at=None).exists():
        raise VerificationOnHold


def count_failures(patient: "Patient", *, at: dt.datetime, by: Actor) -> VerificationHold | None:
    """After a failed check: open a hold where the rule says so. Inside the transaction of the failure, which has locked
    every check of this patient."""
    window = at - dt.timedelta(hours=max(hours for _name, _most, hours in rules.LOCKOUTS))
    released = VerificationHold.objects.filter(patient=patient, released_at__isnull=False).order_by("-released_at")
    # What a manager has looked into and released does not count again.
    since = max(window, released.values_list("released_at", flat=True).first() or window)
    failures = VerificationAttempt.objects.filter(
        patient=patient, outcome=AttemptOutcome.FAILED, ended_at__gt=since
    ).values_list("ended_at", flat=True)
    rule = rules.lockout([moment for moment in failures if moment is not None], at)
    return open_hold(patient, rule=rule, at=at, by=by) if rule else None


def open_hold(patient: "Patient", *, rule: str, at: dt.datetime, by: Actor) -> VerificationHold:
    """Put a hold on the patient, or find the one there is; what was proved before does not outlive it."""
    hold, new = VerificationHold.objects.get_or_create(
        patient=patient,
        released_at=None,
        defaults={"public_id": new_public_id(), "opened_at": at, "rule": rule},
    )
    if new:
        audit.record("verification:hold", by=by, target=hold, practice_id=patient.practice_id, at=at, rule=rule)
        Attestation.objects.filter(patient=patient).live(at).update(revoked_at=at)
        realtime.push(office_group(patient.home_office.public_id), {"type": "ticket.changed", "id": ""})
    return hold


@transaction.atomic
def release(*, hold: VerificationHold, evidence: ReleaseEvidence, staff: "Staff", by: Actor) -> VerificationHold:
    """A manager of the patient's own office has seen them. Releasing twice is once. Raises NotYourPatient, and
    NotEnoughEvidence for a letter, whose code has to be read back (`letters.release_hold`)."""
    if evidence in BY_DOING:
        raise NotEnoughEvidence(missing=["Type the code of the letter."])
    now, hold = clock.now(), locked(hold)
    if not staff.may(Permission.APPROVE_RISKY, office_id=hold.patient.home_office_id):
        raise NotYourPatient
    if hold.released_at is None:
        end(hold, evidence=evidence, staff=staff, at=now, by=by)
    return hold


def locked(hold: VerificationHold) -> VerificationHold:
    rows = VerificationHold.objects.select_for_update(of=("self",)).select_related("patient__home_office")
    return rows.get(pk=hold.pk)


def end(hold: VerificationHold, *, evidence: ReleaseEvidence, staff: "Staff", at: dt.datetime, by: Actor) -> None:
    """On a locked row, by somebody who may."""
    hold.released_at, hold.released_by, hold.release_evidence = at, staff, evidence
    hold.save(update_fields=["released_at", "released_by", "release_evidence"])
    audit.record("verification:release_hold", by=by, target=hold, at=at, evidence=str(evidence))
    realtime.push(office_group(hold.patient.home_office.public_id), {"type": "ticket.changed", "id": ""})
