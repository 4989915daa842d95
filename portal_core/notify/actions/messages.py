"""Promising deliveries. The sending itself is `portal_core.notify.delivery`."""

import datetime as dt
import itertools
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.notify.contracts import Recipient
from portal_core.notify.enums import Channel, Urgency
from portal_core.notify.errors import BadAddress, BadHeader
from portal_core.notify.models import Delivery, Message
from portal_core.notify.rendering import render
from portal_core.notify.rules.addresses import can_be_called, can_be_mailed
from portal_core.notify.transports import is_there

logger = logging.getLogger(__name__)

BATCH = 1000
NAMED = 20  # at most so many are named in one line of the ledger
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_URL = re.compile(r"https?://[\x21-\x3b=\x3f-\x7e]{1,490}")  # printable ASCII without < and >


def send(
    template: str,
    *,
    to: Recipient,
    cause: str,
    context: Mapping[str, Any],
    channels: Iterable[str] = (Channel.EMAIL,),
    not_after: dt.datetime | None = None,
    unsubscribe_url: str = "",
    headers: Mapping[str, str] | None = None,
    payloads: Mapping[str, Mapping[str, Any]] | None = None,
    leave_out: bool = False,
) -> int:
    """Tell one person. See `send_many`; the delivery goes ahead of those to many. `payloads`: channel → JSON object,
    for the channels that are posted. Raises also BadAddress where nothing can be sent to what they have; then nothing
    is promised. With `leave_out` such an address is left out and told to the ledger, as `send_many` does: for deeds
    that must not wait for a better address."""
    if unsubscribe_url:
        to = Recipient(
            key=to.key, email=to.email, phone=to.phone, language=to.language, unsubscribe_url=unsubscribe_url
        )
    return _promise(template, [to], cause, context, channels, not_after, headers, Urgency.PERSONAL, payloads, leave_out)


def send_many(
    template: str,
    *,
    recipients: Iterable[Recipient],
    cause: str,
    context: Mapping[str, Any],
    channels: Iterable[str] = (Channel.EMAIL,),
    not_after: dt.datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> int:
    """Promise one delivery per (cause, recipient key, channel); asking again changes nothing, nor does other context.

    Call it inside the transaction of the deed or of the outbox handler: the promise commits or falls with it. A channel
    for which a recipient has no address, or this installation no provider, is left out. Returns how many promises were
    asked for (0: nobody can be reached). Somebody whose address nothing can be sent to is left out and named in the
    ledger; all others are told. Raises BadHeader, BadSubject (both Invalid) and TemplateDoesNotExist; then nothing is
    promised.
    """
    return _promise(template, recipients, cause, context, channels, not_after, headers, Urgency.BULK, leave_out=True)


@transaction.atomic
def _promise(
    template: str,
    recipients: Iterable[Recipient],
    cause: str,
    context: Mapping[str, Any],
    channels: Iterable[str],
    not_after: dt.datetime | None,
    headers: Mapping[str, str] | None,
    urgency: Urgency,
    payloads: Mapping[str, Mapping[str, Any]] | None = None,
    leave_out: bool = False,
) -> int:
    now, wanted = clock.now(), tuple(filter(is_there, map(Channel, channels)))
    messages: dict[str, Message] = {}

    def message_for(recipient: Recipient) -> Message:
        language = recipient.language or settings.LANGUAGE_CODE
        if language not in messages:
            messages[language] = said(
                template, cause=cause, language=language, context=context, channels=wanted, headers=headers or {},
                payloads=payloads, unsubscribable=bool(recipient.unsubscribe_url), now=now,
            )  # fmt: skip
        return messages[language]

    asked = 0
    left_out: list[str] = []
    for batch in _batches(_addressed(recipients, wanted, left_out if leave_out else None)):
        Delivery.objects.bulk_create(
            (
                Delivery(
                    message=message_for(recipient), cause=cause, recipient_key=recipient.key, channel=channel,
                    address=address, unsubscribe_url=recipient.unsubscribe_url, urgency=urgency, available_at=now,
                    not_after=not_after, created_at=now,
                )
                for recipient, channel, address in batch
            ),
            ignore_conflicts=True,
        )  # fmt: skip
        asked += len(batch)
    if left_out:
        # Keys, never addresses. One typing error must not keep from everybody else what they have to know.
        logger.warning("somebody cannot be told: their address is none", extra={"template": template, "who": left_out})
        audit.record("notify:left-out", by=SYSTEM, at=now, template=template, who=left_out[:NAMED], many=len(left_out))
    if asked:
        wake()
    return asked


def _addressed(
    recipients: Iterable[Recipient], channels: tuple[Channel, ...], left_out: list[str] | None
) -> Iterator[tuple[Recipient, Channel, str]]:
    """With `left_out` the keys of those who cannot be reached are put there; without it they raise BadAddress."""
    for recipient in recipients:
        if recipient.unsubscribe_url and not _URL.fullmatch(recipient.unsubscribe_url):
            raise BadAddress
        for channel in channels:
            if recipient.resolve:
                yield recipient, channel, ""
                continue
            address = recipient.email if channel is Channel.EMAIL else recipient.phone
            if not address:
                continue
            if not (can_be_mailed if channel is Channel.EMAIL else can_be_called)(address):
                if left_out is None:
                    raise BadAddress
                left_out.append(recipient.key)
                continue
            yield recipient, channel, address


def _batches(
    rows: Iterator[tuple[Recipient, Channel, str]],
) -> Iterator[list[tuple[Recipient, Channel, str]]]:
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch


def said(
    template: str,
    *,
    cause: str,
    language: str,
    zone: str = "",
    context: Mapping[str, Any],
    channels: tuple[Channel, ...],
    payloads: Mapping[str, Mapping[str, Any]] | None = None,
    headers: Mapping[str, str],
    unsubscribable: bool,
    now: dt.datetime,
) -> Message:
    """The message of (cause, template, language, zone): rendered once, at the first call."""
    known = Message.objects.filter(cause=cause, template=template, language=language, zone=zone).first()
    if known is not None:
        return known
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not value.isprintable() or len(value) > 500:
            raise BadHeader
    words = render(template, context, language=language, channels=channels, unsubscribable=unsubscribable)
    message, _ = Message.objects.get_or_create(
        cause=cause, template=template, language=language, zone=zone,
        defaults={
            "subject": words.subject, "text": words.text, "html": words.html, "sms": words.sms,
            "headers": dict(headers), "payloads": dict(payloads or {}), "created_at": now,
        },
    )  # fmt: skip
    return message


def wake() -> None:
    """Ask for a delivery run after commit, once per transaction. A lost wake-up is repaired by the periodic sweep."""
    if not settings.OUTBOX_WAKE:
        return
    if any(entry[1] is _wake_worker for entry in connection.run_on_commit):
        return
    transaction.on_commit(_wake_worker, robust=True)


def _wake_worker() -> None:
    from portal_core.notify.delivery import LINES
    from portal_core.notify.tasks import deliver_due

    for line in LINES:
        deliver_due.delay(line)
