from django.db import models


class IdempotencyKey(models.Model):
    """What a form or API call with this key led to, so that sending it again leads to the same thing."""

    scope = models.CharField(max_length=60)
    key = models.CharField(max_length=64)
    result = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    fingerprint = models.CharField(max_length=64, blank=True, default="")  # of what was asked for; "" compares nothing

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_once_per_scope")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]
