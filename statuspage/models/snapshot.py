from django.db import models
from django.db.models import Q

from statuspage.models.page import Page


class Snapshot(models.Model):
    """One published state of the page. The id is drawn under the page's row lock, so ids follow commits.

    A row without `written_at` is a promise that a crash may have left open; the repair task keeps it.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="snapshots")
    cause = models.CharField(max_length=60)  # "incident-update:<id>", "component:<id>", "refresh"
    created_at = models.DateTimeField()
    written_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["page", "-id"], name="snapshot_newest", condition=Q(written_at=None))]
