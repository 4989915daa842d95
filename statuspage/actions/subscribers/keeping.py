"""Forgetting addresses in time, and sealing them anew when the key changes."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import SYSTEM, Actor
from statuspage.enums import ImportState
from statuspage.models import Subscriber, SubscriberImport, SubscriberImportPart, indexes_of, vault
from statuspage.rules.addresses import Unreadable

BATCH = 500
INCIDENT_DAYS = 30  # after its end, a subscription to one incident has nothing left to hear
IMPORT_DAYS = 7  # a file that was looked at and never taken over


def purge_due() -> int:
    """Delete what is past its time: never confirmed, left, set aside, or of nothing but one incident that is long over.
    Nothing is kept but a count in the ledger. Returns how many."""
    _outlive_incidents()
    purged = 0
    while batch := _purge_some():
        purged += batch
    _drop_old_imports()
    return purged


def _of_old_incident(now: dt.datetime) -> Q:
    return Q(incident__resolved_at__lte=now - dt.timedelta(days=INCIDENT_DAYS))


@transaction.atomic
def _outlive_incidents() -> None:
    """Who chose parts or groups beside the incident goes on hearing of those."""
    now = clock.now()
    scoped = [
        Q(pk__in=through._default_manager.values("subscriber_id"))
        for through in (Subscriber.components.through, Subscriber.groups.through)
    ]
    rows = Subscriber.objects.filter(_of_old_incident(now)).filter(scoped[0] | scoped[1])
    count = rows.update(incident=None)
    if count:
        audit.record("subscriber:outlive_incident", by=SYSTEM, at=now, count=count)


@transaction.atomic
def _purge_some() -> int:
    now = clock.now()
    over = Q(purge_at__lte=now) | _of_old_incident(now)
    due = Subscriber.objects.select_for_update(of=("self",)).filter(over).order_by("pk")[:BATCH]
    rows = [(row.pk, row.way, row.state) for row in due]
    if rows:
        Subscriber.objects.filter(pk__in=[pk for pk, *_ in rows]).delete()
        counts = Counter(f"{way}:{state}" for _, way, state in rows)
        audit.record("subscriber:purge", by=SYSTEM, at=now, counts=dict(counts))
    return len(rows)


@transaction.atomic
def _drop_old_imports() -> None:
    old = SubscriberImport.objects.filter(
        state__in=(ImportState.READING, ImportState.PREVIEWED),
        created_at__lte=clock.now() - dt.timedelta(days=IMPORT_DAYS),
    )
    SubscriberImportPart.objects.filter(of__in=old).delete()
    old.update(state=ImportState.DISCARDED, finished_at=clock.now())


@dataclass(slots=True)
class Resealed:
    done: int = 0
    unreadable: int = 0
    merged: int = 0


def reseal(*, by: Actor) -> Resealed:
    """Seal and index every address with the newest key, in batches that may be interrupted and run again.

    Meanwhile rows of both keys are found. Two rows of one address (typed again after an index was lost) become one: the
    confirmed one stays. What no key opens is counted and left.
    """
    result, last = Resealed(), 0
    while True:
        with transaction.atomic():
            rows = list(Subscriber.objects.select_for_update(of=("self",)).filter(pk__gt=last).order_by("pk")[:BATCH])
            last = rows[-1].pk if rows else last
            gone: set[int] = set()
            for row in rows:
                if row.pk not in gone:
                    gone |= _reseal_one(row, result)
        if not rows:
            break
    with transaction.atomic():
        for part in SubscriberImportPart.objects.select_for_update():
            part.rows_cipher = vault().seal(vault().open(part.rows_cipher))
            part.save(update_fields=["rows_cipher"])
        audit.record("subscriber:reseal", by=by, rows=result.done, unreadable=result.unreadable, merged=result.merged)
    return result


def _reseal_one(row: Subscriber, result: Resealed) -> set[int]:
    """Returns the keys of rows that went because they were of the same address."""
    try:
        address, contact, secret = row.address, row.contact, row.secret
        asked = vault().open(row.asked["contact"]) if row.asked.get("contact") else ""
    except Unreadable:
        result.unreadable += 1
        return set()
    index = indexes_of(row.way, address)[0]
    twins = Subscriber.objects.filter(page=row.page_id, way=row.way, address_index=index).exclude(pk=row.pk)
    gone: set[int] = set()
    for twin in twins:
        result.merged += 1
        loser = row if twin.is_active or not row.is_active else twin
        gone.add(loser.pk)
        Subscriber.objects.filter(pk=loser.pk).delete()
        if loser is row:
            return gone
    row.address_cipher, row.address_index = vault().seal(address), index
    row.contact_cipher = vault().seal(contact) if contact else ""
    row.secret_cipher = vault().seal(secret) if secret else ""
    if asked:
        row.asked = {**row.asked, "contact": vault().seal(asked)}
    row.save(update_fields=["address_cipher", "address_index", "contact_cipher", "secret_cipher", "asked"])
    result.done += 1
    return gone
