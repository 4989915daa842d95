from django.db import models
from django.db.models import F, Q

from helpdesk.enums import LinkKind
from helpdesk.models.ticket import Ticket


class TicketLink(models.Model):
    """Two tickets that belong together; `ticket` is the later one where one came out of the other."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="linked_from")
    kind = models.CharField(max_length=10, choices=LinkKind)
    by_label = models.CharField(max_length=160)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "other"], name="link_once"),
            models.CheckConstraint(name="link_of_two", condition=~Q(ticket=F("other"))),
            models.CheckConstraint(name="link_kind_known", condition=Q(kind__in=LinkKind.values)),
        ]
