"""A webhook has to echo what we send before it hears of anything: nobody can point our news at somebody else's host."""

import datetime as dt

from django.conf import settings
from django.db import models, transaction
from django.utils.crypto import salted_hmac

from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.kernel.http import ratelimit
from portal_core.kernel.http.signatures import new_secret
from statuspage import access
from statuspage.actions.subscribers.joining import activate, locked
from statuspage.actions.subscribers.waking import wake
from statuspage.contracts import WebhookReady
from statuspage.enums import Way
from statuspage.errors import SubscriptionOver
from statuspage.models import Subscriber, vault

TRIES = 3
PAUSE = dt.timedelta(minutes=2)
BATCH = 20


def expect_echo(subscriber: Subscriber, now: dt.datetime) -> list[str]:
    """The contact said yes; the address is asked next. Returns the names of the fields to save."""
    subscriber.contact_confirmed_at, subscriber.challenge_due_at = now, now
    subscriber.unsubscribed_at, subscriber.challenge_result, subscriber.failures = None, "", 0
    fields = ["contact_confirmed_at", "challenge_due_at", "challenge_result", "failures", "unsubscribed_at"]
    if not subscriber.secret_cipher:
        subscriber.secret_cipher, subscriber.secret_shown_at = vault().seal(new_secret()), None
        fields += ["secret_cipher", "secret_shown_at"]
    wake("statuspage.challenge_webhooks")
    return fields


@transaction.atomic
def request_challenge(*, token: str, by: Actor) -> Subscriber:
    """Ask the address once more. Raises LinkInvalid, SubscriptionOver, TooMany."""
    subscriber = locked(access.subscriber_by_manage_token(token))
    if subscriber.way != Way.WEBHOOK or subscriber.contact_confirmed_at is None or subscriber.is_active:
        raise SubscriptionOver
    ratelimit.hit("statuspage.challenge", subscriber.public_id, limit=10, per=3600)
    now = clock.now()
    subscriber.save(update_fields=expect_echo(subscriber, now))
    audit.record("subscriber:challenge", by=by, target=subscriber, at=now)
    return subscriber


def challenge_due() -> int:
    """Send what is due and wait for the echo, outside of any transaction; return how many were asked."""
    asked = 0
    for public_id in list(_due().values_list("public_id", flat=True)[:BATCH]):
        subscriber = _claim(public_id)
        if subscriber is not None:
            asked += 1
            _settle(public_id, _ask(subscriber))
    return asked


@transaction.atomic
def _claim(public_id: str) -> Subscriber | None:
    """Ours until the next try is due: a worker that dies in between costs two minutes and nothing else."""
    subscriber = _due().select_for_update().filter(public_id=public_id).first()
    if subscriber is None:
        return None
    subscriber.failures += 1
    subscriber.challenge_due_at = clock.now() + PAUSE * subscriber.failures if subscriber.failures < TRIES else None
    subscriber.save(update_fields=["failures", "challenge_due_at"])
    return subscriber


def _ask(subscriber: Subscriber) -> str:
    """Nothing when it echoed, else a code. In the development mailbox there is nobody to echo."""
    if not settings.OUTBOUND_POSTS:
        return ""
    from portal_core.notify.transports import webhook

    challenge = salted_hmac("statuspage.challenge", f"{subscriber.public_id}:{subscriber.failures}").hexdigest()
    return webhook.challenge(subscriber.address, secret=subscriber.secret, value=challenge)


@transaction.atomic
def _settle(public_id: str, code: str) -> None:
    now = clock.now()
    subscriber = Subscriber.objects.select_for_update().filter(public_id=public_id).first()
    if subscriber is None or subscriber.is_active or subscriber.unsubscribed_at is not None:
        return
    if code:
        subscriber.challenge_result = code[:60]
        subscriber.save(update_fields=["challenge_result"])
        return
    subscriber.challenge_due_at, subscriber.challenge_result = None, ""
    subscriber.save(update_fields=["challenge_due_at", "challenge_result", *activate(subscriber, now)])
    audit.record("subscriber:echo", by=SYSTEM, target=subscriber, at=now)
    outbox.publish(WebhookReady(subscriber_id=subscriber.public_id, at=now))


def _due() -> models.QuerySet[Subscriber]:
    return Subscriber.objects.filter(challenge_due_at__lte=clock.now(), unsubscribed_at=None)
