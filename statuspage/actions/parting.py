"""One part of the subscribers: for each of them which words, when, and whether right now. All in the database."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db.models import BigIntegerField, Case, CharField, DateTimeField, Expression, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Concat

from portal_core.notify import queries as deliveries
from portal_core.notify.actions import bulk
from portal_core.notify.enums import DeliveryState
from statuspage.actions import announcing
from statuspage.actions.announcing import Wording
from statuspage.enums import FanOutState, Impact, PublicationKind, Way
from statuspage.models import FanOut
from statuspage.rules.quiet import wakes_at

NOT_AFTER = dt.timedelta(hours=2)  # older news is no news: the page has it, and nobody wants it in the morning
WINDOW = dt.timedelta(hours=1)
DIGEST = "digest"  # why a delivery is held: it goes into the summary at the end of the hour

People = QuerySet[Any, Any]


def base_of(row: FanOut) -> dt.datetime:
    """When its news became news: at publication, or when somebody released it."""
    return row.decided_at or row.published_at


def older(row: FanOut) -> "QuerySet[FanOut]":
    """The fan-outs of the same event's earlier messages, in the order of publication, whichever was begun first."""
    return FanOut.objects.filter(incident_id=row.incident_id, update_id__lt=row.update_id)


def locked_older(row: FanOut) -> list[FanOut]:
    """The same, newest first, locked. Whoever locks several fan-outs of one event does it in this order."""
    rows = older(row).select_related("update").order_by("-update_id")
    return list(rows.select_for_update(of=("self",)))


def earlier_causes(row: FanOut) -> list[str]:
    """Under which names the older news of the same event stand in the ledger."""
    return [other.cause for other in older(row).select_related("update")]


def promise(row: FanOut, people: People, *, now: dt.datetime) -> int:
    """Write the deliveries of these people; return how many were new. Newer news replace older, unsent ones."""
    choices = list(
        people.order_by()
        .values_list("language", "time_zone", "quiet_from", "quiet_until", "quiet_bypass")
        .distinct()
    )  # fmt: skip
    if not choices:
        return 0
    default = row.incident.page.time_zone
    wordings = {(language, zone): _wording(language, zone, default) for language, zone, *_quiet in choices}
    begins = max(base_of(row), row.undo_until or base_of(row))

    def moments(earliest: dt.datetime) -> dict[tuple[Any, ...], dt.datetime]:
        return {
            (zone, quiet_from, quiet_until, bypass): wakes_at(
                earliest,
                quiet_from=None if bypass and row.incident.impact == Impact.CRITICAL else quiet_from,
                quiet_until=quiet_until,
                zone=zone or default,
            )
            for _language, zone, quiet_from, quiet_until, bypass in choices
        }

    keyed = people.annotate(
        recipient_key=Concat(Value("subscriber:"), F("public_id"), output_field=CharField()), channel=F("way")
    )
    leaves = moments(begins)
    rows: People = keyed.annotate(
        message_id=_message(row, wordings),
        first_state=_text(DeliveryState.WAITING),
        reason=_text(""),
        available_at=_by_quiet(leaves),
        not_after=_by_quiet({which: moment + NOT_AFTER for which, moment in leaves.items()}),
    )
    causes = _crowding(row)
    if causes:
        rows = _throttled(rows, causes, moments(max(begins, min(causes.values()) + WINDOW)))
    written = bulk.promise_query(rows, cause=row.cause)
    if written:
        bulk.supersede(
            causes=earlier_causes(row), cause=row.cause, recipient_keys=keyed.order_by().values("recipient_key")
        )
    return written


def _wording(language: str, zone: str, default: str) -> Wording:
    return (language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE, zone or default)


def _message(row: FanOut, wordings: Mapping[tuple[str, str], Wording]) -> Expression:
    """Which message somebody gets. Whoever has not been sent anything of this incident is told of it as new."""
    kinds = [row.kind]
    if row.kind == PublicationKind.UPDATED:
        kinds.append(announcing.news_kind(row))
    found = announcing.messages_of(row, kinds, set(wordings.values()))

    def by_wording(kind: str) -> Expression:
        return _case(
            ((Q(language=language, time_zone=zone), found[kind, wording])
             for (language, zone), wording in wordings.items()),
            output_field=BigIntegerField(),
        )  # fmt: skip

    if len(kinds) == 1:
        return by_wording(row.kind)
    return Case(
        When(deliveries.told(earlier_causes(row)), then=by_wording(kinds[0])),
        default=by_wording(kinds[1]),
        output_field=BigIntegerField(),
    )


def _by_quiet(moments: Mapping[tuple[Any, ...], dt.datetime]) -> Expression:
    return _case(
        ((Q(time_zone=zone, quiet_from=quiet_from, quiet_until=quiet_until, quiet_bypass=bypass), moment)
         for (zone, quiet_from, quiet_until, bypass), moment in moments.items()),
        output_field=DateTimeField(),
    )  # fmt: skip


def _case(branches: Iterable[tuple[Q, Any]], output_field: Any) -> Expression:
    """The shortest expression that says it: most installations have one language, one zone and nobody's quiet hours."""
    rows = list(branches)
    if len({value for _condition, value in rows}) == 1:
        return Value(rows[0][1], output_field=output_field)
    whens = [When(condition, then=Value(value, output_field=output_field)) for condition, value in rows]
    return Case(*whens, output_field=output_field)


def _crowding(row: FanOut) -> dict[str, dt.datetime]:
    """The publications of the hour before (cause → time), when they are so many that somebody may have heard of enough.
    Critical news goes out whatever came before."""
    most = settings.STATUS_MAILS_PER_HOUR
    if not most or row.incident.impact == Impact.CRITICAL:
        return {}
    others = FanOut.objects.filter(
        incident__page_id=row.incident.page_id, published_at__gt=row.published_at - WINDOW,
        update_id__lt=row.update_id,
        state__in=(FanOutState.RUNNING, FanOutState.DONE),
    )  # fmt: skip
    recent = {other.cause: other.published_at for other in others.select_related("update")}
    return recent if len(recent) >= most else {}


def _throttled(
    people: People, causes: Mapping[str, dt.datetime], ends: Mapping[tuple[Any, ...], dt.datetime]
) -> People:
    """Hold what would be one mail too many within an hour for its summary at the end of it."""
    people = people.annotate(heard=Coalesce(deliveries.heard_of(list(causes)), 0))
    many = Q(heard__gte=settings.STATUS_MAILS_PER_HOUR) & ~Q(way=Way.WEBHOOK)
    held = {"first_state": _text(DeliveryState.HELD), "reason": _text(DIGEST), "available_at": _by_quiet(ends)}
    throttled: People = people.annotate(
        **{name: Case(When(many, then=value), default=F(name)) for name, value in held.items()}
    )
    return throttled


def _text(value: str) -> Value:
    return Value(str(value), output_field=CharField())
