"""How long originals stay: e-mails as they came, and the sound of messages."""

from django.db import models
from django.db.models import Q

from helpdesk.rules.keeping import LONGEST, MAIL_DAYS, RECORDING_DAYS, SHORTEST


class KeepingRule(models.Model):
    """A practice's own choice, in days; a practice without a row keeps them as long as what ships says."""

    practice = models.OneToOneField("directory.Practice", on_delete=models.CASCADE, related_name="+")
    mail_days = models.PositiveSmallIntegerField(default=MAIL_DAYS)
    recording_days = models.PositiveSmallIntegerField(default=RECORDING_DAYS)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="keeping_days_in_range",
                condition=Q(mail_days__range=(SHORTEST, LONGEST), recording_days__range=(SHORTEST, LONGEST)),
            )
        ]
