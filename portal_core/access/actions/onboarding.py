"""The Patient Portal Onboarding Tool (PC-48 to PC-51): many patients, one click each, or all at once."""

import datetime as dt
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction

from portal_core.access import errors, queries
from portal_core.access.actions import portal
from portal_core.access.enums import InviteOutcome
from portal_core.access.models import AccessToken, OnboardingResult, OnboardingRun, PortalAccess
from portal_core.kernel import audit, clock, idempotency
from portal_core.kernel.contracts import Actor
from portal_core.kernel.errors import AppError
from portal_core.kernel.realtime.push import push

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff

logger = logging.getLogger(__name__)

MOST = 5_000  # patients of one run
CHUNK = 50  # invitations between two pushes of progress
MOST_TRIES = 5  # of one row that ends in an error of ours; the sweep comes once a minute
QUIET = dt.timedelta(hours=24)  # nobody gets two invitations within a day by bulk


def group(run: OnboardingRun) -> str:
    """The live group of a run's page."""
    return f"onboarding:{run.public_id}"


@transaction.atomic
def begin(*, staff: "Staff", patient_ids: Iterable[str], key: str, by: Actor) -> str:
    """Plan invitations for these patients of one's own offices; the sending follows after commit. Returns the run's id.

    Strangers' ids are left out silently. The same key lands on the same run. Raises NobodyChosen, TooMany patients.
    """
    ids = list(dict.fromkeys(patient_ids))

    def deed() -> str:
        if not ids:
            raise errors.NobodyChosen
        if len(ids) > MOST:
            raise errors.TooManyChosen(most=MOST)
        patients = list(queries.onboarding_patients(staff).filter(public_id__in=ids).values_list("pk", flat=True))
        if not patients:
            raise errors.NobodyChosen
        now = clock.now()
        run = OnboardingRun.objects.create(practice_id=staff.practice_id, by=staff, created_at=now)
        OnboardingResult.objects.bulk_create(
            (OnboardingResult(run=run, patient_id=patient) for patient in patients), batch_size=500
        )
        audit.record("onboarding:begin", by=by, target=run, practice_id=staff.practice_id, at=now, many=len(patients))
        _wake(run.public_id)
        return str(run.public_id)

    return idempotency.once(f"access.onboarding.{staff.pk}", key, deed, of=sorted(ids)) if key else deed()


def work(*, run_id: str) -> int:
    """Send what is pending, each in a transaction of its own; return how many were settled. Safe to run again, by two
    workers at once, and after a crash: a row is settled together with its invitation. A row that fails is logged, keeps
    no other waiting, and is tried again by the sweep, MOST_TRIES times in all."""
    run = OnboardingRun.objects.select_related("by__practice").filter(public_id=run_id).first()
    if run is None:
        return 0
    by = run.by.actor
    settled = 0
    for pk in list(run.results.filter(outcome=InviteOutcome.PENDING).order_by("pk").values_list("pk", flat=True)):
        try:
            settled += _one(pk, run, by)
        except Exception:
            logger.exception("an invitation of an onboarding run failed", extra={"row": pk})
            _count_failure(pk)
            continue
        if settled % CHUNK == 0:
            push(group(run), {"type": "onboarding.changed", "id": run.public_id})
    with transaction.atomic():
        if not run.results.filter(outcome=InviteOutcome.PENDING).exists():
            OnboardingRun.objects.filter(pk=run.pk, finished_at=None).update(finished_at=clock.now())
        push(group(run), {"type": "onboarding.changed", "id": run.public_id})
    return settled


def sweep() -> int:
    """Take up what a crash left; return how many rows were settled."""
    unfinished = OnboardingRun.objects.filter(finished_at=None).values_list("public_id", flat=True)
    return sum(work(run_id=run_id) for run_id in list(unfinished))


@transaction.atomic
def _one(pk: int, run: OnboardingRun, by: Actor) -> int:
    row = OnboardingResult.objects.select_for_update().filter(pk=pk, outcome=InviteOutcome.PENDING).first()
    if row is None:
        return 0
    # Asked again now: roles and offices may have changed since the button was pressed.
    mine = queries.onboarding_patients(run.by).select_related("practice", "home_office")
    patient = mine.filter(pk=row.patient_id).first() if run.by.is_active else None
    row.outcome = InviteOutcome.GONE if patient is None else _invite(patient, by)
    row.save(update_fields=["outcome"])
    return 1


@transaction.atomic
def _count_failure(pk: int) -> None:
    row = OnboardingResult.objects.select_for_update().filter(pk=pk, outcome=InviteOutcome.PENDING).first()
    if row is None:
        return
    row.tries += 1
    if row.tries >= MOST_TRIES:
        row.outcome = InviteOutcome.FAILED
    row.save(update_fields=["tries", "outcome"])


def _invite(patient: "Patient", by: Actor) -> InviteOutcome:
    PortalAccess.objects.locked_of(patient.pk)  # another run may be at the same patient
    recent = AccessToken.objects.filter(patient=patient, superseded_at=None, created_at__gt=clock.now() - QUIET)
    if recent.exists():
        return InviteOutcome.RECENT
    try:
        portal.resend_invitation(patient=patient, by=by)
    except AppError as refusal:
        return _OUTCOMES.get(type(refusal), InviteOutcome.GONE)
    return InviteOutcome.SENT


_OUTCOMES: dict[type[AppError], InviteOutcome] = {
    errors.AlreadyActive: InviteOutcome.ACTIVE,
    errors.PortalNotEnabled: InviteOutcome.NOT_ENABLED,
    errors.NoEmailOnFile: InviteOutcome.NO_EMAIL,
    errors.NoZipOnFile: InviteOutcome.NO_ZIP,
    errors.AddressOnHold: InviteOutcome.ON_HOLD,
    errors.PatientDeceased: InviteOutcome.DECEASED,
}


def _wake(run_id: str) -> None:
    if settings.OUTBOX_WAKE:
        transaction.on_commit(lambda: _task(run_id), robust=True, using=connection.alias)


def _task(run_id: str) -> None:
    from celery import current_app

    current_app.send_task("access.work_onboarding", args=[run_id])
