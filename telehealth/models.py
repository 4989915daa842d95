import datetime as dt

from django.db import models
from django.db.models import Q

from portal_core.kernel.ids import PublicIdField
from telehealth.enums import MOVES, Role, VisitEventKind, VisitState
from telehealth.errors import VisitMoved


class VisitQuerySet(models.QuerySet["Visit"]):
    def with_appointment(self) -> "VisitQuerySet":
        """Everything a room shows of its appointment, in two queries."""
        return self.select_related(
            "appointment__clinician", "appointment__patient__user", "appointment__office__practice",
            "appointment__practice",
        ).prefetch_related("appointment__clinician__role_assignments")  # fmt: skip


class Visit(models.Model):
    """The telehealth session of one appointment. A `generation` is one stretch from start to end; a rejoin begins the
    next, and nothing signalled in an earlier one is relayed (TH-15…17)."""

    public_id = PublicIdField()
    appointment = models.OneToOneField("scheduling.Appointment", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=VisitState, default=VisitState.SCHEDULED)
    generation = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=12, choices=Role, blank=True)
    created_at = models.DateTimeField()

    objects = VisitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="visit_state_known", condition=Q(state__in=VisitState.values)),
            models.CheckConstraint(
                name="visit_started_unless_scheduled",
                condition=Q(state=VisitState.SCHEDULED, started_at=None)
                | (~Q(state=VisitState.SCHEDULED) & Q(started_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="visit_ended_at_and_by_together",
                condition=Q(state=VisitState.ENDED, ended_at__isnull=False, ended_by__in=Role.values)
                | (~Q(state=VisitState.ENDED) & Q(ended_at=None, ended_by="")),
            ),
        ]
        indexes = [
            models.Index(fields=["state"], name="visit_running", condition=Q(state__in=VisitState.running)),  # metrics
        ]

    def move(self, state: VisitState, *, at: dt.datetime, by: str = "") -> None:
        """Set the state with the fields that belong to it. Raises VisitMoved. `by` is the role that ended it."""
        if state not in MOVES[VisitState(self.state)]:
            raise VisitMoved
        self.state = state
        if state == VisitState.OPEN:
            self.started_at, self.ended_at, self.ended_by = self.started_at or at, None, ""
        elif state == VisitState.ENDED:
            self.ended_at, self.ended_by = at, by

    @property
    def is_running(self) -> bool:
        return self.state in VisitState.running


class Participant(models.Model):
    """One side of a visit. `epoch` names one page load (or one fresh peer connection); an F5 makes another, so that the
    far side drops the old connection at once instead of waiting for its timeout."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="participants")
    role = models.CharField(max_length=12, choices=Role)
    generation = models.PositiveIntegerField(default=0)  # the last one this side took part in
    epoch = models.CharField(max_length=20, blank=True)
    connection = models.CharField(max_length=20, blank=True)  # the socket that speaks for it now
    joined_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "role"], name="participant_one_per_side"),
            models.CheckConstraint(name="participant_role_known", condition=Q(role__in=Role.values)),
        ]

    @property
    def is_present(self) -> bool:
        return self.joined_at is not None and self.left_at is None


class VisitEvent(models.Model):
    """Timeline of a visit: append-only, without content."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=VisitEventKind)
    role = models.CharField(max_length=12, choices=Role, blank=True)
    generation = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["visit", "at"], name="visit_event_timeline")]
