"""How a check ends that nobody ended: its ticket turned out to be about somebody else, whoever made it lost the role,
or it was forgotten. Each ends without a result; what was noted in it proves nothing."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from triage.actions.verification import stop
from triage.enums import AttemptOutcome, OfficeStep
from triage.models import PlaybookStep, VerificationAttempt
from triage.rules.verification import CHECK_SECONDS

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Patient, RoleAssignment


def end_for_another(ticket: "Ticket", patient: "Patient", *, at: dt.datetime, by: Actor) -> None:
    """The ticket will be about this patient from now on: a check of somebody else ends without a result, and what it
    ticked is not done for this one. Behind the ticket's lock."""
    if ticket.patient_id in (None, patient.pk):
        return
    rows = VerificationAttempt.objects.select_for_update(of=("self",)).filter(ticket=ticket)
    for attempt in rows.filter(outcome=AttemptOutcome.OPEN).exclude(patient=patient):
        stop(attempt, at=at, by=by, why="another_patient")
    verified = PlaybookStep.objects.filter(ticket=ticket, step=OfficeStep.VERIFY_IDENTITY)
    if verified.delete()[0]:
        audit.record(
            "ticket:playbook", by=by, target=ticket, at=at, step=str(OfficeStep.VERIFY_IDENTITY), on=False
        )  # fmt: skip


@transaction.atomic
def end_of_role(role: "RoleAssignment", by: Actor) -> None:
    """Registered with `directory`, before a role is taken away: whoever loses it finishes no check they began by it."""
    rows = VerificationAttempt.objects.select_for_update(of=("self",)).filter(membership=role)
    for attempt in rows.filter(outcome=AttemptOutcome.OPEN).order_by("id"):
        stop(attempt, at=clock.now(), by=by, why="role_taken_away")


def end_long_ones(*, by: Actor) -> int:
    """Checks that have been under way for an hour end without a result; return how many. One a colleague is just
    ending changes nothing."""
    now, ended = clock.now(), 0
    since = now - dt.timedelta(seconds=CHECK_SECONDS)
    old = VerificationAttempt.objects.filter(outcome=AttemptOutcome.OPEN, started_at__lte=since)
    for pk in list(old.order_by("id").values_list("pk", flat=True)):
        with transaction.atomic():
            row = old.select_for_update(of=("self",)).filter(pk=pk).first()
            if row is not None:
                stop(row, at=now, by=by, why="too_long")
                ended += 1
    return ended
