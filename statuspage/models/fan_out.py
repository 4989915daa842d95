import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q

from portal_core.kernel.ids import PublicIdField, new_short_id
from statuspage.enums import FAN_OUT_MOVES, FanOutState
from statuspage.errors import TooLateToUndo
from statuspage.models.incident import Incident, IncidentUpdate


class FanOut(models.Model):
    """The telling of one publication: one row per update, begun once however often its event is handed out.

    Subscribers are gone through in the order of their ids; `reached` is how far that has come, written in the same
    transaction as the deliveries up to there. What a killed worker left is taken up from `reached`.
    """

    public_id = PublicIdField(max_length=12, default=new_short_id)
    update = models.OneToOneField(IncidentUpdate, on_delete=models.CASCADE, related_name="fan_out")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="fan_outs")
    kind = models.CharField(max_length=16)  # a PublicationKind
    state = models.CharField(max_length=12, choices=FanOutState, default=FanOutState.RUNNING)
    published_at = models.DateTimeField()
    reached = models.BigIntegerField(default=0)  # subscribers up to this id have their delivery
    last = models.BigIntegerField()  # the newest subscriber when it began: who comes later reads the page
    people = models.PositiveIntegerField(default=0)  # deliveries promised; while HELD: how many there would be
    undo_until = models.DateTimeField(null=True)  # nothing leaves before, and it can be taken back
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)  # released, discarded or taken back
    decided_by = models.CharField(max_length=120, blank=True)
    tally = models.JSONField(default=dict)  # deliveries by state, once none is under way any more
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="fan_out_state_known", condition=Q(state__in=FanOutState.values)),
            models.CheckConstraint(
                name="fan_out_decided_by_somebody",
                condition=~Q(state__in=["discarded", "undone"]) | Q(decided_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["-published_at", "-id"], name="fan_out_newest"),
            models.Index(fields=["id"], name="fan_out_running", condition=Q(state="running")),
            models.Index(fields=["published_at", "id"], name="fan_out_held", condition=Q(state="held")),
            models.Index(fields=["published_at"], name="fan_out_unsettled", condition=Q(settled_at=None)),
        ]

    @property
    def cause(self) -> str:
        """Under which name its deliveries stand in the ledger."""
        return f"incident-update:{self.update.public_id}"

    def move(self, state: FanOutState, *, at: dt.datetime, by: str = "", **values: Any) -> None:
        """Go to `state` and save. Raises TooLateToUndo when its own state does not allow it."""
        if state not in FAN_OUT_MOVES[FanOutState(self.state)]:
            raise TooLateToUndo
        self.state = state
        if by:
            values |= {"decided_at": at, "decided_by": by[:120]}
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=["state", *values])
