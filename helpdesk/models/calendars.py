from django.db import models
from django.db.models import Q

from helpdesk.enums import DayOffPlace


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
    """A day on which a place is closed: an office, IT, or all of them. With `works` the other way round: this place is
    there although everybody else has that day off."""

    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, related_name="+")
    place = models.CharField(max_length=6, choices=DayOffPlace, default=DayOffPlace.ALL)
    office = models.ForeignKey("directory.Office", on_delete=models.CASCADE, null=True, related_name="+")
    works = models.BooleanField(default=False)
    date = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["office", "date"], name="holiday_once", condition=Q(office__isnull=False)),
            models.UniqueConstraint(
                fields=["practice", "date", "place"], name="holiday_once_for_many", condition=Q(office=None)
            ),
            models.CheckConstraint(
                name="holiday_place_names_its_office",
                condition=Q(place=DayOffPlace.OFFICE, office__isnull=False)
                | Q(place__in=[DayOffPlace.ALL, DayOffPlace.IT], office=None),
            ),
            models.CheckConstraint(name="holiday_not_all_work", condition=Q(works=False) | ~Q(place=DayOffPlace.ALL)),
        ]
        indexes = [models.Index(fields=["practice", "date"], name="holiday_by_date")]
