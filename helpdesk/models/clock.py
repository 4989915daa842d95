from django.db import models
from django.db.models import F, Q

from helpdesk.enums import TicketState, Turn
from helpdesk.models.ticket import Ticket


class TicketSegment(models.Model):
    """Who had the move from when to when. The segments of a ticket follow each other without a gap, from the moment it
    was opened, so that they add up to the time on the wall; only the last one has no end."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="segments")
    turn = models.CharField(max_length=8, choices=Turn)
    state = models.CharField(max_length=16, choices=TicketState)  # says why it stood still, where it did
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    minutes = models.PositiveIntegerField(default=0)  # open minutes counted towards the target, once it has ended

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket"], name="segment_one_open", condition=Q(ended_at=None)),
            models.CheckConstraint(
                name="segment_ends_later", condition=Q(ended_at=None) | Q(ended_at__gte=F("began_at"))
            ),
            models.CheckConstraint(name="segment_turn_known", condition=Q(turn__in=Turn.values)),
        ]
        indexes = [models.Index(fields=["ticket", "began_at", "id"], name="segment_of_ticket")]
