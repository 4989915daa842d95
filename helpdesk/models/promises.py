"""What one practice promises; append-only, and a ticket keeps what was promised when it was opened."""

from django.db import models
from django.db.models import F, Q

from helpdesk.rules.sla import Promises, Target


class ServicePromise(models.Model):
    """The deadlines of a practice from one moment on, in open minutes (`rules.sla`)."""

    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    urgent_first = models.PositiveIntegerField()
    urgent_resolve = models.PositiveIntegerField()
    normal_first = models.PositiveIntegerField()
    normal_resolve = models.PositiveIntegerField()
    by_label = models.CharField(max_length=120)
    at = models.DateTimeField()  # tickets opened from then on

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "number"], name="service_promise_once"),
            models.CheckConstraint(
                name="service_promise_in_order",
                condition=Q(
                    urgent_first__gt=0,
                    normal_first__gte=F("urgent_first"),
                    urgent_resolve__gte=F("urgent_first"),
                    normal_resolve__gte=F("normal_first"),
                )
                & Q(normal_resolve__gte=F("urgent_resolve")),
            ),
        ]

    @property
    def promises(self) -> Promises:
        return Promises(
            urgent=Target(self.urgent_first, self.urgent_resolve), normal=Target(self.normal_first, self.normal_resolve)
        )
