"""IT makes sure of a colleague or a provider (RS, TR-09). No patient in it: that is the office's alone (TR-01)."""

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q

from portal_core.directory.enums import Permission
from portal_core.kernel.ids import PublicIdField
from triage.enums import ATTEMPT_MOVES, AttemptOutcome, StaffMethod, StaffPurpose
from triage.errors import VerificationClosed

if TYPE_CHECKING:
    from portal_core.directory.models import Staff


class StaffCheckQuerySet(models.QuerySet["StaffCheck"]):
    def seen_by_it(self, staff: "Staff") -> "StaffCheckQuerySet":
        return self.filter(practice_id=staff.practice_id) if staff.may(Permission.IT_DESK) else self.none()


class StaffCheck(models.Model):
    """One check of one colleague on one ticket written to IT. Kept is how, when and how it ended; never a number."""

    public_id = PublicIdField()
    practice = models.ForeignKey("directory.Practice", on_delete=models.PROTECT, related_name="+")
    ticket = models.ForeignKey("helpdesk.Ticket", on_delete=models.PROTECT, related_name="+")
    subject = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, related_name="+")
    office = models.ForeignKey("directory.Office", on_delete=models.PROTECT, related_name="+")  # whose number is called
    agent = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=12, choices=StaffPurpose)
    method = models.CharField(max_length=12, choices=StaffMethod, blank=True)
    outcome = models.CharField(max_length=12, choices=AttemptOutcome, default=AttemptOutcome.OPEN)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    consumed_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["StaffCheck"]] = StaffCheckQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="staff_check_ended_when_decided",
                condition=Q(outcome=AttemptOutcome.OPEN, ended_at=None)
                | (~Q(outcome=AttemptOutcome.OPEN) & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="staff_check_passed_by_a_method",
                condition=Q(outcome=AttemptOutcome.PASSED, expires_at__isnull=False, expires_at__gt=F("ended_at"))
                & ~Q(method="")
                | ~Q(outcome=AttemptOutcome.PASSED) & Q(method="", expires_at=None),
            ),
            models.CheckConstraint(name="staff_check_not_of_oneself", condition=~Q(subject=F("agent"))),
            models.CheckConstraint(
                name="staff_check_approved_by_a_third",
                condition=Q(approved_at=None, approved_by=None)
                | Q(approved_at__isnull=False, approved_by__isnull=False)
                & ~Q(approved_by=F("agent"))
                & ~Q(approved_by=F("subject")),
            ),
            models.CheckConstraint(
                name="staff_check_used_in_time",
                condition=Q(consumed_at=None) | Q(expires_at__isnull=False, consumed_at__lt=F("expires_at")),
            ),
            models.CheckConstraint(
                name="staff_check_manager_first",
                condition=Q(consumed_at=None) | Q(approved_at__isnull=False) | ~Q(purpose=StaffPurpose.SECOND_STEP),
            ),
            models.UniqueConstraint(
                fields=["ticket"], name="staff_check_one_open", condition=Q(outcome=AttemptOutcome.OPEN)
            ),
        ]
        indexes = [
            models.Index(fields=["ticket", "-started_at"], name="staff_check_by_ticket"),
            models.Index(fields=["subject", "outcome", "ended_at"], name="staff_check_by_subject"),  # lockout
            models.Index(
                fields=["practice", "-ended_at"],
                name="staff_check_to_approve",
                condition=Q(outcome=AttemptOutcome.PASSED, approved_at=None, consumed_at=None),
            ),
        ]

    @property
    def needs_manager(self) -> bool:
        return self.purpose == StaffPurpose.SECOND_STEP and self.approved_at is None

    def is_live(self, at: dt.datetime) -> bool:
        """At the second of `expires_at` it is too late."""
        return (
            self.outcome == AttemptOutcome.PASSED
            and self.consumed_at is None
            and self.expires_at is not None
            and at < self.expires_at
        )

    def move(self, outcome: AttemptOutcome, *, at: dt.datetime) -> None:
        """Raises VerificationClosed when the check is already finished."""
        if outcome not in ATTEMPT_MOVES[self.outcome]:
            raise VerificationClosed
        self.outcome, self.ended_at = outcome, at
