from django.db import models

from portal_core.access.enums import InviteOutcome
from portal_core.kernel.ids import PublicIdField


class OnboardingRun(models.Model):
    """Many invitations at once (PC-51): who asked, for whom, how far it has come."""

    public_id = PublicIdField()
    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["by", "-created_at"], name="onboarding_newest"),
            models.Index(fields=["created_at"], name="onboarding_open", condition=models.Q(finished_at=None)),
        ]


class OnboardingResult(models.Model):
    """One patient of a run. PENDING rows are what a crash leaves behind; the task takes them up again."""

    run = models.ForeignKey(OnboardingRun, on_delete=models.CASCADE, related_name="results")
    patient = models.ForeignKey("directory.Patient", on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=16, choices=InviteOutcome, default=InviteOutcome.PENDING)
    tries = models.PositiveSmallIntegerField(default=0)  # that ended in an error of ours

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "patient"], name="onboarding_once_per_patient")]
        indexes = [models.Index(fields=["run", "outcome"], name="onboarding_by_outcome")]
