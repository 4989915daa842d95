from django.db import models
from django.db.models import Q

from portal_core.kernel.ids import PublicIdField


class Registration(models.Model):
    """Somebody filled in the electronic registration form (PC-36). `typed` holds what they wrote only until the patient
    record is made; access stays off until the link in the e-mail was used (PC-37)."""

    public_id = PublicIdField()
    office = models.ForeignKey("directory.Office", on_delete=models.CASCADE, related_name="+")
    typed = models.JSONField(default=dict)
    at = models.DateTimeField()
    patient = models.ForeignKey("directory.Patient", on_delete=models.CASCADE, null=True, related_name="+")
    known = models.BooleanField(default=False)  # the four fields of a patient already on file; nothing was made
    resembles = models.ForeignKey("directory.Patient", on_delete=models.SET_NULL, null=True, related_name="+")
    hash = models.CharField(max_length=64, blank=True)  # of the secret in the confirmation e-mail
    expires_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)  # somebody of the office has looked at the resemblance
    checked_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="registration_confirmed_has_patient", condition=Q(confirmed_at=None) | Q(patient__isnull=False)
            ),
            models.CheckConstraint(
                name="registration_checked_at_and_by",
                condition=Q(checked_at=None, checked_by="") | (Q(checked_at__isnull=False) & ~Q(checked_by="")),
            ),
            models.UniqueConstraint(fields=["hash"], name="registration_link_once", condition=~Q(hash="")),
        ]
        indexes = [
            models.Index(fields=["office", "-at"], name="registration_newest"),
            models.Index(fields=["patient"], name="registration_of_patient"),
        ]
