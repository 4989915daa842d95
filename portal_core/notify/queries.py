"""Figures about deliveries: for /metrics and for boards."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery

from portal_core.notify import hooks
from portal_core.notify.enums import Channel, DeliveryState, Urgency
from portal_core.notify.models import Delivery, DeliveryAttempt, Message

NEWEST = 100
SEARCHED = 2000  # rows that a search of the mailbox looks through


def delivery_counts(cause_prefix: str = "") -> dict[str, int]:
    """How many deliveries are in each state (every state is present), of causes that begin with `cause_prefix`."""
    rows = Delivery.objects.all()
    if cause_prefix:
        rows = rows.filter(cause__startswith=cause_prefix)
    counts = dict.fromkeys(DeliveryState.values, 0)
    counts.update(rows.order_by().values_list("state").annotate(Count("id")))
    return counts


def oldest_waiting(due_by: dt.datetime | None = None) -> dt.datetime | None:
    """When the delivery that has waited longest was asked for; None when none waits. With `due_by` only those that were
    to leave by then count: quiet hours and pauses are no delay."""
    live = Delivery.objects.filter(state__in=DeliveryState.live)
    if due_by is not None:
        live = live.filter(available_at__lte=due_by)
    oldest: dt.datetime | None = live.aggregate(oldest=Min("created_at"))["oldest"]
    return oldest


def mail_held_since(now: dt.datetime) -> dt.datetime | None:
    """When the oldest mail was asked for that nobody has been able to hand to a server, though it was to leave by now;
    None when there is none. What a server put off (it was tried), quiet hours and other channels are no fault of ours.
    """
    rows = Delivery.objects.filter(channel=Channel.EMAIL, state__in=DeliveryState.live, attempts__lte=1)
    rows = rows.filter(available_at__lte=now + dt.timedelta(minutes=2))  # a channel that is down asks again in seconds
    held: dt.datetime | None = rows.aggregate(oldest=Min("created_at"))["oldest"]
    return held


def mailbox(address: str = "", limit: int = NEWEST) -> list[Delivery]:
    """What would have left, newest first; `address` is part of an e-mail address or phone number. For the demo alone:
    addresses that stand elsewhere are asked for and put into the rows in hand."""
    rows = Delivery.objects.filter(state__in=DeliveryState.left).select_related("message").order_by("-sent_at", "-id")
    if not address:
        return _addressed(rows[:limit])
    found = _addressed(rows.filter(Q(address__icontains=address) | Q(address=""))[:SEARCHED])
    return [row for row in found if address.lower() in row.address.lower()][:limit]


def mailbox_letter(public_id: str) -> Delivery | None:
    """One delivery that left, with its message and its address."""
    rows = Delivery.objects.filter(state__in=DeliveryState.left, public_id=public_id)
    return next(iter(_addressed(rows.select_related("message"))), None)


def _addressed(rows: Iterable[Delivery]) -> list[Delivery]:
    """The rows with addresses and links as they were sent. Nothing is saved."""
    found = list(rows)
    for template in {row.message.template for row in found if not row.address}:
        resolver = hooks.resolver_of(template)
        if resolver is None:
            continue
        mine = [row for row in found if not row.address and row.message.template == template]
        reached = resolver(frozenset(row.recipient_key for row in mine))
        for row in mine:
            where = reached.get(row.recipient_key)
            if where is not None:
                row.address, row.unsubscribe_url = where.address, where.unsubscribe_url
    return found


def told(causes: Collection[str]) -> Exists:
    """Whether a recipient has been sent any of these causes (or is being sent it), for a query that has a column
    `recipient_key` and one `channel`."""
    return Exists(
        Delivery.objects.filter(
            cause__in=causes,
            recipient_key=OuterRef("recipient_key"),
            channel=OuterRef("channel"),
            state__in=[DeliveryState.SENDING, *DeliveryState.left],
        )
    )


def heard_of(causes: Collection[str]) -> Subquery:
    """How many deliveries of these causes a recipient got or will get, for a query as in `told`."""
    rows = Delivery.objects.filter(
        cause__in=causes,
        recipient_key=OuterRef("recipient_key"),
        channel=OuterRef("channel"),
        state__in=[*DeliveryState.live, *DeliveryState.left],
    )
    return Subquery(rows.order_by().values("recipient_key").annotate(count=Count("id")).values("count"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one cause has come. `states` has every state; `recent` left within the last minute."""

    cause: str
    states: Mapping[str, int]
    recent: int
    oldest: dt.datetime | None  # asked for at this moment and due, but not sent


def progress(causes: Collection[str], *, now: dt.datetime) -> dict[str, Progress]:
    """Figures of these causes, three queries however many."""
    rows = Delivery.objects.filter(cause__in=causes).order_by()
    states: dict[str, dict[str, int]] = {cause: dict.fromkeys(DeliveryState.values, 0) for cause in causes}
    for cause, state, count in rows.values_list("cause", "state").annotate(count=Count("id")):
        states[cause][state] = count
    gone = rows.filter(state__in=DeliveryState.left, sent_at__gt=now - dt.timedelta(minutes=1))
    recent = dict(gone.values_list("cause").annotate(count=Count("id")))
    due = rows.filter(state__in=DeliveryState.live, available_at__lte=now)
    oldest = dict(due.values_list("cause").annotate(oldest=Min("created_at")))
    return {
        cause: Progress(
            cause=cause, states=states[cause], recent=recent.get(cause, 0), oldest=oldest.get(cause)
        )
        for cause in causes
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """A delivery that has not left; `id` is its public id."""

    number: int
    id: str
    recipient_key: str
    channel: str
    state: str
    code: str
    attempts: int


def unreached(cause: str, *, after: int = 0, limit: int = 50) -> list[Unreached]:
    """Deliveries of `cause` that did not reach anybody, in order; go on with the last one's `number`."""
    open_states = [state for state in DeliveryState if state not in (*DeliveryState.left, DeliveryState.SUPERSEDED)]
    rows = Delivery.objects.filter(cause=cause, state__in=open_states, pk__gt=after).order_by("pk")[:limit]
    return [
        Unreached(
            number=row.pk, id=row.public_id, recipient_key=row.recipient_key, channel=row.channel, state=row.state,
            code=row.last_error, attempts=row.attempts,
        )
        for row in rows
    ]  # fmt: skip


def failed_for(causes: Collection[str], recipient_keys: Collection[str] | QuerySet[Any, Any]) -> dict[str, int]:
    """cause → how many of these recipients it failed for; absent where none. One query."""
    rows = Delivery.objects.filter(
        cause__in=causes, state__in=[DeliveryState.FAILED, DeliveryState.DEAD], recipient_key__in=recipient_keys
    )
    return dict(rows.order_by().values_list("cause").annotate(count=Count("id")))


def sent_at(causes: Collection[str], recipient_key: str) -> dict[str, dt.datetime | None]:
    """When one recipient was sent these causes; None while it waits, absent where nothing was promised."""
    rows = Delivery.objects.filter(cause__in=causes, recipient_key=recipient_key)
    return dict(rows.values_list("cause", "sent_at"))


def messages_of(cause: str) -> dict[tuple[str, str, str], int]:
    """What has been written for a cause: (template, language, zone) → the message's id."""
    rows = Message.objects.filter(cause=cause).values_list("template", "language", "zone", "pk")
    return {(template, language, zone): pk for template, language, zone, pk in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one person was told, or is about to be."""

    cause: str
    template: str
    channel: str
    address: str
    state: str
    code: str
    asked_at: dt.datetime
    sent_at: dt.datetime | None
    delivered_at: dt.datetime | None
    failed_at: dt.datetime | None


def told_to(*recipient_keys: str, limit: int = 10) -> list[Told]:
    """The newest personal deliveries to one person, newest first; one query, by an index of its own."""
    rows = Delivery.objects.filter(recipient_key__in=recipient_keys, urgency=Urgency.PERSONAL).select_related("message")
    return [
        Told(
            cause=row.cause, template=row.message.template, channel=row.channel, address=row.address, state=row.state,
            code=row.last_error, asked_at=row.created_at, sent_at=row.sent_at, delivered_at=row.delivered_at,
            failed_at=row.failed_at,
        )
        for row in rows.order_by("-id")[:limit]
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One message to a webhook: what it says, how often it was tried, when it is tried next."""

    id: str
    cause: str
    payload: Mapping[str, Any]
    state: str
    code: str
    attempts: int
    asked_at: dt.datetime
    next_at: dt.datetime | None
    sent_at: dt.datetime | None
    failed_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt to hand a message to a webhook. `status` None: nobody answered; `code` empty: it arrived."""

    at: dt.datetime
    status: int | None
    code: str
    milliseconds: int
    answer: str


def posts_to(recipient_key: str, *, limit: int = 50, only: str = "") -> list[Posted]:
    """The newest messages to one webhook, newest first, or (`only`) the one of that public id; one query."""
    rows = Delivery.objects.filter(
        recipient_key=recipient_key, urgency=Urgency.PERSONAL, channel=Channel.WEBHOOK
    ).select_related("message")
    if only:
        rows = rows.filter(public_id=only)
    return [
        Posted(
            id=row.public_id, cause=row.cause, payload=row.message.payloads.get(Channel.WEBHOOK, {}), state=row.state,
            code=row.last_error, attempts=row.attempts, asked_at=row.created_at,
            next_at=row.available_at if row.state == DeliveryState.WAITING else None,
            sent_at=row.sent_at, failed_at=row.failed_at,
        )
        for row in rows.order_by("-id")[:limit]
    ]  # fmt: skip


def tries_of(recipient_key: str, delivery_ids: Collection[str]) -> dict[str, list[Tried]]:
    """Every attempt to hand these messages to one webhook: public id of the message → its tries, the first one first;
    one query."""
    rows = DeliveryAttempt.objects.filter(
        delivery__public_id__in=list(delivery_ids), delivery__recipient_key=recipient_key
    )
    columns = ("delivery__public_id", "at", "status", "code", "milliseconds", "answer")
    found: dict[str, list[Tried]] = {}
    for public_id, *facts in rows.order_by("at", "id").values_list(*columns):
        found.setdefault(public_id, []).append(Tried(*facts))
    return found


def recipient_keys(delivery_ids: Collection[str], *, template_prefix: str) -> dict[str, str]:
    """To whom these deliveries of one app's letters went: public id → recipient key. What comes back by mail names them
    in its Message-ID."""
    rows = Delivery.objects.filter(public_id__in=list(delivery_ids), message__template__startswith=template_prefix)
    return dict(rows.values_list("public_id", "recipient_key"))
