from functools import lru_cache

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal_core.kernel.ids import PublicIdField
from statuspage.enums import Impact, Way
from statuspage.models.page import Component, ComponentGroup, Page
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
    """An address that wants to hear of events, and what it wants to hear.

    Being on a therapy practice's list is itself sensitive, so the address is encrypted; `address_index` is a keyed hash
    that keeps it unique and findable without being readable. What it is depends on `way`: an e-mail address, an E.164
    number, an https address, or (PUSH) the browser's subscription as JSON.
    """

    public_id = PublicIdField()
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="subscribers")
    way = models.CharField(max_length=8, choices=Way, default=Way.EMAIL)
    address_cipher = models.TextField()
    address_index = models.CharField(max_length=64)
    secret_cipher = models.TextField(blank=True)  # WEBHOOK: what its messages are signed with
    contact_cipher = models.TextField(blank=True)  # WEBHOOK, SLACK, TEAMS: whom to mail when it stops answering

    # No component, group or incident chosen: everything.
    components = models.ManyToManyField(Component, related_name="+")
    groups = models.ManyToManyField(ComponentGroup, related_name="+")  # with members that join later
    incident = models.ForeignKey("statuspage.Incident", on_delete=models.CASCADE, null=True, related_name="+")
    wants_incidents = models.BooleanField(default=True)
    wants_maintenances = models.BooleanField(default=True)
    wants_component_changes = models.BooleanField(default=False)  # WEBHOOK: state changes as events of their own
    minimum_impact = models.CharField(max_length=16, choices=Impact, default=Impact.NONE)
    quiet_from = models.TimeField(null=True)  # local time of `time_zone`; what falls inside waits until `quiet_until`
    quiet_until = models.TimeField(null=True)
    quiet_bypass = models.BooleanField(default=True)  # critical impact comes through all the same
    language = models.CharField(max_length=10, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)  # empty: the page's

    consent = models.CharField(max_length=200, blank=True)  # where and when it agreed, for imported addresses
    is_canary = models.BooleanField(default=False)  # our own mailbox, by which the way out is measured
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)  # in a row; any success sets it back
    quarantined_at = models.DateTimeField(null=True)
    quarantine_reason = models.CharField(max_length=60, blank=True)  # a code
    purge_at = models.DateTimeField(null=True)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "way", "address_index"], name="subscriber_one_per_address"),
            models.CheckConstraint(
                name="subscriber_quiet_both",
                condition=Q(quiet_from=None, quiet_until=None) | Q(quiet_from__isnull=False, quiet_until__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["page", "id"],
                name="subscriber_reachable",
                condition=Q(confirmed_at__isnull=False, unsubscribed_at=None, quarantined_at=None),
            ),
            models.Index(fields=["purge_at"], name="subscriber_purge", condition=Q(purge_at__isnull=False)),
        ]

    @property
    def address(self) -> str:
        """The address in clear. Raises rules.addresses.Unreadable when the key is gone."""
        return vault().open(self.address_cipher)

    @property
    def key(self) -> str:
        """Who this is to notify: opaque and stable."""
        return f"subscriber:{self.public_id}"

    @property
    def is_active(self) -> bool:
        return self.confirmed_at is not None and self.unsubscribed_at is None and self.quarantined_at is None
