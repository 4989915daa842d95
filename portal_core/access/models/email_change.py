from django.db import models
from django.db.models import Q

from portal_core.access.enums import CheckMethod
from portal_core.kernel.ids import PublicIdField


class EmailChange(models.Model):
    """One change of the address that a patient's account hangs on (PC-42): what it was, how the office made sure, and
    until when the new address may not open the account by itself."""

    public_id = PublicIdField()
    patient = models.ForeignKey("directory.Patient", on_delete=models.CASCADE, related_name="+")
    old_email = models.EmailField(blank=True)
    new_email = models.EmailField(blank=True)  # empty: taken off file (C12)
    method = models.CharField(max_length=12, choices=CheckMethod, blank=True)  # empty where nothing was put on file
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=120)  # a label; who exactly stands in the ledger
    hold_until = models.DateTimeField(null=True)
    skip_reason = models.CharField(max_length=200, blank=True)  # why there is no hold
    stop_hash = models.CharField(max_length=64, blank=True)  # of the secret in the notice to the old address
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="email_change_held_or_why_not",
                condition=Q(new_email="", hold_until=None)
                | Q(hold_until__isnull=False, skip_reason="")
                | (Q(hold_until=None, method=CheckMethod.IN_PERSON) & ~Q(skip_reason="")),
            ),
            models.CheckConstraint(name="email_change_method_noted", condition=Q(new_email="") | ~Q(method="")),
            models.UniqueConstraint(fields=["stop_hash"], name="email_change_stop_once", condition=~Q(stop_hash="")),
        ]
        indexes = [models.Index(fields=["patient", "-changed_at"], name="email_change_newest")]
