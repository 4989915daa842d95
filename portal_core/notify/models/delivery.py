from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Q

from portal_core.kernel.ids import LENGTH, new_public_id
from portal_core.notify.enums import Channel, DeliveryState, Urgency, sources_of
from portal_core.notify.models.message import Message


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def move(self, state: DeliveryState, **values: Any) -> int:
        """Bring these rows to `state` if their own state allows it (enums.MOVES); return how many moved.

        The only way a state changes. Whatever the new state is, the row is no longer claimed, unless it is SENDING.
        """
        return self.move_from(sources_of(state), state, **values)

    def move_from(self, sources: Iterable[str], state: DeliveryState, **values: Any) -> int:
        """As `move`, but only those that are in one of `sources`."""
        values.setdefault("claimed_by", "")
        allowed = set(sources_of(state)) & set(sources)
        return self.filter(state__in=allowed).update(state=state, **values)


DeliveryManager = models.Manager.from_queryset(DeliveryQuerySet)


class Delivery(models.Model):
    """The promise that one recipient hears one message over one channel. The unique key is what makes it once."""

    # Unique by a constraint of its own: a unique field of letters has a second index for LIKE, which nobody needs.
    public_id = models.CharField(max_length=LENGTH, default=new_public_id, editable=False)
    # No constraint in the database: PostgreSQL would look the message up once for each of 100,000 rows, which costs as
    # much as writing them. Messages are deleted in one place (actions.retention), which looks first. No index either: a
    # message and its deliveries have the same `cause`, and that is how the few who ask find them.
    message = models.ForeignKey(
        Message, on_delete=models.DO_NOTHING, related_name="deliveries", db_constraint=False, db_index=False
    )
    cause = models.CharField(max_length=120)
    recipient_key = models.CharField(max_length=80)
    channel = models.CharField(max_length=8, choices=Channel)
    address = models.CharField(max_length=320, blank=True)  # empty: asked for right before sending (resolve_addresses)
    unsubscribe_url = models.CharField(max_length=500, blank=True)
    urgency = models.PositiveSmallIntegerField(choices=Urgency, default=Urgency.PERSONAL)
    state = models.CharField(max_length=12, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)  # times a worker took it up
    available_at = models.DateTimeField()  # nobody touches it before: time of the next try, or end of a worker's claim
    not_after = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=20, blank=True)  # id of the claim, not of the worker
    provider_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=60, blank=True)  # a code, never the provider's text: that may quote people

    objects = DeliveryManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="delivery_public_id"),
            models.UniqueConstraint(
                fields=["cause", "recipient_key", "channel"], name="delivery_once_per_cause_recipient_channel"
            ),
            models.CheckConstraint(name="delivery_state_known", condition=Q(state__in=DeliveryState.values)),
            models.CheckConstraint(name="delivery_channel_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(
                name="delivery_claimed_while_sending",
                condition=(Q(state="sending") & ~Q(claimed_by="")) | (~Q(state="sending") & Q(claimed_by="")),
            ),
            models.CheckConstraint(
                name="delivery_sent_has_moment",
                condition=~Q(state__in=DeliveryState.left) | Q(sent_at__isnull=False),
            ),
            models.CheckConstraint(
                name="delivery_failed_has_moment",
                condition=~Q(state__in=["failed", "dead"]) | Q(failed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["urgency", "available_at", "id"], name="delivery_due", condition=Q(state__in=DeliveryState.live)
            ),
            models.Index(  # a line that posts does not read past 100,000 mails that wait for theirs
                fields=["urgency", "available_at", "id"],
                name="delivery_due_posts",
                condition=Q(state__in=DeliveryState.live, channel__in=Channel.posted),
            ),
            models.Index(
                fields=["last_error", "recipient_key"], name="delivery_held", condition=Q(state=DeliveryState.HELD)
            ),
            models.Index(fields=["cause", "state", "sent_at"], name="delivery_board"),
            models.Index(fields=["recipient_key", "-id"], name="delivery_personal", condition=Q(urgency=0)),
            models.Index(fields=["-failed_at"], name="delivery_lost", condition=Q(state__in=["failed", "dead"])),
        ]
