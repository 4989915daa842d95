"""Doing a thing once although it was asked for twice: double clicks, replayed forms, retried API calls."""

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from portal_core.kernel import clock
from portal_core.kernel.errors import Invalid
from portal_core.kernel.models import IdempotencyKey

KEEP = dt.timedelta(days=30)


def once(scope: str, key: str, deed: Callable[[], str]) -> str:
    """Run `deed` unless (scope, key) already ran, and return the short string (a public id) the first run returned.

    `deed` and the key are one transaction: if the deed raises, the key is free again. Two simultaneous calls are put
    in line by the unique key; the second finds the first one's result. Raises Invalid for an unusable key.
    """
    if not key or len(key) > 64:
        raise Invalid(idempotency_key="1 to 64 characters")
    with transaction.atomic():
        row, created = IdempotencyKey.objects.get_or_create(scope=scope, key=key, defaults={"created_at": clock.now()})
        if not created:
            return row.result
        row.result = deed()
        row.save(update_fields=["result"])
        return row.result


def result(scope: str, key: str) -> str | None:
    """What (scope, key) returned when it ran; None when it has not."""
    return IdempotencyKey.objects.filter(scope=scope, key=key).values_list("result", flat=True).first()


def purge(older_than: dt.timedelta = KEEP) -> int:
    """Forget keys older than that; return how many."""
    return IdempotencyKey.objects.filter(created_at__lt=clock.now() - older_than).delete()[0]
