"""What a provider reports after it took a delivery."""

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce

from portal_core.kernel import clock
from portal_core.notify.enums import DeliveryState
from portal_core.notify.models import Delivery

ARRIVED = frozenset({"delivered", "read", "completed"})
LOST = frozenset({"undelivered", "failed", "busy", "no-answer", "canceled"})


@transaction.atomic
def provider_reported(*, public_id: str, status: str, provider_id: str, error_code: str) -> bool:
    """Take a provider's word on one delivery; True if something changed.

    Reports come late, twice and out of order: the transition table decides what still counts. An unknown id or status
    changes nothing.
    """
    now = clock.now()
    row = Delivery.objects.filter(public_id=public_id)
    if status in ARRIVED:
        # The report may come before our own mark "sent": then this is that mark, too.
        sent_at = Coalesce("sent_at", Value(now))
        return bool(
            row.move(DeliveryState.DELIVERED, sent_at=sent_at, delivered_at=now, provider_id=provider_id, last_error="")
        )
    if status in LOST:
        code = f"twilio_{error_code}" if error_code.isdigit() else f"twilio_{status.replace('-', '_')}"
        return bool(row.move(DeliveryState.FAILED, failed_at=now, provider_id=provider_id, last_error=code[:60]))
    return False
