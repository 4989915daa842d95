"""What the holder of a subscription does with it, by its signed link."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import Actor
from portal_core.kernel.http.signatures import new_secret
from statuspage import access
from statuspage.actions.subscribers.joining import fulfil, locked, wish_of
from statuspage.contracts import Preferences, SubscriptionRequested
from statuspage.enums import Way
from statuspage.errors import SecretShown, SubscriptionOver
from statuspage.models import Subscriber, vault

UNSUBSCRIBED_DAYS = 30


@transaction.atomic
def unsubscribe(*, token: str, by: Actor) -> Subscriber:
    """No more, not even what is already on its way to the mail server's door; the address is deleted after 30 days.
    Raises LinkInvalid."""
    subscriber = locked(access.subscriber_by_manage_token(token))
    if subscriber.unsubscribed_at is None:
        now = clock.now()
        subscriber.save(update_fields=leave(subscriber, now))
        audit.record("subscriber:unsubscribe", by=by, target=subscriber, at=now, way=subscriber.way)
    return subscriber


def leave(subscriber: Subscriber, now: dt.datetime) -> list[str]:
    """Returns the names of the fields to save."""
    subscriber.unsubscribed_at = now
    subscriber.purge_at = now + dt.timedelta(days=UNSUBSCRIBED_DAYS)
    subscriber.challenge_due_at = None
    return ["unsubscribed_at", "purge_at", "challenge_due_at"]


@transaction.atomic
def choose(
    *,
    token: str,
    component_ids: Sequence[str] = (),
    group_ids: Sequence[str] = (),
    incident_id: str = "",
    preferences: Preferences | None = None,
    language: str = "",
    time_zone: str = "",
    by: Actor,
) -> Subscriber:
    """Hear only of these; of everything when no component, group or incident is named. Raises LinkInvalid,
    SubscriptionOver, ComponentUnknown, ChoiceUnknown, NothingChosen."""
    subscriber = locked(access.subscriber_by_manage_token(token))
    if not subscriber.is_active:
        raise SubscriptionOver
    now = clock.now()
    wish = wish_of(
        subscriber.page, component_ids, group_ids, incident_id, preferences or Preferences(), language, time_zone
    )
    subscriber.save(update_fields=fulfil(subscriber, wish))
    facts: dict[str, Any] = {"components": len(component_ids), "groups": len(group_ids)}
    audit.record("subscriber:choose", by=by, target=subscriber, at=now, **facts)
    return subscriber


@transaction.atomic
def ask_again(*, token: str, by: Actor) -> Subscriber:
    """Start again an address that was set aside, left or never confirmed: it is asked once more, and keeps what it had
    chosen. Raises LinkInvalid."""
    subscriber = locked(access.subscriber_by_manage_token(token))
    if not subscriber.is_active:
        now = clock.now()
        audit.record("subscriber:ask", by=by, target=subscriber, at=now, way=subscriber.way)
        outbox.publish(SubscriptionRequested(subscriber_id=subscriber.public_id, at=now))
    return subscriber


@transaction.atomic
def reveal_secret(*, token: str, by: Actor) -> str:
    """What the webhook's messages are signed with, the one time it is shown. Raises LinkInvalid, SecretShown."""
    subscriber = locked(access.subscriber_by_manage_token(token))
    if not subscriber.secret_cipher or subscriber.secret_shown_at is not None:
        raise SecretShown
    return _show(subscriber, "subscriber:reveal_secret", by)


@transaction.atomic
def rotate_secret(*, token: str, by: Actor) -> str:
    """A new secret; the old one ends at once. Returns the new one, the one time it is shown. Raises LinkInvalid,
    SubscriptionOver."""
    subscriber = locked(access.subscriber_by_manage_token(token))
    if subscriber.way != Way.WEBHOOK or subscriber.contact_confirmed_at is None or subscriber.unsubscribed_at:
        raise SubscriptionOver
    subscriber.secret_cipher = vault().seal(new_secret())
    return _show(subscriber, "subscriber:rotate_secret", by)


def _show(subscriber: Subscriber, action: str, by: Actor) -> str:
    now = clock.now()
    subscriber.secret_shown_at = now
    subscriber.save(update_fields=["secret_cipher", "secret_shown_at"])
    audit.record(action, by=by, target=subscriber, at=now)
    return subscriber.secret


def choose_components(*, token: str, component_ids: Sequence[str], by: Actor) -> Subscriber:
    """`choose` of components alone, everything else as it begins."""
    return choose(token=token, component_ids=component_ids, by=by)
