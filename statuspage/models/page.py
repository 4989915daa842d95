import datetime as dt

from django.db import models
from django.db.models import F, Q

from portal_core.kernel.ids import PublicIdField, new_short_id
from statuspage.enums import ComponentStatus, EntryPointHealth, EntryPointKind, StateCause


class Page(models.Model):
    """The status page. Its row lock puts everything that is published in one line, so snapshot ids follow commits."""

    public_id = PublicIdField(max_length=12, default=new_short_id)
    slug = models.SlugField(
        max_length=60, unique=True, default="main"
    )  # one page for now; unique, so never two by a race
    name = models.CharField(max_length=160)
    url = models.URLField()
    time_zone = models.CharField(max_length=64, default="Etc/UTC")
    support_text = models.CharField(max_length=300, blank=True)  # e.g. a crisis line, shown while care is affected
    undo_seconds = models.PositiveSmallIntegerField(default=0)  # mails wait this long after Publish and can be stopped
    storm_people = models.PositiveIntegerField(default=0)  # hold and ask above so many mails in `storm_minutes`; 0: off
    storm_minutes = models.PositiveSmallIntegerField(default=10)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()


class ComponentGroup(models.Model):
    public_id = PublicIdField(max_length=12, default=new_short_id)
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="groups")
    name = models.CharField(max_length=160)
    description = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["position", "id"]


class Component(models.Model):
    """One part of the service that can fail on its own. `status` repeats the open interval for quick reading."""

    public_id = PublicIdField(max_length=12, default=new_short_id)
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="components")
    group = models.ForeignKey(ComponentGroup, on_delete=models.SET_NULL, null=True, related_name="components")
    name = models.CharField(max_length=160)
    slug = models.SlugField(max_length=60)
    description = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=24, choices=ComponentStatus, default=ComponentStatus.OPERATIONAL)
    position = models.PositiveSmallIntegerField(default=1)
    showcase = models.BooleanField(default=True)  # whether the page draws uptime bars for it
    start_date = models.DateField(null=True)  # uptime is counted from here
    only_show_if_degraded = models.BooleanField(default=False)
    clinical_priority = models.PositiveSmallIntegerField(default=3)  # 1: care stops without it (OP-02: telehealth)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)  # no longer shown; its history stays with the incidents

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["page", "slug"], name="component_one_per_slug"),
            models.CheckConstraint(name="component_status_known", condition=Q(status__in=ComponentStatus.values)),
        ]

    @property
    def full_name(self) -> str:
        """`Group - Component`, the way the v2 API names affected components."""
        return f"{self.group.name} - {self.name}" if self.group is not None else self.name

    def change(
        self, status: str, *, at: dt.datetime, cause: StateCause, by: str, incident_id: int | None = None
    ) -> bool:
        """Close the open interval and begin the next one; False if the component already is in that state.

        The caller holds the page's row lock. The clock may have jumped back: intervals never do.
        """
        if status == self.status:
            return False
        begun = self.state_changes.filter(ended_at=None).values_list("started_at", flat=True).first()
        at = at if begun is None else max(at, begun)
        old, self.status, self.updated_at = self.status, status, at
        self.save(update_fields=["status", "updated_at"])
        self.state_changes.filter(ended_at=None).update(ended_at=at)
        ComponentStateChange.objects.create(
            component=self, old_status=old, new_status=status, cause=cause, actor_label=by[:120], started_at=at,
            incident_id=incident_id,
        )  # fmt: skip
        return True


class ComponentStateChange(models.Model):
    """One interval of one component: in `new_status` from `started_at` until `ended_at` (open: still so)."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="state_changes")
    old_status = models.CharField(max_length=24, choices=ComponentStatus)
    new_status = models.CharField(max_length=24, choices=ComponentStatus)
    cause = models.CharField(max_length=16, choices=StateCause)
    incident = models.ForeignKey("statuspage.Incident", on_delete=models.SET_NULL, null=True, related_name="+")
    actor_label = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["component"], name="state_change_one_open", condition=Q(ended_at=None)),
            models.CheckConstraint(
                name="state_change_forward", condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at"))
            ),
        ]
        indexes = [models.Index(fields=["component", "started_at"], name="state_change_by_component")]


class EntryPoint(models.Model):
    """What to do instead while a component is affected, with a health of its own (SP-05, TH-31 to TH-34, OP-02)."""

    public_id = PublicIdField(max_length=12, default=new_short_id)
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="entry_points")
    kind = models.CharField(max_length=8, choices=EntryPointKind, default=EntryPointKind.TEXT)
    title = models.CharField(max_length=120)
    target = models.CharField(max_length=500, blank=True)  # an address or a number; empty for TEXT
    text = models.CharField(max_length=500, blank=True)
    check_url = models.CharField(max_length=500, blank=True)  # asked by the prober; empty: never checked
    health = models.CharField(max_length=8, choices=EntryPointHealth, default=EntryPointHealth.UNKNOWN)
    checked_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)  # in a row
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["position", "id"]


class Measurement(models.Model):
    """One response time of a component, taken by a probe; the page draws a day of them."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="measurements")
    taken_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField(null=True)  # None: it did not answer

    class Meta:
        indexes = [models.Index(fields=["component", "-taken_at"], name="measurement_newest")]
