from django.db import models
from django.db.models import Q


class BusinessHours(models.Model):
    """When somebody is there: an office, or (office empty) IT. A place without a row has Monday to Friday, 8 to 5."""

    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, related_name="+")
    office = models.ForeignKey("directory.Office", on_delete=models.CASCADE, null=True, related_name="+")
    spans = models.JSONField(default=dict)  # {"0": [["08:00", "12:00"], ["13:00", "17:00"]]}, 0 is Monday, local time
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office"], name="hours_one_per_office", condition=Q(office__isnull=False)),
            models.UniqueConstraint(fields=["practice"], name="hours_one_of_it", condition=Q(office=None)),
        ]


class Holiday(models.Model):
    """A day on which a place is closed; office empty: every office and IT."""

    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, related_name="+")
    office = models.ForeignKey("directory.Office", on_delete=models.CASCADE, null=True, related_name="+")
    date = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office", "date"], name="holiday_once", condition=Q(office__isnull=False)),
            models.UniqueConstraint(fields=["practice", "date"], name="holiday_once_for_all", condition=Q(office=None)),
        ]
        indexes = [models.Index(fields=["practice", "date"], name="holiday_by_date")]
