from functools import lru_cache

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal_core.kernel.ids import PublicIdField
from statuspage.enums import IMPORT_TONES, Impact, ImportState, SubscriberState, Way
from statuspage.models.page import Component, ComponentGroup, Page
from statuspage.rules.addresses import Vault, identity, is_exact


@lru_cache(maxsize=4)
def _vault(*secrets: str) -> Vault:
    return Vault(secrets)


def vault() -> Vault:
    """The vault of this installation's secret key; earlier keys still open what they sealed."""
    return _vault(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


def indexes_of(way: str, address: str) -> tuple[str, ...]:
    """The blind index of a normalised address under each key, the newest first."""
    return vault().indexes(identity(way, address), exact=is_exact(way))


_STATES = {
    SubscriberState.PENDING: Q(confirmed_at=None, unsubscribed_at=None, quarantined_at=None),
    SubscriberState.ACTIVE: Q(confirmed_at__isnull=False, unsubscribed_at=None, quarantined_at=None),
    SubscriberState.QUARANTINED: Q(unsubscribed_at=None, quarantined_at__isnull=False),
    SubscriberState.UNSUBSCRIBED: Q(unsubscribed_at__isnull=False),
}


def state_filters() -> dict[SubscriberState, Q]:
    """Every state as a condition on the moments it is read from."""
    return dict(_STATES)


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def reachable(self) -> "SubscriberQuerySet":
        """Confirmed, not unsubscribed, not quarantined: the only ones who ever get mail about incidents."""
        return self.filter(confirmed_at__isnull=False, unsubscribed_at=None, quarantined_at=None)

    def of_address(self, way: str, address: str) -> "SubscriberQuerySet":
        """The one row of this address, also when it was indexed with an earlier key. `address` is normalised."""
        return self.filter(way=way, address_index__in=indexes_of(way, address))

    def in_state(self, state: str) -> "SubscriberQuerySet":
        return self.filter(_STATES[SubscriberState(state)])


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

    # What was asked for when the address was typed; it counts once the address itself has said yes.
    asked = models.JSONField(default=dict)
    contact_confirmed_at = models.DateTimeField(null=True)  # WEBHOOK: its contact said yes, the address has yet to
    secret_shown_at = models.DateTimeField(null=True)  # shown once, then never again
    challenge_due_at = models.DateTimeField(null=True)  # WEBHOOK: when the address is asked to echo
    challenge_result = models.CharField(max_length=60, blank=True)  # a code: why it did not
    consent = models.CharField(max_length=200, blank=True)  # where and when it agreed, for imported addresses
    is_canary = models.BooleanField(default=False)  # our own mailbox, by which the way out is measured
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)  # in a row; any success sets it back
    failing_since = models.DateTimeField(null=True)  # the first of them
    quarantined_at = models.DateTimeField(null=True)
    quarantine_reason = models.CharField(max_length=60, blank=True)  # a code
    purge_at = models.DateTimeField(null=True)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        constraints = [
            # The address first: it is looked up without its page, too.
            models.UniqueConstraint(fields=["address_index", "way", "page"], name="subscriber_one_per_address"),
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
            models.Index(
                fields=["quarantined_at"], name="subscriber_quarantine", condition=Q(quarantined_at__isnull=False)
            ),
            models.Index(
                fields=["challenge_due_at"], name="subscriber_challenge", condition=Q(challenge_due_at__isnull=False)
            ),
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

    @property
    def contact(self) -> str:
        """Whom to mail about this subscription when it is a machine's; "" when nobody was named. Raises Unreadable."""
        return vault().open(self.contact_cipher) if self.contact_cipher else ""

    @property
    def secret(self) -> str:
        """What its webhooks are signed with. Raises Unreadable."""
        return vault().open(self.secret_cipher) if self.secret_cipher else ""

    @property
    def state(self) -> SubscriberState:
        if self.unsubscribed_at is not None:
            return SubscriberState.UNSUBSCRIBED
        if self.quarantined_at is not None:
            return SubscriberState.QUARANTINED
        return SubscriberState.PENDING if self.confirmed_at is None else SubscriberState.ACTIVE


class SubscriberImport(models.Model):
    """A file of addresses on its way in: looked at first, then taken over part by part. Holds no address in clear."""

    public_id = PublicIdField()
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=12, choices=ImportState, default=ImportState.READING)
    consent = models.CharField(max_length=200)  # where and when these people agreed
    by_label = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lines = models.PositiveIntegerField(default=0)
    usable = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)  # of the usable, those already on the list
    repeated = models.PositiveIntegerField(default=0)  # of the usable, those that stand in the file twice
    faults = models.JSONField(default=list)  # [line number, code], the first thousand
    faulty = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="import_done_within_usable", condition=Q(done__lte=F("usable"))),
        ]

    @property
    def tone(self) -> str:
        return IMPORT_TONES[ImportState(self.state)]


class SubscriberImportPart(models.Model):
    """Some hundred addresses of an import, sealed; gone as soon as they are taken over."""

    of = models.ForeignKey(SubscriberImport, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    rows_cipher = models.TextField()
    rows = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of", "number"], name="import_part_once")]
        ordering = ["number"]
