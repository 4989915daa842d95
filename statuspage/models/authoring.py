from typing import ClassVar

from django.db import models
from django.db.models import Q

from portal_core.kernel.ids import PublicIdField, new_short_id
from statuspage.enums import DRAFT_TONES, DraftState, EventKind, IncidentStatus
from statuspage.models.page import Page


class Template(models.Model):
    """Words prepared on a calm day. `{{ name }}` variables are filled in when it is used."""

    public_id = PublicIdField(max_length=12, default=new_short_id)
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=120)  # what the operator sees in the list
    kind = models.CharField(max_length=12, choices=EventKind, default=EventKind.INCIDENT)
    name = models.CharField(max_length=255, blank=True)
    body = models.TextField(max_length=25_000)
    status = models.CharField(max_length=16, default=IncidentStatus.INVESTIGATING)
    components = models.JSONField(default=dict)  # component id -> status
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["title", "id"]


class DraftQuerySet(models.QuerySet["Draft"]):
    def seen_by(self, practice_id: int | None) -> "DraftQuerySet":
        """Drafts of this practice and of the installation; all of them for the installation itself (None)."""
        return self if practice_id is None else self.filter(Q(practice=None) | Q(practice=practice_id))


class Draft(models.Model):
    """What an operator is about to publish: kept while typing, shown to colleagues, or published at `publish_at`.

    `incident_id` is empty for a new event, else the event the message belongs to. `content` is the form as typed.
    """

    public_id = PublicIdField(max_length=12, default=new_short_id)
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    # Its internal texts are for this practice's staff; empty: made by the installation itself.
    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=12, choices=EventKind, default=EventKind.INCIDENT)
    incident_id = models.CharField(max_length=12, blank=True)
    content = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=DraftState, default=DraftState.DRAFT)
    publish_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=300, blank=True)  # why it could not be published at its time
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    by_id = models.CharField(max_length=40)
    by_label = models.CharField(max_length=120)

    objects: ClassVar[models.Manager["Draft"]] = DraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="draft_scheduled_has_time",
                condition=~Q(state=DraftState.SCHEDULED) | Q(publish_at__isnull=False),
            )
        ]
        indexes = [
            models.Index(fields=["publish_at"], name="draft_due", condition=Q(state=DraftState.SCHEDULED)),
            models.Index(fields=["page", "-updated_at"], name="draft_newest"),
        ]

    @property
    def tone(self) -> str:
        return DRAFT_TONES[DraftState(self.state)]
