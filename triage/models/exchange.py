"""What office and IT say to each other about a flag, both of them reading it; and what IT notes for itself."""

from django.db import models
from django.db.models import Q

from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.ids import PublicIdField
from triage.enums import ExchangeKind
from triage.models.escalation import Escalation

REQUESTER = "The requester"


class EscalationMessage(models.Model):
    """One entry, append-only. A note is IT's own: the office never sees that it exists."""

    public_id = PublicIdField()
    flag = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="exchange")
    kind = models.CharField(max_length=12, choices=ExchangeKind)
    by_id = models.CharField(max_length=20, blank=True)  # public id of Staff
    by_label = models.CharField(max_length=160)
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        constraints = [
            models.CheckConstraint(name="exchange_kind_known", condition=Q(kind__in=ExchangeKind.values)),
            models.CheckConstraint(name="exchange_says_something", condition=~Q(body="")),
        ]
        indexes = [models.Index(fields=["flag", "at"], name="exchange_of_flag")]

    @property
    def said_by(self) -> str:
        """For the screen and for programs: colleagues by name, a requester without one, in older rows too (TR-01)."""
        return self.by_label if self.by_id or self.by_label == SYSTEM.label else REQUESTER

    @property
    def by_office(self) -> bool:
        return self.kind in (ExchangeKind.REPLY, ExchangeKind.WITHDRAW)

    @property
    def internal(self) -> bool:
        return self.kind == ExchangeKind.NOTE
