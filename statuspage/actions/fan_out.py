"""From one publication to one delivery per subscriber (SP-02), in bulk.

The event's handler begins a `FanOut` and takes the first part of the subscribers with it; `go_on` takes the rest, one
transaction each, so that mails leave while the ledger is still being written. A part and the note how far it came are
committed together, and the ledger's unique key stands behind both: a worker killed at any moment loses and doubles
nothing.
"""

import datetime as dt
import logging
import time

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Sum

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.kernel.realtime.push import push
from portal_core.notify import queries as deliveries
from portal_core.notify.actions import bulk
from statuspage import queries
from statuspage.actions import pages, parting
from statuspage.enums import EventKind, FanOutState, Way
from statuspage.errors import FanOutNotFound, NewsReplaced, TooLateToUndo
from statuspage.models import FanOut, IncidentUpdate, Page, Subscriber

logger = logging.getLogger(__name__)

CHUNK = 5000  # subscribers in one transaction: on SQLite all others wait for its end, and the first mails do anywhere
MANY = 4  # times as many in the parts after the first, where nobody waits for them
NOT_AFTER = parting.NOT_AFTER
SETTLE_AT_ONCE = 20
UNDER_WAY = ("waiting", "sending", "held")  # states of deliveries that are yet to end
BOARD_GROUP = pages.CONSOLE_GROUP  # operators: the board is among what they look at
_told_board = 0.0
COUNTING = (FanOutState.RUNNING, FanOutState.DONE)


@transaction.atomic
def begin(*, update_id: str, kind: str, at: dt.datetime) -> FanOut | None:
    """Start telling subscribers of an update and promise the first part of the deliveries; None: nobody is told.

    Asked again it goes on where it was. What was published more than two hours ago is not told any more (an upgrade,
    a restore, a worker that slept): the board says so, and nobody gets old news.
    """
    update = _update(update_id)
    if update is None or not is_told(update):
        return None
    now = clock.now()
    # One after the other: two that begin at once must see each other when the storm is counted.
    page = Page.objects.select_for_update().get(pk=update.incident.page_id)
    newest = Subscriber.objects.filter(page=page).aggregate(newest=Max("pk"))["newest"] or 0
    undo = at + dt.timedelta(seconds=page.undo_seconds) if page.undo_seconds else None
    row, made = FanOut.objects.get_or_create(
        update=update,
        defaults={
            "incident": update.incident, "kind": kind, "published_at": at, "last": newest, "undo_until": undo,
            "created_at": now,
        },
    )  # fmt: skip
    if made:
        row.people = queries.audience(update).count()
        row.save(update_fields=["people"])
        if at + NOT_AFTER <= now:
            row.move(FanOutState.HELD, at=now)
            row.move(FanOutState.DISCARDED, at=now, by="too late")
            audit.record("fan_out:discard", by=SYSTEM, target=row, at=now, people=row.people, why="late")
        elif _is_storm(row, page, now):
            logger.warning("status page: a fan-out is held", extra={"people": row.people})
            row.move(FanOutState.HELD, at=now)
            audit.record("fan_out:hold", by=SYSTEM, target=row, at=now, people=row.people)
        push(BOARD_GROUP, {"type": "deliveries.changed"})
    if _take_part(row.pk):
        transaction.on_commit(_wake_worker, robust=True)
    return row


def is_told(update: IncidentUpdate) -> bool:
    """Whether subscribers hear of it at all: not of silent work, of backfilled incidents, or without "deliver"."""
    incident = update.incident
    silent = incident.kind == EventKind.MAINTENANCE and incident.silent
    return update.deliver_notifications and not silent and not incident.backfilled


def go_on() -> int:
    """Promise what fan-outs in progress still owe, the newest first; return how many parts were written. One that fails
    is logged and tried again at the next run; it keeps no other from being told."""
    parts = 0
    for pk in FanOut.objects.filter(state=FanOutState.RUNNING).order_by("-update_id").values_list("pk", flat=True):
        more = True
        while more:
            try:
                more = _take_part(pk)
            except Exception:
                logger.exception("status page: a part of a fan-out could not be written", extra={"fan_out": pk})
                break
            parts += 1
    return parts


@transaction.atomic
def _take_part(pk: int) -> bool:
    """Promise the deliveries of the next CHUNK subscribers; True when there are more to come."""
    skip = connection.features.has_select_for_update_skip_locked
    row = (
        FanOut.objects.select_for_update(of=("self",), skip_locked=skip)
        .filter(pk=pk, state=FanOutState.RUNNING)
        .select_related("update", "incident__page")
        .first()
    )
    if row is None:  # done, stopped, or in another worker's hands
        return False
    now = clock.now()
    people = queries.audience(row.update).filter(pk__gt=row.reached, pk__lte=row.last)
    if parting.base_of(row) + NOT_AFTER <= now:
        _complete(row, now, why="late")
        return False
    if _has_newer(row):
        # What is left would hear old news: they get the newer ones, told as new, from the newer fan-out. Webhooks get
        # every event, whatever came after it.
        parting.promise(row, people.filter(way=Way.WEBHOOK), now=now)
        _complete(row, now, why="newer")
        return False
    parting.locked_older(row)  # what an older one has in hand is over before it is replaced; its next part finds us
    ahead = Subscriber.objects.filter(page_id=row.incident.page_id, pk__gt=row.reached, pk__lte=row.last)
    size = CHUNK * MANY if row.reached and connection.features.has_select_for_update else CHUNK
    end = next(iter(ahead.order_by("pk").values_list("pk", flat=True)[size - 1 : size]), row.last)
    parting.promise(row, people.filter(pk__lte=end), now=now)
    row.reached = end
    row.save(update_fields=["reached"])
    if end < row.last:
        return True
    _complete(row, now, why="told")
    push(BOARD_GROUP, {"type": "deliveries.changed"})
    return False


def _complete(row: FanOut, now: dt.datetime, *, why: str) -> None:
    """Nobody more is to hear of it: all were `told`, it is too `late`, or something `newer` is being told."""
    row.move(FanOutState.DONE, at=now, completed_at=now)
    audit.record("fan_out:complete", by=SYSTEM, target=row, at=now, people=row.people, why=why)


def _has_newer(row: FanOut) -> bool:
    """Whether a later message of its event is being told. Updates are numbered as they were published; fan-outs as they
    were begun, and a handler that failed begins late."""
    later = FanOut.objects.filter(incident_id=row.incident_id, update_id__gt=row.update_id)
    return later.filter(state__in=COUNTING).exists()


def _is_storm(row: FanOut, page: Page, now: dt.datetime) -> bool:
    """More mails within a few minutes than this page sends without somebody's word. 0 people: never asked."""
    if not page.storm_people:
        return False
    since = now - dt.timedelta(minutes=page.storm_minutes)
    others = FanOut.objects.filter(incident__page=page, created_at__gte=since, state__in=COUNTING).exclude(pk=row.pk)
    return row.people + (others.aggregate(sum=Sum("people"))["sum"] or 0) > page.storm_people


def _update(public_id: str) -> IncidentUpdate | None:
    return IncidentUpdate.objects.select_related("incident__page").filter(public_id=public_id).first()


def _wake_worker() -> None:
    if settings.OUTBOX_WAKE:
        # By name: the task's shell imports this module.
        current_app.send_task("statuspage.fan_out")


def note_progress(*, keys: frozenset[str], channel: str) -> None:
    """Tell open boards that something has left; at most once a second and process."""
    global _told_board
    now = time.monotonic()
    if now - _told_board >= 1:
        _told_board = now
        push(BOARD_GROUP, {"type": "deliveries.changed"})


def settle() -> int:
    """Note the end figures of fan-outs of which nothing is under way any more; return how many."""
    now, settled = clock.now(), 0
    rows = FanOut.objects.filter(settled_at=None).exclude(state__in=[FanOutState.RUNNING, FanOutState.HELD])
    open_rows = list(rows.select_related("update").order_by("published_at")[:SETTLE_AT_ONCE])
    figures = deliveries.progress([row.cause for row in open_rows], now=now)
    for row in open_rows:
        states = figures[row.cause].states
        if not any(states[state] for state in UNDER_WAY):
            FanOut.objects.filter(pk=row.pk, settled_at=None).update(
                settled_at=now, tally={state: count for state, count in states.items() if count}
            )
            settled += 1
    if settled:
        push(BOARD_GROUP, {"type": "deliveries.changed"})
    return settled


# --- what operators decide --------------------------------------------------------------------------------------------


@transaction.atomic
def release(*, fan_out_id: str, by: Actor) -> FanOut:
    """Send what was held; the two hours count from now. Raises FanOutNotFound, TooLateToUndo."""
    row, now = _locked(fan_out_id), clock.now()
    row.move(FanOutState.RUNNING, at=now, by=by.label)
    audit.record("fan_out:release", by=by, target=row, at=now, people=row.people)
    push(BOARD_GROUP, {"type": "deliveries.changed"})
    transaction.on_commit(_wake_worker, robust=True)
    return row


@transaction.atomic
def discard(*, fan_out_id: str, by: Actor) -> FanOut:
    """Tell nobody of what was held; the page shows it all the same. Raises FanOutNotFound, TooLateToUndo."""
    row, now = _locked(fan_out_id), clock.now()
    row.move(FanOutState.DISCARDED, at=now, by=by.label, settled_at=now)
    audit.record("fan_out:discard", by=by, target=row, at=now, people=row.people)
    push(BOARD_GROUP, {"type": "deliveries.changed"})
    return row


@transaction.atomic
def undo(*, fan_out_id: str, by: Actor) -> int:
    """Cancel what has not left; return how many deliveries. What they had replaced waits again, and an older fan-out
    that stopped for this one goes on, unless later news replace those as well. The publication itself stands: take that
    back with another update. Raises FanOutNotFound, TooLateToUndo."""
    row, now = _locked(fan_out_id), clock.now()
    if row.undo_until is None or now >= row.undo_until:
        raise TooLateToUndo
    row.move(FanOutState.UNDONE, at=now, by=by.label)
    older = parting.locked_older(row)
    standing = [] if _has_newer(row) else [one for one in older if one.state in COUNTING]
    undone = [one.cause for one in older if one.state == FanOutState.UNDONE]
    stopped = bulk.take_back(cause=row.cause, causes=[one.cause for one in standing], taken_back=undone, by=by)
    parting.older(row).filter(published_at__gt=now - dt.timedelta(days=2)).update(settled_at=None)
    if standing and standing[0].state == FanOutState.DONE and standing[0].reached < standing[0].last:
        standing[0].move(FanOutState.RUNNING, at=now, completed_at=None)
        transaction.on_commit(_wake_worker, robust=True)
    audit.record("fan_out:undo", by=by, target=row, at=now, stopped=stopped)
    push(BOARD_GROUP, {"type": "deliveries.changed"})
    return stopped


@transaction.atomic
def try_again(*, fan_out_id: str, by: Actor) -> int:
    """Give what failed another round of attempts, for two hours from now; return how many. Raises FanOutNotFound,
    NewsReplaced (a later message of the same event is being told: nobody gets the old one after it)."""
    row, now = _locked(fan_out_id), clock.now()
    if _has_newer(row):
        raise NewsReplaced
    moved = bulk.try_cause_again(cause=row.cause, by=by, not_after=now + NOT_AFTER)
    if moved:
        row.settled_at = None
        row.save(update_fields=["settled_at"])
        push(BOARD_GROUP, {"type": "deliveries.changed"})
    return moved


@transaction.atomic
def note_export(*, fan_out_id: str, by: Actor) -> str:
    """Write down that somebody takes the list of those not reached; return the fan-out's id. Raises FanOutNotFound."""
    row = FanOut.objects.filter(public_id=fan_out_id).first()
    if row is None:
        raise FanOutNotFound
    audit.record("fan_out:export", by=by, target=row, at=clock.now())
    return str(row.public_id)


def _locked(public_id: str) -> FanOut:
    row = (
        FanOut.objects.select_for_update(of=("self",))
        .filter(public_id=public_id)
        .select_related("update", "incident__page")
        .first()
    )
    if row is None:
        raise FanOutNotFound
    return row
