from django.db import models
from django.db.models import Q

from portal_core.kernel.ids import PublicIdField
from statuspage.models.page import Component, Page


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def reachable(self) -> "SubscriberQuerySet":
        """Confirmed, not unsubscribed, not quarantined: the only ones who ever get mail about incidents."""
        return self.filter(confirmed_at__isnull=False, unsubscribed_at=None, quarantined_at=None)


class Subscriber(models.Model):
    """An address that wants to hear of incidents.

    Being on a therapy practice's list is itself sensitive, so the address is encrypted; `email_index` is a keyed hash
    that keeps it unique and findable without being readable.
    """

    public_id = PublicIdField()
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="subscribers")
    email_cipher = models.TextField()
    email_index = models.CharField(max_length=64)
    components = models.ManyToManyField(Component, related_name="+")  # none chosen: everything
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)
    quarantined_at = models.DateTimeField(null=True)
    purge_at = models.DateTimeField(null=True)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "email_index"], name="subscriber_one_per_address")]
        indexes = [
            models.Index(
                fields=["page", "id"],
                name="subscriber_reachable",
                condition=Q(confirmed_at__isnull=False, unsubscribed_at=None, quarantined_at=None),
            )
        ]
