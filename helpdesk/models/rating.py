from django.db import models

from helpdesk.models.ticket import Ticket


class TicketRating(models.Model):
    """What the requester said when asked whether we solved it; one per solving (`round` counts the reopenings)."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="ratings")
    round = models.PositiveSmallIntegerField(default=0)
    solved = models.BooleanField()
    comment = models.TextField(max_length=1000, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "round"], name="rating_once_per_round")]
        indexes = [models.Index(fields=["-at"], name="rating_by_time")]
