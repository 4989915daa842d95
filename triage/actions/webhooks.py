"""The addresses where a practice wants to hear of its tickets and flags: kept by those who keep its settings."""

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from portal_core.directory.enums import Permission
from portal_core.kernel import audit, clock, idempotency
from portal_core.kernel.contracts import Actor
from portal_core.kernel.errors import Forbidden
from portal_core.kernel.http import ratelimit
from portal_core.kernel.http.outbound import NotSent, target
from portal_core.kernel.http.signatures import new_secret
from portal_core.kernel.ids import new_public_id
from portal_core.notify.actions.retries import try_again
from portal_core.notify.enums import DeliveryState
from portal_core.notify.queries import Posted, posts_to
from portal_core.notify.transports import webhook
from triage.actions import webhook_news
from triage.enums import EndpointState, NewsKind
from triage.errors import (
    AddressRefused,
    EndpointNotFound,
    EndpointNotOn,
    NothingToSend,
    SecretWasShown,
    TooManyEndpoints,
)
from triage.models import WebhookEndpoint

if TYPE_CHECKING:
    from portal_core.directory.models import Staff

MOST = 10
OVERLAP = dt.timedelta(hours=24)  # an old secret signs beside the new one for so long
MISSED = 500  # messages that are looked through for what was missed
KEPT = (*DeliveryState.left, *DeliveryState.lost, DeliveryState.CANCELLED, DeliveryState.EXPIRED)


def add(
    *, name: str, url: str, events: Collection[str], key: str, staff: "Staff", by: Actor
) -> WebhookEndpoint:  # fmt: skip
    """A new address; it hears of nothing until it has echoed. The same key again: the same one.

    Raises AddressRefused, TooManyEndpoints, Forbidden.
    """

    def deed() -> str:
        if WebhookEndpoint.objects.filter(practice_id=staff.practice_id).count() >= MOST:
            raise TooManyEndpoints
        now = clock.now()
        row = WebhookEndpoint(
            practice_id=staff.practice_id, name=name.strip(), events=_kinds(events), created_at=now, changed_at=now
        )
        row.set_url(url, _host(url))
        row.set_secret(new_secret())
        row.save()
        audit.record("webhook:add", by=by, target=row, practice_id=row.practice_id, at=now, host=row.host)
        return str(row.public_id)

    _check(staff)
    public_id = idempotency.once(f"webhook:add:{staff.public_id}", key, deed, of=[name, url, sorted(events)])
    return WebhookEndpoint.objects.get(practice_id=staff.practice_id, public_id=public_id)


@transaction.atomic
def change(
    *, endpoint: WebhookEndpoint, name: str, url: str, events: Collection[str], staff: "Staff", by: Actor
) -> WebhookEndpoint:
    """Another name, other news, another address. A new address has to echo first. Raises AddressRefused, Forbidden."""
    now, row = clock.now(), _locked(endpoint, staff)
    host, moved = _host(url), url != row.url
    row.name, row.events, row.changed_at = name.strip(), _kinds(events), now
    if moved:
        row.set_url(url, host)
        row.check_result = ""
        if row.state != EndpointState.NEW:
            row.move(EndpointState.NEW, at=now)
    row.save_moved("name", "events", "url_cipher", "host")
    audit.record(
        "webhook:change", by=by, target=row, practice_id=row.practice_id, at=now, host=host, moved=moved,
        events=row.events,
    )  # fmt: skip
    return row


def check(*, endpoint: WebhookEndpoint, staff: "Staff", by: Actor) -> str:
    """Ask the address to echo, and switch it on when it does. Returns "" or the code of what went wrong.

    Waits up to ten seconds for the other side, outside of any transaction. Raises TooMany, Forbidden, EndpointMoved
    when the address was changed meanwhile.
    """
    _check(staff)
    ratelimit.hit("triage.webhook.check", endpoint.public_id, limit=10, per=3600)
    asked = endpoint.url_cipher
    code = ""
    if settings.OUTBOUND_POSTS:  # in the development mailbox there is nobody to echo
        code = webhook.challenge(endpoint.url, secret=endpoint.secrets(clock.now()), value=new_public_id())
    with transaction.atomic():
        now, row = clock.now(), _locked(endpoint, staff)
        if row.url_cipher != asked:
            return "changed"
        if code:
            row.check_result = code[:60]
            row.save(update_fields=["check_result"])
        elif row.state != EndpointState.ACTIVE:
            row.move(EndpointState.ACTIVE, at=now)
            row.save_moved()
        audit.record("webhook:check", by=by, target=row, practice_id=row.practice_id, at=now, code=code)
    return code


@transaction.atomic
def switch_off(*, endpoint: WebhookEndpoint, staff: "Staff", by: Actor) -> WebhookEndpoint:
    """Nothing more is sent, not even what is under way. Twice is once; one that was never on stays as it is."""
    now, row = clock.now(), _locked(endpoint, staff)
    if row.state in (EndpointState.ACTIVE, EndpointState.STOPPED):
        row.move(EndpointState.OFF, at=now)
        row.save_moved()
        audit.record("webhook:off", by=by, target=row, practice_id=row.practice_id, at=now)
    return row


@transaction.atomic
def remove(*, endpoint: WebhookEndpoint, staff: "Staff", by: Actor) -> None:
    """For good. What was on its way to it is cancelled when its time comes. Twice is once."""
    _check(staff)
    row = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint.pk).first()
    if row is not None:
        audit.record("webhook:remove", by=by, target=row, practice_id=row.practice_id, host=row.host)
        row.delete()


@transaction.atomic
def show_secret(*, endpoint: WebhookEndpoint, staff: "Staff", by: Actor) -> str:
    """What messages are signed with, the one time it is shown. Raises SecretWasShown."""
    now, row = clock.now(), _locked(endpoint, staff)
    if row.secret_shown_at is not None:
        raise SecretWasShown
    row.secret_shown_at = now
    row.save(update_fields=["secret_shown_at"])
    audit.record("webhook:show_secret", by=by, target=row, practice_id=row.practice_id, at=now)
    return row.secret


@transaction.atomic
def new_secret_for(*, endpoint: WebhookEndpoint, staff: "Staff", by: Actor) -> str:
    """A new secret, the one time it is shown. For a day messages are signed with the old one, too."""
    now, row = clock.now(), _locked(endpoint, staff)
    row.old_secret_cipher, row.old_secret_until = row.secret_cipher, now + OVERLAP
    row.set_secret(new_secret())
    row.secret_shown_at = now
    row.save(update_fields=["old_secret_cipher", "old_secret_until", "secret_cipher", "secret_shown_at"])
    audit.record("webhook:new_secret", by=by, target=row, practice_id=row.practice_id, at=now)
    return row.secret


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, key: str, staff: "Staff", by: Actor) -> None:
    """A message of the kind "webhook.test". Raises EndpointNotOn, TooMany. The same key again sends nothing."""

    def deed() -> str:
        ratelimit.hit("triage.webhook.test", row.public_id, limit=30, per=3600)
        webhook_news.test_for(row, at=now)
        audit.record("webhook:test", by=by, target=row, practice_id=row.practice_id, at=now)
        return ""

    now, row = clock.now(), _on(endpoint, staff)
    idempotency.once(f"webhook:test:{row.public_id}", key, deed)


@transaction.atomic
def send_again(*, endpoint: WebhookEndpoint, delivery_id: str, key: str, staff: "Staff", by: Actor) -> None:
    """Send once more what was given up or got lost over there. What was given up goes out under its old webhook-id;
    what had arrived gets a new one and keeps the `id` in its body. The same key again sends nothing.

    Raises EndpointNotOn, NothingToSend while it is still on its way.
    """

    def deed() -> str:
        ratelimit.hit("triage.webhook.again", row.public_id, limit=200, per=3600)
        post = _kept(row, delivery_id)
        if post.state in DeliveryState.lost:
            try_again(public_ids=[post.id], by=by)
        else:
            webhook_news.send(row, post.payload, cause=f"webhook-again:{new_public_id()}")
        audit.record("webhook:again", by=by, target=row, practice_id=row.practice_id, at=now, delivery=post.id)
        return post.id

    now, row = clock.now(), _on(endpoint, staff)
    idempotency.once(f"webhook:again:{row.public_id}", key, deed, of=delivery_id)


@transaction.atomic
def send_missed(*, endpoint: WebhookEndpoint, staff: "Staff", by: Actor) -> int:
    """Send everything of the newest messages that did not arrive, the oldest first; return how many. Twice is once.
    Raises EndpointNotOn."""
    now, row = clock.now(), _on(endpoint, staff)
    posts = list(reversed(posts_to(row.key, limit=MISSED)))
    said = {post.cause for post in posts}
    lost = [post.id for post in posts if post.state in DeliveryState.lost]
    again = try_again(public_ids=lost, by=by) if lost else 0
    for post in posts:
        cause = f"webhook-missed:{post.id}"
        if post.state == DeliveryState.CANCELLED and post.payload and cause not in said:
            webhook_news.send(row, post.payload, cause=cause)
            again += 1
    audit.record("webhook:send_missed", by=by, target=row, practice_id=row.practice_id, at=now, count=again)
    return again


def _kept(row: WebhookEndpoint, delivery_id: str) -> Posted:
    post = next(iter(posts_to(row.key, only=delivery_id)), None)
    if post is None or post.state not in KEPT or not post.payload:
        raise NothingToSend
    return post


def _kinds(events: Collection[str]) -> list[str]:
    return [str(kind) for kind in NewsKind if kind in events]


def _host(url: str) -> str:
    try:
        where = target(url)
    except NotSent as refused:
        raise AddressRefused(why=refused.code) from None
    return where.host if where.port == 443 else f"{where.host}:{where.port}"


def _check(staff: "Staff") -> None:
    if not staff.may(Permission.SETTINGS):
        raise Forbidden


def _locked(endpoint: WebhookEndpoint, staff: "Staff") -> WebhookEndpoint:
    _check(staff)
    rows = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint.pk, practice_id=staff.practice_id)
    row = rows.first()
    if row is None:  # removed meanwhile
        raise EndpointNotFound
    return row


def _on(endpoint: WebhookEndpoint, staff: "Staff") -> WebhookEndpoint:
    row = _locked(endpoint, staff)
    if row.state != EndpointState.ACTIVE:
        raise EndpointNotOn
    return row
