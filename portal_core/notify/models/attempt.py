from django.db import models
from django.db.models import Q

from portal_core.notify.models.delivery import Delivery


class DeliveryAttempt(models.Model):
    """One try to hand a message to a webhook that somebody keeps, and what came back. Mails and messages to very many
    have none: of those, `Delivery` says all there is to say."""

    # No constraint in the database, as for a delivery's message: who deletes deliveries, deletes these (retention).
    delivery = models.ForeignKey(Delivery, on_delete=models.DO_NOTHING, related_name="tries", db_constraint=False)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)  # HTTP; none: nobody answered
    code = models.CharField(max_length=60, blank=True)  # as in Delivery.last_error; empty: it arrived
    milliseconds = models.PositiveIntegerField()
    answer = models.CharField(max_length=200, blank=True)  # rules.excerpt: its beginning, without secrets

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="delivery_attempt_arrived_or_why", condition=~Q(code="") | Q(status__gte=200, status__lt=300)
            ),
        ]
        indexes = [models.Index(fields=["at"], name="delivery_attempt_at")]
