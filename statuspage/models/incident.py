from typing import Any, NoReturn

from django.db import models
from django.db.models import Q

from portal_core.kernel.ids import PublicIdField, new_short_id
from statuspage.enums import MOVES, UNRESOLVED, ComponentStatus, Impact, IncidentStatus
from statuspage.errors import IncidentAlreadyResolved
from statuspage.models.page import Component, Page


class Incident(models.Model):
    """Something is wrong and people are told. `impact` follows the components unless `impact_override` is set."""

    public_id = PublicIdField(max_length=12, default=new_short_id)
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="incidents")
    name = models.CharField(max_length=255)
    status = models.CharField(max_length=16, choices=IncidentStatus)
    impact_computed = models.CharField(max_length=16, choices=Impact, default=Impact.NONE)
    impact_override = models.CharField(max_length=16, choices=Impact, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField()
    monitoring_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    components = models.ManyToManyField(Component, through="statuspage.IncidentComponent", related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="incident_resolved_has_time",
                condition=Q(status=IncidentStatus.RESOLVED, resolved_at__isnull=False)
                | (~Q(status=IncidentStatus.RESOLVED) & Q(resolved_at=None)),
            ),
        ]
        indexes = [
            models.Index(fields=["page", "-started_at"], name="incident_history"),
            models.Index(fields=["page"], name="incident_active", condition=Q(status__in=UNRESOLVED)),
        ]

    @property
    def impact(self) -> str:
        return self.impact_override or self.impact_computed

    def move(self, status: IncidentStatus, *, at: Any) -> None:
        """Go to `status` and set its time. Raises IncidentAlreadyResolved; does not save."""
        if status not in MOVES[IncidentStatus(self.status)]:
            raise IncidentAlreadyResolved
        self.status, self.updated_at = status, at
        if status == IncidentStatus.MONITORING:
            self.monitoring_at = at
        if status == IncidentStatus.RESOLVED:
            self.resolved_at = at


class IncidentComponent(models.Model):
    """What an incident says about a component. The component's state is the worst that any active incident says."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="claims")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="claims")
    status = models.CharField(max_length=24, choices=ComponentStatus)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "component"], name="incident_component_once")]


class Immutable(TypeError):
    """Published words are not changed afterwards; a correction is another update."""


class IncidentUpdateQuerySet(models.QuerySet["IncidentUpdate"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise Immutable("An incident update is never changed; post another one.")


class IncidentUpdate(models.Model):
    """One published message. Immutable; `affected_components` keeps what the components were before and after it."""

    public_id = PublicIdField(max_length=12, default=new_short_id)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    status = models.CharField(max_length=16, choices=IncidentStatus)
    body = models.TextField(max_length=25_000)
    affected_components = models.JSONField(default=list)  # [{"code", "name", "old_status", "new_status"}]
    deliver_notifications = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    display_at = models.DateTimeField()
    by_id = models.CharField(max_length=40, blank=True)
    by_label = models.CharField(max_length=120, blank=True)

    objects = IncidentUpdateQuerySet.as_manager()

    class Meta:
        ordering = ["-display_at", "-id"]
        indexes = [models.Index(fields=["incident", "-display_at"], name="incident_update_newest")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise Immutable("An incident update is never changed; post another one.")
        super().save(*args, **kwargs)
