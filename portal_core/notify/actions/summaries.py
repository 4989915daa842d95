"""Several held deliveries to one recipient become one."""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable

from django.db import transaction

from portal_core.kernel import clock
from portal_core.notify.actions.messages import wake
from portal_core.notify.enums import DeliveryState, Urgency
from portal_core.notify.models import Delivery

BATCH = 2000

# The summary's cause, the causes it sums up, language, zone → the message's id.
Writer = Callable[[str, tuple[str, ...], str, str], int]


def gather(*, reason: str, write: Writer, lifetime: dt.timedelta) -> int:
    """Take up what is held for `reason` and due; return how many deliveries that made.

    Whoever is held one delivery gets just that one. Whoever is held several gets one summary of them, worded once for
    each set of causes; those end as `superseded`. Each batch is one transaction, so a killed run sums up nothing twice.
    """
    made, after = 0, ""
    while True:
        more, count, after = _gather_some(reason, write, lifetime, after)
        made += count
        if not more:
            return made


@transaction.atomic
def _gather_some(reason: str, write: Writer, lifetime: dt.timedelta, after: str) -> tuple[bool, int, str]:
    now = clock.now()
    due = Delivery.objects.filter(state=DeliveryState.HELD, last_error=reason, available_at__lte=now)
    due = due.filter(recipient_key__gt=after).select_related("message").order_by("recipient_key", "pk")
    rows = list(due.select_for_update(of=("self",))[: BATCH + 1])
    more = len(rows) > BATCH
    if more:  # the last recipient may have further rows behind the edge, so it waits for the next batch
        whole = [row for row in rows if row.recipient_key != rows[-1].recipient_key]
        rows = whole or rows
    piles: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for row in rows:
        piles[row.recipient_key, row.channel].append(row)
    alone = [pile[0].pk for pile in piles.values() if len(pile) == 1]
    Delivery.objects.filter(pk__in=alone).move(
        DeliveryState.WAITING, available_at=now, not_after=now + lifetime, last_error=""
    )
    several = [pile for pile in piles.values() if len(pile) > 1]
    written: dict[tuple[str, str, str], int] = {}
    fresh = []
    for pile in several:
        causes, said = tuple(row.cause for row in pile), pile[0].message
        cause = f"{reason}:{hashlib.sha256(' '.join(causes).encode()).hexdigest()[:32]}"
        which = (cause, said.language, said.zone)
        if which not in written:
            written[which] = write(cause, causes, said.language, said.zone)
        fresh.append(
            Delivery(
                message_id=written[which], cause=cause, recipient_key=pile[0].recipient_key, channel=pile[0].channel,
                address=pile[0].address, unsubscribe_url=pile[0].unsubscribe_url, urgency=Urgency.BULK,
                available_at=now, not_after=now + lifetime, created_at=now,
            )
        )  # fmt: skip
    Delivery.objects.bulk_create(fresh, ignore_conflicts=True)
    Delivery.objects.filter(pk__in=[row.pk for pile in several for row in pile]).move(
        DeliveryState.SUPERSEDED, last_error=reason
    )
    if rows:
        wake()
    return more, len(piles), rows[-1].recipient_key if rows else after
