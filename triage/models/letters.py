"""A letter with a code to the postal address on file (E8). Kept is the code's keyed hash; never the code, never the
address."""

import datetime as dt

from django.db import models
from django.db.models import F, Q

from portal_core.kernel.ids import PublicIdField


class VerificationLetter(models.Model):
    """One letter to one patient. Its code is read back in a check weeks later, on whatever ticket that is."""

    public_id = PublicIdField()
    patient = models.ForeignKey("directory.Patient", on_delete=models.PROTECT, related_name="+")
    ticket = models.ForeignKey("helpdesk.Ticket", on_delete=models.PROTECT, related_name="+")  # which it was sent for
    sent_by = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, related_name="+")
    hash = models.CharField(max_length=64)
    address_hash = models.CharField(max_length=64)  # the code dies with the address it went to
    address_age_days = models.PositiveIntegerField(null=True)  # when it was sent
    address_unused = models.BooleanField(default=False)  # the address changed after their last good sign-in
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)  # wrong ones, over all checks
    used_at = models.DateTimeField(null=True)
    void_at = models.DateTimeField(null=True)  # a newer letter, or too many wrong tries

    class Meta:
        constraints = [
            models.CheckConstraint(name="letter_expires_later", condition=Q(expires_at__gt=F("sent_at"))),
            models.CheckConstraint(
                name="letter_used_in_time", condition=Q(used_at=None) | Q(used_at__lt=F("expires_at"), void_at=None)
            ),
            models.UniqueConstraint(
                fields=["patient"], name="letter_one_live", condition=Q(used_at=None, void_at=None)
            ),
        ]
        indexes = [models.Index(fields=["patient", "-sent_at"], name="letter_by_patient")]

    def is_live(self, at: dt.datetime) -> bool:
        """At the second of `expires_at` it is too late."""
        return self.used_at is None and self.void_at is None and at < self.expires_at
