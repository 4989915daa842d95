"""Figures about deliveries: for /metrics and for boards."""

import datetime as dt

from django.db.models import Count, Min, QuerySet

from portal_core.notify.enums import DeliveryState
from portal_core.notify.models import Delivery

NEWEST = 100


def delivery_counts(cause_prefix: str = "") -> dict[str, int]:
    """How many deliveries are in each state (every state is present), of causes that begin with `cause_prefix`."""
    rows = Delivery.objects.all()
    if cause_prefix:
        rows = rows.filter(cause__startswith=cause_prefix)
    counts = dict.fromkeys(DeliveryState.values, 0)
    counts.update(rows.order_by().values_list("state").annotate(Count("id")))
    return counts


def oldest_waiting() -> dt.datetime | None:
    """When the delivery that has waited longest was asked for; None when none waits."""
    live = Delivery.objects.filter(state__in=DeliveryState.live)
    oldest: dt.datetime | None = live.aggregate(oldest=Min("created_at"))["oldest"]
    return oldest


def mailbox(address: str = "", limit: int = NEWEST) -> QuerySet[Delivery]:
    """What would have left, newest first; `address` is part of an e-mail address or phone number."""
    rows = Delivery.objects.filter(state__in=DeliveryState.left).select_related("message").order_by("-sent_at", "-id")
    if address:
        rows = rows.filter(address__icontains=address)
    return rows[:limit]


def mailbox_letter(public_id: str) -> Delivery | None:
    """One delivery that left, with its message."""
    rows = Delivery.objects.filter(state__in=DeliveryState.left, public_id=public_id)
    return rows.select_related("message").first()
