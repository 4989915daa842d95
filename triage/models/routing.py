"""How one practice changed the decision table; append-only, the newest counts."""

from django.db import models
from django.db.models import Q


class RoutingVersion(models.Model):
    """All edits of a practice at one moment, over the table in `rules.table`: category → what differs there."""

    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    edits = models.JSONField(default=dict)  # {"LOGIN_UID": {"level": "r2", "steps": ["verify_identity"], …}}
    note = models.CharField(max_length=160, blank=True)  # why
    by_label = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "number"], name="routing_version_once"),
            models.CheckConstraint(name="routing_version_from_one", condition=Q(number__gte=1)),
        ]
