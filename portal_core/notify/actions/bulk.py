"""Promising deliveries to very many, with no recipient passing through Python.

The app writes each wording once (`write`) and hands over a query that yields one row per delivery (`promise_query`);
the database copies it into the ledger. Addresses stay where the app keeps them: `hooks.resolve_addresses` tells them.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from portal_core.notify.actions.messages import said, wake
from portal_core.notify.enums import Channel, DeliveryState, Urgency
from portal_core.notify.models import Delivery

# What a query for `promise_query` has to yield, by these names. `first_state` is waiting or held, `reason` why.
COLUMNS = (
    "recipient_key", "channel", "message_id", "first_state", "reason", "available_at", "not_after",
)  # fmt: skip

# Thrown once for each row: a second throw costs PostgreSQL as much as a whole index does.
_DICE = {"postgresql": "gen_random_uuid()::text", "sqlite": "lower(hex(randomblob(10)))"}
# Twenty hexadecimal digits, 80 random bits: all of them letters of kernel.ids.ALPHABET. Of a UUID the parts that say
# nothing of its kind.
_NEW_PUBLIC_ID = {"postgresql": "left(asked.dice, 8) || right(asked.dice, 12)", "sqlite": "asked.dice"}


@transaction.atomic
def write(
    template: str,
    *,
    cause: str,
    context: Mapping[str, Any],
    language: str,
    zone: str = "",
    payloads: Mapping[str, Mapping[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
    channels: tuple[Channel, ...] = (Channel.EMAIL, Channel.SMS),
) -> int:
    """Write down what is said in one language and zone; return the message's id. `channels`: what is rendered for.

    Once per (cause, template, language, zone): later calls get the first wording. `payloads`: channel → JSON object,
    for channels of `Channel.posted`. Raises BadHeader, BadSubject, TemplateDoesNotExist.
    """
    message = said(
        template, cause=cause, language=language, zone=zone, context=context, channels=channels,
        payloads=payloads or {}, headers=headers or {}, unsubscribable=True, now=clock.now(),
    )  # fmt: skip
    return int(message.pk)


@transaction.atomic
def promise_query(rows: "QuerySet[Any, Any]", *, cause: str, urgency: Urgency = Urgency.BULK) -> int:
    """Copy a query's rows into the ledger; return how many were new.

    `rows` yields COLUMNS (annotate what the table does not have). A row that stands already, by (cause, recipient key,
    channel), is left alone, so the same call twice promises once.
    """
    now = clock.now()
    sql, params = rows.values(*COLUMNS).order_by().query.sql_with_params()
    stamp = connection.ops.adapt_datetimefield_value(now)
    statement = f"""
        INSERT INTO notify_delivery (
            public_id, message_id, cause, recipient_key, channel, address, unsubscribe_url, urgency, state, attempts,
            available_at, not_after, claimed_by, provider_id, created_at, last_error
        )
        SELECT {_NEW_PUBLIC_ID[connection.vendor]}, asked.message_id, %s, asked.recipient_key, asked.channel, '', '',
               {int(urgency)}, asked.first_state, 0, asked.available_at, asked.not_after, '', '', %s, asked.reason
        FROM (SELECT wanted.*, {_DICE[connection.vendor]} AS dice FROM ({sql}) AS wanted) AS asked
        WHERE true
        ON CONFLICT (cause, recipient_key, channel) DO NOTHING
    """  # noqa: S608 - no value stands in this text but an integer and an expression of ours
    with connection.cursor() as cursor:
        cursor.execute(statement, (cause, stamp, *params))
        written: int = cursor.rowcount
    if written:
        wake()
    return written


@transaction.atomic
def supersede(*, causes: Collection[str], cause: str, recipient_keys: "QuerySet[Any, Any]") -> int:
    """Deliveries of older `causes` that these recipients have not been sent stay here: they get `cause` instead.

    Whatever is being sent at this moment goes out, and a webhook's reader keeps its own books: it gets every event.
    Returns how many were replaced.
    """
    older = Delivery.objects.filter(cause__in=causes, state__in=_REPLACEABLE).exclude(channel=Channel.WEBHOOK)
    if not causes or not older.exists():
        return 0
    newer = Delivery.objects.filter(cause=cause, recipient_key=OuterRef("recipient_key"), channel=OuterRef("channel"))
    replaced: int = older.filter(Exists(newer), recipient_key__in=recipient_keys).move(
        DeliveryState.SUPERSEDED, last_error=_replaced_by(cause)
    )
    return replaced


@transaction.atomic
def take_back(*, cause: str, causes: Collection[str], taken_back: Collection[str] = (), by: Actor) -> int:
    """Cancel what has not left yet; what it had replaced of `causes` waits again, for its own moment: somebody's quiet
    hours still count. So does what was replaced by `taken_back`, causes that had been taken back before. Returns how
    many were stopped."""
    stopped: int = Delivery.objects.filter(cause=cause, state__in=_REPLACEABLE).move(
        DeliveryState.CANCELLED, last_error="taken_back"
    )
    replaced_by = [_replaced_by(one) for one in (cause, *taken_back)]
    again = Delivery.objects.filter(cause__in=causes, last_error__in=replaced_by).move_from(
        [DeliveryState.SUPERSEDED], DeliveryState.WAITING, last_error=""
    )
    audit.record("delivery:take-back", by=by, cause=cause, count=stopped, again=again)
    if again:
        wake()
    return stopped


@transaction.atomic
def try_cause_again(*, cause: str, by: Actor, not_after: dt.datetime | None = None) -> int:
    """Give every failed and dead delivery of one cause another round of attempts; return how many."""
    moved: int = Delivery.objects.filter(cause=cause).move_from(
        DeliveryState.lost, DeliveryState.WAITING, available_at=clock.now(), attempts=0, failed_at=None, last_error="",
        **({"not_after": not_after} if not_after is not None else {}),
    )  # fmt: skip
    if moved:
        audit.record("delivery:try-again", by=by, cause=cause, count=moved)
        wake()
    return moved


_REPLACEABLE = (DeliveryState.WAITING, DeliveryState.HELD)


def _replaced_by(cause: str) -> str:
    return f"by:{cause}"[:60]
