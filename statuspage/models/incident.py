from typing import Any, ClassVar, NoReturn

from django.db import models
from django.db.models import F, Q

from portal_core.kernel.ids import PublicIdField, new_short_id
from statuspage.enums import (
    ALLOWED,
    EVENT_STATUSES,
    OVER,
    UNDERWAY,
    UNRESOLVED,
    UPCOMING,
    Audience,
    ComponentStatus,
    EventKind,
    Impact,
    IncidentStatus,
    MaintenanceStatus,
    PublicationKind,
)
from statuspage.errors import IncidentAlreadyResolved
from statuspage.models.page import Component, Page


class Incident(models.Model):
    """An event people are told about: something is wrong, or work is planned (`kind`).

    `impact` follows the components unless `impact_override` is set. `resolved_at` is the end of either kind;
    `cancelled_at` marks a maintenance that did not take place. `scheduled_for` and `scheduled_until` belong to
    maintenances alone.
    """

    public_id = PublicIdField(max_length=12, default=new_short_id)
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="incidents")
    kind = models.CharField(max_length=12, choices=EventKind, default=EventKind.INCIDENT)
    name = models.CharField(max_length=255)
    status = models.CharField(max_length=16, choices=EVENT_STATUSES)
    impact_computed = models.CharField(max_length=16, choices=Impact, default=Impact.NONE)
    impact_override = models.CharField(max_length=16, choices=Impact, blank=True)
    backfilled = models.BooleanField(default=False)  # entered afterwards: nobody was told
    created_at = models.DateTimeField()
    started_at = models.DateTimeField()
    monitoring_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    next_update_at = models.DateTimeField(null=True)  # promised to readers: "by 14:30"
    next_update_nudged_at = models.DateTimeField(null=True)  # staff were reminded of that promise
    components = models.ManyToManyField(Component, through="statuspage.IncidentComponent", related_name="+")

    scheduled_for = models.DateTimeField(null=True)
    scheduled_until = models.DateTimeField(null=True)
    auto_start = models.BooleanField(default=True)
    auto_complete = models.BooleanField(default=True)
    component_status = models.CharField(  # what the components show while the work is under way; empty: unchanged
        max_length=24, choices=ComponentStatus, default=ComponentStatus.MAINTENANCE, blank=True
    )
    reminders = models.JSONField(default=list)  # minutes before the start, e.g. [1440, 60]
    reminded = models.JSONField(default=list)  # those of them that are done for the present start
    silent = models.BooleanField(default=False)  # shown, but nobody is mailed
    sequence = models.PositiveIntegerField(default=0)  # of the calendar entry (RFC 5545 SEQUENCE)
    cancelled_at = models.DateTimeField(null=True)
    series = models.ForeignKey("statuspage.MaintenanceSeries", on_delete=models.SET_NULL, null=True, related_name="+")
    # Which of the series' dates this is (RFC 5545 RECURRENCE-ID): it stays when somebody moves or calls off this one.
    series_slot = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="incident_resolved_has_time",
                condition=Q(status__in=OVER, resolved_at__isnull=False) | (~Q(status__in=OVER) & Q(resolved_at=None)),
            ),
            models.CheckConstraint(
                name="incident_status_of_its_kind",
                condition=Q(kind=EventKind.INCIDENT, status__in=IncidentStatus.values)
                | Q(kind=EventKind.MAINTENANCE, status__in=MaintenanceStatus.values),
            ),
            models.CheckConstraint(
                name="maintenance_has_window",
                condition=Q(kind=EventKind.INCIDENT, scheduled_for=None, scheduled_until=None)
                | Q(kind=EventKind.MAINTENANCE, scheduled_until__gt=F("scheduled_for")),
            ),
        ]
        indexes = [
            models.Index(fields=["page", "-started_at"], name="incident_history"),
            models.Index(fields=["page"], name="incident_active", condition=Q(status__in=UNRESOLVED)),
            models.Index(
                fields=["scheduled_for"], name="maintenance_due", condition=Q(status__in=[*UPCOMING, *UNDERWAY])
            ),
        ]

    @property
    def impact(self) -> str:
        return self.impact_override or self.impact_computed

    def move(self, status: str, *, at: Any) -> None:
        """Go to `status` and set its time. Raises IncidentAlreadyResolved; does not save."""
        if status not in ALLOWED[self.status]:
            raise IncidentAlreadyResolved
        self.status, self.updated_at = status, at
        if status == IncidentStatus.MONITORING:
            self.monitoring_at = at
        if status in OVER and self.resolved_at is None:
            self.resolved_at = at


class MaintenanceSeries(models.Model):
    """Work that comes back by a rule (RFC 5545 RRULE); its next occurrences are made ahead as maintenances."""

    public_id = PublicIdField(max_length=12, default=new_short_id)
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    body = models.TextField(max_length=25_000)
    rule = models.CharField(max_length=300)  # "FREQ=WEEKLY;BYDAY=SU", local time of `time_zone`
    time_zone = models.CharField(max_length=64, default="Etc/UTC")
    first_at = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    component_status = models.CharField(
        max_length=24, choices=ComponentStatus, default=ComponentStatus.MAINTENANCE, blank=True
    )
    components = models.ManyToManyField(Component, related_name="+")
    reminders = models.JSONField(default=list)
    silent = models.BooleanField(default=False)
    announced = models.BooleanField(default=True)  # whether subscribers are mailed about the first occurrence
    made_until = models.DateTimeField(null=True)  # occurrences up to here exist
    ended_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=0)  # raised by each edit: the second of two editors is told
    created_at = models.DateTimeField()


class Postmortem(models.Model):
    """What we learned. A draft until `published_at`; subscribers are told once, if wanted."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="postmortem")
    body = models.TextField(max_length=100_000, blank=True)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=120, blank=True)
    published_at = models.DateTimeField(null=True)
    notified = models.BooleanField(default=False)


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
    """One published message. Immutable; `affected_components` keeps what the components were before and after it.

    A correction is a `UpdateRevision`; the page shows the newest one and says that it was edited. `kind` is what
    subscribers are told it is. A reminder is an update for them alone: no page, feed or API shows it.
    """

    public_id = PublicIdField(max_length=12, default=new_short_id)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    kind = models.CharField(max_length=16, choices=PublicationKind, default=PublicationKind.UPDATED)
    status = models.CharField(max_length=16, choices=EVENT_STATUSES)
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


class UpdateRevision(models.Model):
    """A corrected wording of a published message. The first wording stays in the update itself; nobody is mailed."""

    update = models.ForeignKey(IncidentUpdate, on_delete=models.CASCADE, related_name="revisions")
    body = models.TextField(max_length=25_000)
    edited_at = models.DateTimeField()
    by_label = models.CharField(max_length=120)

    class Meta:
        indexes = [models.Index(fields=["update", "-edited_at"], name="update_revision_newest")]


class AudienceTextQuerySet(models.QuerySet["AudienceText"]):
    def seen_by(self, practice_id: int) -> "AudienceTextQuerySet":
        """Texts of this practice and of the installation itself."""
        return self.filter(Q(practice=None) | Q(practice=practice_id))


class AudienceText(models.Model):
    """What some readers are told beside the public text: staff, one office, IT. Never part of a snapshot."""

    update = models.ForeignKey(IncidentUpdate, on_delete=models.CASCADE, related_name="texts")
    audience = models.CharField(max_length=8, choices=[row for row in Audience.choices if row[0] != Audience.PUBLIC])
    office_id = models.CharField(max_length=40, blank=True)  # public id, opaque here; only for OFFICE
    # Whose staff it is for; empty: written by the installation itself, for everybody's.
    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, null=True, related_name="+")
    body = models.TextField(max_length=25_000)

    objects: ClassVar[models.Manager["AudienceText"]] = AudienceTextQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["update", "audience", "office_id"], name="audience_text_once"),
            models.CheckConstraint(
                name="audience_text_office",
                condition=(Q(audience=Audience.OFFICE) & ~Q(office_id=""))
                | (~Q(audience=Audience.OFFICE) & Q(office_id="")),
            ),
        ]
