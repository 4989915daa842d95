"""Events published in the writer's transaction and handed to their handlers after commit.

    outbox.publish(TicketResolved(...))        # inside the action's transaction

    @outbox.handles(TicketResolved)            # in <app>/handlers.py, imported by the app's ready()
    def tell_requester(event: TicketResolved) -> None: ...

A handler runs in a transaction of its own together with the mark that it is done: its database work happens exactly
once, its effects outside may happen again after a crash. A failing handler is retried with growing pauses and then
lies dead, visible to owners and operators (`/desk/dead-letters/`, `manage.py outbox`).
"""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor, Event
from portal_core.kernel.ids import new_public_id
from portal_core.kernel.models import OutboxMessage

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=Event)
Handler = Callable[[Any], None]

MAX_ATTEMPTS = 8
KEEP_DONE = dt.timedelta(days=30)
DEAD = "kernel.outbox.dead"
PAUSES = (1, 5, 20, 60, 300, 1800, 7200)  # seconds before attempt 2, 3, …

_handlers: dict[str, dict[str, Handler]] = defaultdict(dict)


def handles(event_class: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register a handler; its dotted name identifies it in the table, so renaming one needs a data migration."""

    def register(function: Callable[[E], None]) -> Callable[[E], None]:
        _handlers[event_class.event_name()][f"{function.__module__}.{function.__name__}"] = function
        return function

    return register


def handlers_of(event_class: type[Event]) -> tuple[str, ...]:
    return tuple(_handlers[event_class.event_name()])


def publish(event: Event, *, not_before: dt.datetime | None = None) -> str:
    """Write one row per handler of this event; return the event's id. With `not_before` it is handed out then and may
    be recalled until then. Must be called inside a transaction; raises RuntimeError outside one."""
    if not connection.in_atomic_block:
        raise RuntimeError(f"{event.event_name()} published outside a transaction: the deed and the event could part")
    now, event_id = clock.now(), new_public_id()
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            event_id=event_id, event_name=event.event_name(), handler=name, payload=event.to_json(),
            created_at=now, available_at=not_before or now,
        )
        for name in handlers_of(type(event))
    )  # fmt: skip
    if not_before is None:
        wake()
    return event_id


def recall(event_id: str) -> bool:
    """Take an event back before anybody was told; False when it is too late. Must be called inside a transaction."""
    rows = OutboxMessage.objects.select_for_update().filter(event_id=event_id)
    if any(row.done_at is not None or row.attempts for row in rows):
        return False
    rows.delete()
    return True


def wake() -> None:
    """Ask for a drain after commit, once per transaction. A lost wake-up only means waiting for the periodic sweep."""
    if not settings.OUTBOX_WAKE:
        return
    if any(entry[1] is _wake_worker for entry in connection.run_on_commit):
        return
    transaction.on_commit(_wake_worker, robust=True)


def _wake_worker() -> None:
    from portal_core.kernel.tasks import drain_outbox

    drain_outbox.delay()


def drain(limit: int = 500) -> int:
    """Run due messages, oldest first, until none is due or `limit` was reached; return how many were tried.

    What another worker has in hand right now is left to it and not counted.
    """
    tried = 0
    while tried < limit:
        now = clock.now()
        due = OutboxMessage.objects.filter(done_at=None, dead_at=None, available_at__lte=now)
        ids = list(due.order_by("available_at", "id").values_list("id", flat=True)[: min(50, limit - tried)])
        mine = sum(_run_one(message_id, now) for message_id in ids)
        if not mine:  # nothing due, or all of it in other hands: asking again at once would only burn the database
            break
        tried += mine
    return tried


def _run_one(message_id: int, now: dt.datetime) -> bool:
    """Hand one message to its handler; False when it was not ours to take."""
    try:
        with transaction.atomic():
            message = (
                OutboxMessage.objects.select_for_update(
                    skip_locked=connection.features.has_select_for_update_skip_locked
                )
                .filter(pk=message_id, done_at=None, dead_at=None, available_at__lte=now)
                .first()
            )
            if message is None:  # another worker has it, or has done it
                return False
            handler = _handlers[message.event_name][message.handler]
            handler(Event.registry[message.event_name].from_json(message.payload))
            message.done_at = clock.now()
            message.save(update_fields=["done_at"])
    except Exception as error:  # whatever a handler raises must not stop the others
        logger.exception("outbox: handler failed", extra={"outbox_message": message_id})
        _postpone(message_id, error)
    return True


@transaction.atomic
def _postpone(message_id: int, error: Exception) -> None:
    message = OutboxMessage.objects.select_for_update().filter(pk=message_id, done_at=None, dead_at=None).first()
    if message is None:  # between our rollback and this lock another worker took it and got through
        return
    now = clock.now()
    message.attempts += 1
    # The type alone: an exception's text may quote a row.
    message.last_error = type(error).__name__
    if message.attempts >= MAX_ATTEMPTS:
        message.dead_at = now
    else:
        message.available_at = now + dt.timedelta(seconds=PAUSES[message.attempts - 1])
    message.save(update_fields=["attempts", "last_error", "dead_at", "available_at"])


def purge(older_than: dt.timedelta = KEEP_DONE) -> int:
    """Delete messages done longer ago than that; what waits or lies dead stays. Return how many."""
    old = OutboxMessage.objects.filter(done_at__lt=clock.now() - older_than)
    return old.delete()[0]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event that one handler could not take. `error` is the type alone."""

    id: int
    event: str
    handler: str
    error: str
    attempts: int
    created_at: dt.datetime
    dead_at: dt.datetime | None


def dead(limit: int = 100) -> list[DeadLetter]:
    """What lies dead, newest first."""
    rows = OutboxMessage.objects.filter(dead_at__isnull=False).order_by("-dead_at", "-pk")[:limit]
    return [
        DeadLetter(row.pk, row.event_name, row.handler, row.last_error, row.attempts, row.created_at, row.dead_at)
        for row in rows
    ]


def count_waiting() -> int:
    """How many are yet to be done, those held back included."""
    return OutboxMessage.objects.filter(done_at=None, dead_at=None).count()


def count_dead() -> int:
    """How many lie dead; kept a while for `count_dead_lately`."""
    count = OutboxMessage.objects.filter(dead_at__isnull=False).count()
    cache.set(DEAD, count, 300)
    return count


def count_dead_lately() -> int:
    """The same as of the last sweep, a few seconds ago: for pages that ask each time and must not ask the database."""
    return cache.get(DEAD) or 0


@transaction.atomic
def revive(*, message_id: int | None = None, by: Actor) -> int:
    """Give dead messages (or one of them) another round of attempts; return how many."""
    rows = OutboxMessage.objects.select_for_update().filter(dead_at__isnull=False)
    if message_id is not None:
        rows = rows.filter(pk=message_id)
    found = list(rows.order_by("pk").values_list("pk", "event_name", "handler"))
    if not found:
        return 0
    now = clock.now()
    OutboxMessage.objects.filter(pk__in=[pk for pk, _event, _handler in found]).update(
        dead_at=None, attempts=0, available_at=now
    )
    audit.record_all(
        [audit.line("outbox:revive", by=by, at=now, message=pk, event=event, handler=handler)
         for pk, event, handler in found]
    )  # fmt: skip
    transaction.on_commit(lambda: count_dead() and None)
    wake()
    return len(found)
