from django.db import models
from django.db.models import F, Q

from helpdesk.enums import UndoKind
from helpdesk.models.ticket import Ticket, TicketMessage
from portal_core.kernel.ids import PublicIdField


class TicketUndo(models.Model):
    """What it takes to put a ticket back as it stood before a deed; good for ten seconds, for the one who did it."""

    public_id = PublicIdField()
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="undos")
    kind = models.CharField(max_length=8, choices=UndoKind)
    by_id = models.CharField(max_length=20)  # public id of who did it
    message = models.ForeignKey(TicketMessage, on_delete=models.SET_NULL, null=True, related_name="+")
    before = models.JSONField(default=dict)  # columns as they stood
    after = models.JSONField(default=dict)  # as the deed left them: if they moved on, it is too late
    event_ids = models.JSONField(default=list)  # outbox events held back until `until`
    at = models.DateTimeField()
    until = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    batch = models.CharField(max_length=20, blank=True)  # done to many at once, and taken back together

    class Meta:
        constraints = [
            models.CheckConstraint(name="undo_kind_known", condition=Q(kind__in=UndoKind.values)),
            models.CheckConstraint(name="undo_ends_later", condition=Q(until__gt=F("at"))),
        ]
        indexes = [
            models.Index(fields=["ticket", "-at"], name="undo_of_ticket"),
            models.Index(fields=["until"], name="undo_until"),
            models.Index(fields=["batch"], name="undo_together", condition=~Q(batch="")),
        ]
