"""The identity check as an object: an attempt, what it proved, and the hold after too many failures.

Stored is the kind of proof, its time, the age of the contact and the outcome. Never an answer, a number or a document.
"""

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q

from portal_core.kernel.ids import PublicIdField
from triage.enums import (
    ATTEMPT_MOVES,
    ATTEMPT_TONES,
    AttemptOutcome,
    CallChannel,
    Level,
    Method,
    OfficeStep,
    Purpose,
    RedFlag,
    ReleaseEvidence,
)
from triage.errors import VerificationClosed
from triage.rules.verification import Evidence

if TYPE_CHECKING:
    from portal_core.directory.models import Staff

OFFICE_ROLE_NAMES = ("office_staff", "office_manager")


class PlaybookStep(models.Model):
    """A ticked step of the office's playbook (TR-04) on one ticket."""

    ticket = models.ForeignKey("helpdesk.Ticket", on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=24, choices=OfficeStep)
    done_by = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "step"], name="playbook_step_once")]


class VerificationAttempt(models.Model):
    """One try to find out whether this person is that patient, by a member of the patient's own office (TR-01)."""

    public_id = PublicIdField()
    ticket = models.ForeignKey("helpdesk.Ticket", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("directory.Patient", on_delete=models.PROTECT, related_name="+")
    office = models.ForeignKey("directory.Office", on_delete=models.PROTECT, related_name="+")
    attester = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, related_name="+")
    # Empty only after the role itself was taken away: no check is made without one (see the constraint).
    membership = models.ForeignKey("directory.RoleAssignment", on_delete=models.SET_NULL, null=True, related_name="+")
    attester_role = models.CharField(max_length=20)  # the membership's, copied so that the database can check it
    channel = models.CharField(max_length=12, choices=CallChannel)
    purpose = models.CharField(max_length=12, choices=Purpose)
    base_level = models.CharField(max_length=2, choices=Level)  # the category's
    level = models.CharField(max_length=2, choices=Level)  # after every raise
    outcome = models.CharField(max_length=12, choices=AttemptOutcome, default=AttemptOutcome.OPEN)
    methods = models.JSONField(default=list)  # [{"method": "e3", "age_days": 412, "at": "…"}]
    red_flags = models.JSONField(default=list)  # ["pressure"]
    portal_asked_at = models.DateTimeField(null=True)  # since when the patient's own portal page asks "is it you?"
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # TR-01 in the database: whoever attests does so by an office role. IT roles are none.
            models.CheckConstraint(
                name="attempt_by_an_office_member", condition=Q(attester_role__in=OFFICE_ROLE_NAMES)
            ),
            models.CheckConstraint(
                name="attempt_made_with_a_role",
                condition=~Q(outcome=AttemptOutcome.OPEN) | Q(membership__isnull=False),
            ),
            models.CheckConstraint(
                name="attempt_ended_when_decided",
                condition=Q(outcome=AttemptOutcome.OPEN, ended_at=None)
                | (~Q(outcome=AttemptOutcome.OPEN) & Q(ended_at__isnull=False)),
            ),
            models.UniqueConstraint(
                fields=["ticket"], name="attempt_one_open_per_ticket", condition=Q(outcome=AttemptOutcome.OPEN)
            ),
        ]
        indexes = [
            # lockout: failures of one patient over all offices; desk banner: other calls about this chart today
            models.Index(fields=["patient", "outcome", "ended_at"], name="attempt_by_patient"),
            models.Index(fields=["ticket", "-started_at"], name="attempt_by_ticket"),
            # somebody going round the offices: every page of a ticket asks whether checks failed in the last hour
            models.Index(fields=["ended_at"], name="attempt_failed", condition=Q(outcome=AttemptOutcome.FAILED)),
        ]

    @property
    def tone(self) -> str:
        return ATTEMPT_TONES[self.outcome]

    @property
    def evidence(self) -> list[Evidence]:
        """What was noted, oldest first, also what has run out since (`identity.standing`)."""
        return [
            Evidence(
                Method(row["method"]), row["age_days"], row.get("unused", False), dt.datetime.fromisoformat(row["at"])
            )
            for row in self.methods
        ]

    @property
    def flags(self) -> list[RedFlag]:
        return [RedFlag(code) for code in self.red_flags]

    def move(self, outcome: AttemptOutcome, *, at: dt.datetime) -> None:
        """Raises VerificationClosed when the check is already finished."""
        if outcome not in ATTEMPT_MOVES[self.outcome]:
            raise VerificationClosed
        self.outcome, self.ended_at = outcome, at


class AttestationQuerySet(models.QuerySet["Attestation"]):
    def live(self, at: dt.datetime) -> "AttestationQuerySet":
        """Unused, not revoked, not yet expired; the last second is already too late."""
        return self.filter(consumed_at=None, revoked_at=None, expires_at__gt=at)


class Attestation(models.Model):
    """What a passed check allows: one action of one class, for one patient, on one ticket, until one second."""

    public_id = PublicIdField()
    attempt = models.OneToOneField(VerificationAttempt, on_delete=models.PROTECT, related_name="attestation")
    ticket = models.ForeignKey("helpdesk.Ticket", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("directory.Patient", on_delete=models.PROTECT, related_name="+")
    action_class = models.CharField(max_length=12, choices=Purpose)
    level = models.CharField(max_length=2, choices=Level)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)  # R3 and R4: a second person
    approved_by = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    consumed_at = models.DateTimeField(null=True)
    consumed_by_action = models.CharField(max_length=60, blank=True)
    revoked_at = models.DateTimeField(null=True)
    # Where no second person is: it works from this moment on, unless the patient says no before.
    delayed_until = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["Attestation"]] = AttestationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="attestation_expires_later", condition=Q(expires_at__gt=F("created_at"))),
            models.CheckConstraint(
                name="attestation_consumed_by_something",
                condition=Q(consumed_at=None, consumed_by_action="")
                | (Q(consumed_at__isnull=False) & ~Q(consumed_by_action="")),
            ),
            models.CheckConstraint(
                name="attestation_approved_by_someone",
                condition=Q(approved_at=None, approved_by=None)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
            ),
            models.CheckConstraint(
                name="attestation_used_in_time",
                condition=Q(consumed_at=None) | Q(consumed_at__lt=F("expires_at"), revoked_at=None),
            ),
            models.CheckConstraint(
                name="attestation_second_person_first",
                condition=Q(consumed_at=None)
                | Q(approved_at__isnull=False)
                | Q(delayed_until__isnull=False, delayed_until__lte=F("consumed_at"))
                | ~Q(level__in=[Level.R3, Level.R4]),
            ),
            models.CheckConstraint(
                name="attestation_works_after_its_delay",
                condition=Q(delayed_until=None) | Q(delayed_until__lt=F("expires_at")),
            ),
        ]
        indexes = [
            models.Index(fields=["ticket", "-created_at"], name="attestation_by_ticket"),
            # the gate of other rooms: is there one for this patient and purpose?
            models.Index(
                fields=["patient", "action_class", "-created_at"],
                name="attestation_usable",
                condition=Q(consumed_at=None, revoked_at=None),
            ),
        ]

    @property
    def needs_approval(self) -> bool:
        """Whether nobody approved yet and nobody chose to wait instead."""
        return self.is_risky and self.approved_at is None and self.delayed_until is None

    @property
    def is_risky(self) -> bool:
        return self.level in (Level.R3, Level.R4)

    def is_waiting(self, at: dt.datetime) -> bool:
        """Whether the patient may still say no; at the second of `delayed_until` it works."""
        return self.approved_at is None and self.delayed_until is not None and at < self.delayed_until

    def is_live(self, at: dt.datetime) -> bool:
        return self.consumed_at is None and self.revoked_at is None and at < self.expires_at

    def may_be_approved_by(self, staff: "Staff") -> bool:
        """A second person: never the one who took part in the call."""
        return self.attempt.attester_id != staff.pk


class VerificationHold(models.Model):
    """After three failed checks in a day or five in a month, over all offices, or a patient's own "that was not me":
    nothing above R1 is possible until a person releases it."""

    public_id = PublicIdField()
    patient = models.ForeignKey("directory.Patient", on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    rule = models.CharField(max_length=40)
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    release_evidence = models.CharField(max_length=12, choices=ReleaseEvidence, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient"], name="hold_one_open", condition=Q(released_at=None)),
            models.CheckConstraint(
                name="hold_released_by_someone",
                condition=Q(released_at=None, released_by=None)
                | Q(released_at__isnull=False, released_by__isnull=False),
            ),
        ]
