"""What a provider, or somebody's mail server, reports after it took a delivery."""

import hashlib
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce

from portal_core.kernel import clock, idempotency
from portal_core.notify import hooks
from portal_core.notify.enums import Channel, DeliveryState
from portal_core.notify.models import Delivery
from portal_core.notify.rules.returned import Kind, Returned

ARRIVED = frozenset({"delivered", "read", "completed"})
LOST = frozenset({"undelivered", "failed", "busy", "no-answer", "canceled"})


def provider_reported(*, public_id: str, status: str, provider_id: str, error_code: str) -> bool:
    """Take Twilio's word on one delivery; True if something changed.

    Reports come late, twice and out of order: the transition table decides what still counts. An unknown id or status
    changes nothing.
    """
    row = Delivery.objects.select_related("message").filter(public_id=public_id).first()
    if row is None:
        return False
    if status in ARRIVED:
        return _arrived(row, provider_id=provider_id)
    if status in LOST:
        code = f"twilio_{error_code}" if error_code.isdigit() else f"twilio_{status.replace('-', '_')}"
        lost = _lost(row, code[:60], provider_id=provider_id)
        if lost:
            _tell(row, code[:60], permanent=error_code.isdigit())
        return lost
    return False


def mail_returned(*, reports: Iterable[Returned], source: str, key: str = "") -> int:
    """Take what came back about our mails; return how many deliveries changed.

    With a `key` (a signed message's id) the same key from the same `source` changes nothing a second time. The app
    that asked for the mail hears of bounces and complaints (`hooks.after_failure`) after the marks are committed.
    """
    told: list[tuple[Delivery, Returned]] = []
    changed = 0

    def deed() -> str:
        nonlocal changed
        for report in reports:
            changed += _take(report, told)
        return "taken"

    with transaction.atomic():
        if key:
            # Hashed: whoever signs chooses its length and letters.
            idempotency.once(f"hook:{source}"[:40], hashlib.sha256(key.encode("utf-8", "replace")).hexdigest(), deed)
        else:
            deed()
    for row, report in told:
        _tell(row, report.code, permanent=report.permanent)
    return changed


def _take(report: Returned, told: list[tuple[Delivery, Returned]]) -> bool:
    rows = Delivery.objects.select_related("message").filter(public_id=report.delivery_id, channel=Channel.EMAIL)
    row = rows.first()
    if row is None:
        return False
    if report.kind is Kind.DELIVERED:
        return _arrived(row)
    lost = _lost(row, report.code)
    # A complaint is about a mail that did arrive: it counts, whatever the delivery's own end was.
    if lost or (report.kind is Kind.COMPLAINT and row.state == DeliveryState.DELIVERED):
        told.append((row, report))
    return lost


def _arrived(row: Delivery, **values: str) -> bool:
    now = clock.now()
    # The report may come before our own mark "sent": then this is that mark, too.
    sent_at = Coalesce("sent_at", Value(now))
    one = Delivery.objects.filter(pk=row.pk)
    return bool(one.move(DeliveryState.DELIVERED, sent_at=sent_at, delivered_at=now, last_error="", **values))


def _lost(row: Delivery, code: str, **values: str) -> bool:
    one = Delivery.objects.filter(pk=row.pk)
    return bool(one.move(DeliveryState.FAILED, failed_at=clock.now(), last_error=code, **values))


def _tell(row: Delivery, code: str, *, permanent: bool) -> None:
    hooks.tell_failure(
        row.message.template, keys=[row.recipient_key], channel=row.channel, code=code, permanent=permanent
    )
