from django.db import models
from django.db.models import Q


class OutboxMessage(models.Model):
    """One event on its way to one handler. Written in the transaction of the deed, so neither can exist alone."""

    event_id = models.CharField(max_length=20)
    event_name = models.CharField(max_length=120)
    handler = models.CharField(max_length=200)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    available_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_id", "handler"], name="outbox_one_row_per_handler"),
            models.CheckConstraint(name="outbox_done_or_dead", condition=Q(done_at=None) | Q(dead_at=None)),
        ]
        indexes = [
            models.Index(fields=["available_at", "id"], name="outbox_due", condition=Q(done_at=None, dead_at=None)),
            models.Index(fields=["-dead_at"], name="outbox_dead", condition=Q(dead_at__isnull=False)),
        ]
