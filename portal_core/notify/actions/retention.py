"""Forgetting who was told what. The ledger says who is in whose care; it is kept as long as it is of use."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from portal_core.kernel import clock
from portal_core.notify.enums import DeliveryState
from portal_core.notify.models import Delivery, DeliveryAttempt, Message

BATCH = 2000


def forget_old() -> int:
    """Delete deliveries asked for more than `DELIVERY_KEEP_DAYS` ago, and messages nobody is owed any more; return how
    many deliveries. 0 days: nothing is ever deleted.

    Ids grow with time, so it looks at the oldest ids only, a batch per transaction; a killed run goes on later.
    """
    if not settings.DELIVERY_KEEP_DAYS:
        return 0
    before = clock.now() - dt.timedelta(days=settings.DELIVERY_KEEP_DAYS)
    forgotten, after = 0, 0
    while rows := list(_oldest(Delivery, after).values_list("pk", "created_at", "state")):
        gone = [pk for pk, created_at, state in rows if created_at < before and state not in DeliveryState.live]
        with transaction.atomic():
            DeliveryAttempt.objects.filter(delivery__in=gone).delete()
            forgotten += Delivery.objects.filter(pk__in=gone).delete()[0]
        after = rows[-1][0]
        if all(created_at >= before for _pk, created_at, _state in rows):
            break
    after = 0
    while rows := list(_oldest(Message, after).values_list("pk", "created_at")):
        old = [pk for pk, created_at in rows if created_at < before]
        mine = Delivery.objects.filter(cause=OuterRef("cause"), message=OuterRef("pk"))
        Message.objects.filter(~Exists(mine), pk__in=old).delete()
        after = rows[-1][0]
        if len(old) < len(rows):
            break
    return forgotten


def _oldest(model: type[Any], after: int) -> "QuerySet[Any, Any]":
    rows: QuerySet[Any, Any] = model.objects.filter(pk__gt=after).order_by("pk")[:BATCH]
    return rows
