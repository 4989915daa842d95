from functools import lru_cache

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal_core.kernel.ids import PublicIdField
from statuspage.models.page import Component, Page
from statuspage.rules.addresses import Vault


@lru_cache(maxsize=4)
def _vault(*secrets: str) -> Vault:
    return Vault(secrets)


def vault() -> Vault:
    """The vault of this installation's secret key; earlier keys still open what they sealed."""
    return _vault(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


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

    @property
    def email(self) -> str:
        """The address in clear. Raises rules.addresses.Unreadable when the key is gone."""
        return vault().open(self.email_cipher)

    @property
    def key(self) -> str:
        """Who this is to notify: opaque and stable."""
        return f"subscriber:{self.public_id}"

    @property
    def is_active(self) -> bool:
        return self.confirmed_at is not None and self.unsubscribed_at is None and self.quarantined_at is None
