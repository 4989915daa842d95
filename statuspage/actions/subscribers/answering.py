"""What an address is told about its own subscription: asked to confirm, led to its settings, told why it was set aside.

These messages never carry the address: notify asks for it right before sending (`where`).
"""

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from portal_core import notify
from statuspage import access
from statuspage.actions.subscribers.joining import stamp_code
from statuspage.contracts import ManageLinkRequested, SubscriberQuarantined, SubscriptionRequested, WebhookReady
from statuspage.enums import Way
from statuspage.models import Subscriber
from statuspage.rules import posts
from statuspage.rules.addresses import Unreadable

logger = logging.getLogger(__name__)

NOT_AFTER = dt.timedelta(hours=2)
ASK_AGAIN = dt.timedelta(minutes=10)  # one address gets one answer within it, however often it is typed
NUMBERS = (Way.SMS, Way.VOICE)
POSTED = (Way.SLACK, Way.TEAMS, Way.PUSH)


def answer(event: SubscriptionRequested) -> None:
    """Ask the address to confirm; tell one that is confirmed already where its settings are."""
    subscriber = _row(event.subscriber_id)
    if subscriber is None:
        return
    if subscriber.way in NUMBERS:
        _send_code(subscriber, event.at)
    elif subscriber.is_active or (subscriber.way == Way.WEBHOOK and _contact_is_confirmed(subscriber)):
        _send_manage_link(subscriber, event.at)
    else:
        link = reverse("statuspage:confirm", args=[access.confirm_token(subscriber)])
        _tell(subscriber, "confirm", event.at, link=link)


def send_manage_link(event: ManageLinkRequested) -> None:
    """Only to an address we know; a number gets a code. One that never confirmed is asked to confirm."""
    row = Subscriber.objects.filter(way=event.way, address_index__in=event.indexes).first()
    if row is None:
        return
    if row.state == "pending" and row.way not in NUMBERS:
        answer(SubscriptionRequested(subscriber_id=row.public_id, at=event.at))
        return
    subscriber = _row(row.public_id)
    if subscriber is not None:
        (_send_code if subscriber.way in NUMBERS else _send_manage_link)(subscriber, event.at)


def tell_ready(event: WebhookReady) -> None:
    """The contact learns that its webhook works, and gets the link to its settings."""
    subscriber = _row(event.subscriber_id)
    if subscriber is not None:
        _tell(subscriber, "ready", event.at, link=_manage_link(subscriber), once=event.at.isoformat())


def tell_contact(event: SubscriberQuarantined) -> None:
    """The contact of an address that stopped answering learns of it, and how to start it again."""
    subscriber = _row(event.subscriber_id)
    if subscriber is None or not subscriber.contact_cipher or subscriber.quarantined_at is None:
        return
    _tell(subscriber, "stopped", event.at, link=_manage_link(subscriber), once=event.at.isoformat())


def where(keys: frozenset[str]) -> Mapping[str, notify.Reached]:
    """Addresses for notify, right before sending. Whoever was deleted since is left out."""
    wanted = {key.partition(":")[2]: key for key in keys}
    found: dict[str, notify.Reached] = {}
    for subscriber in Subscriber.objects.filter(public_id__in=list(wanted)):
        key = wanted[subscriber.public_id]
        try:
            address = _contact(subscriber) if key.startswith("contact:") else subscriber.address
        except Unreadable:
            logger.error("a subscriber's address cannot be read with the present key", extra={"id": subscriber.pk})
            continue
        if address:
            found[key] = notify.Reached(address=address)
    return found


def _contact(subscriber: Subscriber) -> str:
    """Whom to write to about a machine. A webhook's contact is itself asked to confirm; that of a chat room counts only
    once the room has said yes, so a name typed since gets nothing."""
    return access.pending_contact(subscriber) if subscriber.way == Way.WEBHOOK else subscriber.contact


def _send_code(subscriber: Subscriber, at: dt.datetime) -> None:
    if not stamp_code(subscriber, at, ASK_AGAIN):
        return
    code = access.code_of(subscriber.public_id, subscriber.asked["code_at"])
    # A voice reads "4 0 2" digit by digit, "402" as a number.
    spoken = ", ".join(code) if subscriber.way == Way.VOICE else code
    _tell(subscriber, "code", at, code=spoken, once=subscriber.asked["code_at"])


def _send_manage_link(subscriber: Subscriber, at: dt.datetime) -> None:
    _tell(subscriber, "known", at, link=_manage_link(subscriber))


def _tell(
    subscriber: Subscriber, what: str, at: dt.datetime, *, link: str = "", code: str = "", once: str = ""
) -> None:
    """By the subscriber's own way; about machines to their contact, where they have one."""
    context = {
        "page_name": subscriber.page.name, "link": settings.PUBLIC_URL + link, "code": code,
        "way": subscriber.get_way_display(), "host": _host(subscriber),
    }  # fmt: skip
    to_contact = subscriber.way == Way.WEBHOOK or (
        subscriber.way in POSTED and what != "confirm" and bool(subscriber.contact_cipher)
    )
    language = _language(subscriber)
    channel = Way.EMAIL.value if to_contact else str(subscriber.way)
    notify.send(
        f"statuspage/subscription_{what}",
        to=notify.Recipient(
            key=f"contact:{subscriber.public_id}" if to_contact else subscriber.key, language=language, resolve=True
        ),
        # One per ten minutes, so that nobody can fill a stranger's mailbox with our questions.
        cause=f"subscription-{what}:{subscriber.public_id}:{once}",
        context=context,
        channels=[channel],
        payloads=_payloads(channel, what, context, language),
        not_after=at + NOT_AFTER,
    )


def _payloads(channel: str, what: str, context: Mapping[str, Any], language: str) -> dict[str, dict[str, Any]]:
    if channel not in POSTED:
        return {}
    with translation.override(language):
        return {channel: posts.note(channel, what, page_name=context["page_name"], link=context["link"])}


def _language(subscriber: Subscriber) -> str:
    return str(subscriber.asked.get("language") or subscriber.language or settings.LANGUAGE_CODE)


def _host(subscriber: Subscriber) -> str:
    """Which machine it is about, for the eyes of its contact."""
    return (urlsplit(subscriber.address).hostname or "") if subscriber.way == Way.WEBHOOK else ""


def _contact_is_confirmed(subscriber: Subscriber) -> bool:
    return subscriber.contact_confirmed_at is not None and not subscriber.asked.get("contact")


def _manage_link(subscriber: Subscriber) -> str:
    return reverse("statuspage:manage", args=[access.manage_token(subscriber)])


def _row(public_id: str) -> Subscriber | None:
    rows = Subscriber.objects.select_related("page").select_for_update(of=("self",))
    return rows.filter(public_id=public_id).first()
