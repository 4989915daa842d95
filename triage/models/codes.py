"""A code that was sent to a contact on file. Kept is its keyed hash; never the code, never the number."""

import datetime as dt

from django.db import models
from django.db.models import F, Q

from triage.enums import Method
from triage.models.verification import VerificationAttempt


class VerificationCode(models.Model):
    """One code of one check: to the phone (E4) or the e-mail (E6) on file."""

    attempt = models.ForeignKey(VerificationAttempt, on_delete=models.CASCADE, related_name="codes")
    method = models.CharField(max_length=4, choices=Method)
    hash = models.CharField(max_length=64)
    contact_hash = models.CharField(max_length=64)  # a code dies with the contact it went to
    contact_age_days = models.PositiveIntegerField(null=True)  # when it was sent
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)  # wrong ones
    used_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="code_goes_over_a_contact", condition=Q(method__in=[Method.E4, Method.E6])),
            models.CheckConstraint(name="code_expires_later", condition=Q(expires_at__gt=F("sent_at"))),
            models.CheckConstraint(
                name="code_used_in_time", condition=Q(used_at=None) | Q(used_at__lt=F("expires_at"), superseded_at=None)
            ),
            models.UniqueConstraint(
                fields=["attempt", "method"], name="code_one_live", condition=Q(used_at=None, superseded_at=None)
            ),
        ]
        indexes = [models.Index(fields=["attempt", "-sent_at"], name="code_by_attempt")]

    def is_live(self, at: dt.datetime) -> bool:
        """At the second of `expires_at` it is too late."""
        return self.used_at is None and self.superseded_at is None and at < self.expires_at
