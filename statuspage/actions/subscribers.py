"""Subscribing with double opt-in, choosing, leaving (SP-02). Nothing here tells whether an address is known."""

from collections.abc import Sequence

from django.db import transaction

from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import Actor
from statuspage import access
from statuspage.actions import pages
from statuspage.contracts import SubscriptionRequested
from statuspage.errors import AddressUnusable
from statuspage.models import Component, Subscriber, vault
from statuspage.rules.addresses import usable


@transaction.atomic
def subscribe(*, email: str, component_ids: Sequence[str] = (), by: Actor) -> None:
    """Take down an address and ask it by mail whether it means it. Known or not, the caller sees the same.

    An address that is confirmed already keeps its choice: a stranger who types it can change nothing. Raises
    AddressUnusable.
    """
    email = email.strip()
    if not usable(email):
        raise AddressUnusable
    now = clock.now()
    page = pages.locked_page()
    subscriber, new = Subscriber.objects.get_or_create(
        page=page,
        address_index=vault().index(email),
        defaults={"address_cipher": vault().seal(email), "created_at": now},
    )
    if not subscriber.is_active:
        subscriber.components.set(Component.objects.filter(page=page, public_id__in=list(component_ids)))
    if new:
        audit.record("subscriber:create", by=by, target=subscriber, at=now)
    outbox.publish(SubscriptionRequested(subscriber_id=subscriber.public_id, at=now))


@transaction.atomic
def import_confirmed(*, email: str, consent: str, by: Actor) -> str:
    """Take over an address that agreed elsewhere; `consent` says where and when, for the record. Sends nothing, and
    leaves an address alone that is known already. Returns the subscriber's id. Raises AddressUnusable."""
    if not usable(email):
        raise AddressUnusable
    now = clock.now()
    page = pages.locked_page()
    subscriber, new = Subscriber.objects.get_or_create(
        page=page,
        address_index=vault().index(email),
        defaults={"address_cipher": vault().seal(email), "created_at": now, "confirmed_at": now},
    )
    if new:
        audit.record("subscriber:import", by=by, target=subscriber, at=now, consent=consent[:200])
    return str(subscriber.public_id)


@transaction.atomic
def confirm(*, token: str, by: Actor) -> Subscriber:
    """The mailbox's owner said yes. Doing it twice is doing it once. Raises LinkInvalid."""
    now = clock.now()
    subscriber = _locked(access.subscriber_by_confirm_token(token))
    if not subscriber.is_active:
        subscriber.confirmed_at, subscriber.unsubscribed_at, subscriber.quarantined_at = now, None, None
        subscriber.save(update_fields=["confirmed_at", "unsubscribed_at", "quarantined_at"])
        audit.record("subscriber:confirm", by=by, target=subscriber, at=now)
    return subscriber


@transaction.atomic
def unsubscribe(*, token: str, by: Actor) -> Subscriber:
    """No more mail, not even what is already on its way to the mail server's door. Raises LinkInvalid."""
    now = clock.now()
    subscriber = _locked(access.subscriber_by_manage_token(token))
    if subscriber.unsubscribed_at is None:
        subscriber.unsubscribed_at = now
        subscriber.save(update_fields=["unsubscribed_at"])
        audit.record("subscriber:unsubscribe", by=by, target=subscriber, at=now)
    return subscriber


@transaction.atomic
def choose_components(*, token: str, component_ids: Sequence[str], by: Actor) -> Subscriber:
    """Hear only of these components; of everything when none is named. Raises LinkInvalid."""
    now = clock.now()
    subscriber = _locked(access.subscriber_by_manage_token(token))
    chosen = Component.objects.filter(page_id=subscriber.page_id, public_id__in=list(component_ids))
    subscriber.components.set(chosen)
    audit.record("subscriber:choose", by=by, target=subscriber, at=now, components=len(component_ids))
    return subscriber


def _locked(subscriber: Subscriber) -> Subscriber:
    return Subscriber.objects.select_for_update().get(pk=subscriber.pk)
