"""Addresses that refuse are set aside: not written to, and deleted after a while unless somebody brings them back."""

import datetime as dt
import logging
from collections.abc import Iterable, Sequence

from django.db import transaction

from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.notify.rules.quarantine import Verdict, judge
from statuspage.actions.subscribers.choosing import leave
from statuspage.actions.subscribers.joining import activate
from statuspage.contracts import SubscriberQuarantined
from statuspage.enums import Way
from statuspage.models import Subscriber

logger = logging.getLogger(__name__)

QUARANTINE_DAYS = 30
# More than this within an hour is no news about the addresses but about us: a blocked sender, a wrong setting.
MASS_FLOOR, MASS_SHARE, MASS_WINDOW = 20, 0.05, dt.timedelta(hours=1)


@transaction.atomic
def note_failure(*, keys: frozenset[str], channel: str, code: str, permanent: bool) -> None:
    """`notify` tells which deliveries ended unsent. Hearing of one twice changes nothing for an address set aside."""
    now = clock.now()
    ids = [key.partition(":")[2] for key in keys if key.startswith("subscriber:")]
    rows = Subscriber.objects.select_for_update(of=("self",)).filter(public_id__in=ids).reachable().order_by("pk")
    out: list[Subscriber] = []
    counted: list[Subscriber] = []
    for row in rows:
        verdict = judge(
            channel=channel, code=code, permanent=permanent, failures=row.failures, failing_since=row.failing_since,
            now=now,
        )  # fmt: skip
        (out if verdict is Verdict.QUARANTINE else counted).append(row)
    if out and _is_mass(len(out), now):
        logger.error("too many addresses refuse at once; none is set aside", extra={"code": code, "rows": len(out)})
        audit.record("subscriber:quarantine_held", by=SYSTEM, at=now, code=code, rows=len(out))
        counted, out = [*counted, *out], []
    _set_aside(out, code, now, by=SYSTEM)
    for row in counted:
        row.failures, row.failing_since = min(row.failures + 1, 30_000), row.failing_since or now
    Subscriber.objects.bulk_update(counted, ["failures", "failing_since"], batch_size=500)


@transaction.atomic
def note_success(*, keys: frozenset[str], channel: str) -> None:
    """A server took it: failures are no longer in a row. Writes only rows that had some."""
    ids = [key.partition(":")[2] for key in keys if key.startswith("subscriber:")]
    Subscriber.objects.filter(public_id__in=ids, failures__gt=0).update(failures=0, failing_since=None)


@transaction.atomic
def quarantine(*, subscriber_ids: Sequence[str], reason: str, by: Actor) -> int:
    """Set these aside at once; return how many were. `reason` is a code."""
    rows = Subscriber.objects.select_for_update(of=("self",)).filter(public_id__in=list(subscriber_ids))
    return _set_aside(rows.filter(quarantined_at=None, unsubscribed_at=None).order_by("pk"), reason, clock.now(), by=by)


@transaction.atomic
def reactivate(*, subscriber_ids: Sequence[str], by: Actor) -> int:
    """Write to these again; return how many. Only what had confirmed and was set aside: staff sign nobody up."""
    now = clock.now()
    rows = Subscriber.objects.select_for_update(of=("self",)).filter(
        public_id__in=list(subscriber_ids), quarantined_at__isnull=False, unsubscribed_at=None,
        confirmed_at__isnull=False,
    )  # fmt: skip
    count = 0
    for row in rows.order_by("pk"):
        confirmed_at = row.confirmed_at
        fields = activate(row, now)
        row.confirmed_at = confirmed_at
        row.save(update_fields=fields)
        audit.record("subscriber:reactivate", by=by, target=row, at=now)
        count += 1
    return count


@transaction.atomic
def remove(*, subscriber_ids: Sequence[str], by: Actor) -> int:
    """End these subscriptions on behalf of their holders; return how many."""
    now = clock.now()
    rows = Subscriber.objects.select_for_update(of=("self",)).filter(
        public_id__in=list(subscriber_ids), unsubscribed_at=None
    )
    count = 0
    for row in rows.order_by("pk"):
        row.save(update_fields=leave(row, now))
        audit.record("subscriber:unsubscribe", by=by, target=row, at=now, way=row.way)
        count += 1
    return count


def _set_aside(rows: Iterable[Subscriber], reason: str, now: dt.datetime, *, by: Actor) -> int:
    count = 0
    for row in rows:
        row.quarantined_at, row.quarantine_reason = now, reason[:60]
        row.purge_at = now + dt.timedelta(days=QUARANTINE_DAYS)
        row.challenge_due_at = None
        row.save(update_fields=["quarantined_at", "quarantine_reason", "purge_at", "challenge_due_at"])
        audit.record("subscriber:quarantine", by=by, target=row, at=now, reason=reason[:60], way=row.way)
        if row.contact_cipher or row.way == Way.WEBHOOK:
            outbox.publish(SubscriberQuarantined(subscriber_id=row.public_id, reason=reason[:60], at=now))
        count += 1
    return count


def _is_mass(more: int, now: dt.datetime) -> bool:
    recent = Subscriber.objects.filter(quarantined_at__gte=now - MASS_WINDOW).count() + more
    return recent > MASS_FLOOR and recent > MASS_SHARE * Subscriber.objects.reachable().count()
