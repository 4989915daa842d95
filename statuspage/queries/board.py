"""How far the telling has come: figures for the delivery board. No list here reads more rows than it shows."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import CharField, Value
from django.db.models.functions import Concat

from portal_core.notify import queries as deliveries
from portal_core.notify.enums import DeliveryState
from statuspage.enums import FAN_OUT_TONES, FanOutState, PublicationKind
from statuspage.errors import FanOutNotFound
from statuspage.models import FanOut, Subscriber
from statuspage.rules.addresses import Unreadable, masked
from statuspage.rules.pace import Pace, pace

NEWEST = 20
SLOW = dt.timedelta(seconds=60)  # what the canary may take before we worry
KIND_LABELS = dict(PublicationKind.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One fan-out on the board. `states`: deliveries by state; `planned`: how many people were to hear of it;
    `set_aside`: subscribers in quarantine whom it could not reach, what its failures cost."""

    id: str
    incident_id: str
    name: str
    kind: str
    label: str
    state: str
    published_at: dt.datetime
    planned: int
    states: dict[str, int]
    set_aside: int
    pace: Pace
    oldest_seconds: int | None
    undo_until: dt.datetime | None
    decided_by: str

    def count(self, *states: str) -> int:
        return sum(self.states.get(state, 0) for state in states)

    @property
    def queued(self) -> int:
        return self.count("waiting", "sending")

    @property
    def sent(self) -> int:
        return self.count("sent", "delivered")

    @property
    def delivered(self) -> int:
        return self.count("delivered")

    @property
    def failed(self) -> int:
        return self.count("failed", "dead")

    @property
    def held(self) -> int:
        return self.count("held")

    @property
    def superseded(self) -> int:
        return self.count("superseded")

    @property
    def dropped(self) -> int:
        """Not wanted any more, too late, or taken back."""
        return self.count("cancelled", "expired")

    @property
    def promised(self) -> int:
        return sum(self.states.values())

    @property
    def is_held(self) -> bool:
        return self.state == FanOutState.HELD

    @property
    def is_running(self) -> bool:
        return self.state == FanOutState.RUNNING

    @property
    def tone(self) -> str:
        return FAN_OUT_TONES[FanOutState(self.state)]

    @property
    def state_label(self) -> str:
        return "Held" if self.is_held else str(FanOutState(self.state).label)


def board(*, now: dt.datetime, limit: int = NEWEST) -> list[Told]:
    """The newest fan-outs with their figures; five queries however many."""
    rows = FanOut.objects.select_related("update", "incident").order_by("-published_at", "-pk")[:limit]
    return _told(list(rows), now)


def held(*, now: dt.datetime) -> list[Told]:
    """Those that wait for somebody's word, the oldest first."""
    rows = FanOut.objects.filter(state=FanOutState.HELD).select_related("update", "incident")
    return _told(list(rows.order_by("published_at", "pk")[:NEWEST]), now)


def told(public_id: str, *, now: dt.datetime) -> Told:
    """One fan-out, with figures of this moment. Raises FanOutNotFound."""
    row = _row(public_id)
    row.settled_at = None
    return _told([row], now)[0]


def undoable(incident_id: str, *, now: dt.datetime) -> FanOut | None:
    """The newest fan-out of an incident while it can still be taken back."""
    rows = FanOut.objects.filter(incident__public_id=incident_id, undo_until__gt=now)
    return rows.filter(state__in=[FanOutState.RUNNING, FanOutState.DONE]).order_by("-published_at", "-pk").first()


def _told(rows: list[FanOut], now: dt.datetime) -> list[Told]:
    moving = [row.cause for row in rows if row.settled_at is None]
    figures = deliveries.progress(moving, now=now) if moving else {}
    lost = _set_aside(rows)
    return [_one(row, figures.get(row.cause), lost.get(row.cause, 0), now) for row in rows]


def _set_aside(rows: list[FanOut]) -> dict[str, int]:
    if not rows:
        return {}
    since = Subscriber.objects.filter(quarantined_at__gte=min(row.published_at for row in rows), unsubscribed_at=None)
    keys = since.values_list(Concat(Value("subscriber:"), "public_id", output_field=CharField()), flat=True)
    return deliveries.failed_for([row.cause for row in rows], keys)


def _one(row: FanOut, figures: deliveries.Progress | None, set_aside: int, now: dt.datetime) -> Told:
    states = {state: count for state, count in figures.states.items() if count} if figures is not None else row.tally
    queued = sum(states.get(state, 0) for state in DeliveryState.live)
    oldest = figures.oldest if figures is not None else None
    return Told(
        id=row.public_id,
        incident_id=row.incident.public_id,
        name=row.incident.name,
        kind=row.kind,
        label=str(KIND_LABELS.get(row.kind, row.kind)),
        state=row.state,
        published_at=row.published_at,
        planned=row.people,
        states=dict(states),
        set_aside=set_aside,
        pace=pace(queued=queued, last_minute=figures.recent if figures is not None else 0),
        oldest_seconds=int((now - oldest).total_seconds()) if oldest is not None else None,
        undo_until=row.undo_until if _can_undo(row, now) else None,
        decided_by=row.decided_by,
    )


def _can_undo(row: FanOut, now: dt.datetime) -> bool:
    going = row.state in (FanOutState.RUNNING, FanOutState.DONE)
    return going and row.undo_until is not None and row.undo_until > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Our own mailbox, by which the way out is measured. `seconds`: from publish to sent, of the newest publication;
    None while it has not left. `slow`: it took, or is taking, more than a minute."""

    exists: bool
    seconds: float | None = None
    waiting_seconds: float | None = None
    median: float | None = None
    slow: bool = False


def canary(*, now: dt.datetime) -> Canary:
    """How long the newest publications took to the canary; three queries."""
    subscriber = Subscriber.objects.filter(is_canary=True).reachable().order_by("pk").first()
    if subscriber is None:
        return Canary(exists=False)
    rows = list(
        FanOut.objects.filter(state__in=[FanOutState.RUNNING, FanOutState.DONE], created_at__gte=subscriber.created_at)
        .select_related("update")
        .order_by("-published_at", "-pk")[:10]
    )
    begins = {row.cause: max(row.decided_at or row.published_at, row.undo_until or row.published_at) for row in rows}
    found = deliveries.sent_at(list(begins), subscriber.key)
    taken = [(sent - begins[row.cause]).total_seconds() for row in rows if (sent := found.get(row.cause)) is not None]
    newest = next((row.cause for row in rows if row.cause in found), None)
    waits = newest is not None and found[newest] is None
    waiting = (now - begins[newest]).total_seconds() if waits and newest is not None else None
    last = None if waits or not taken else taken[0]
    return Canary(
        exists=True,
        seconds=last,
        waiting_seconds=waiting,
        median=sorted(taken)[len(taken) // 2] if taken else None,
        slow=max(last or 0, waiting or 0) > SLOW.total_seconds(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReached:
    """Somebody who has not got a publication; the address is masked. `number` is where the next page begins."""

    number: int
    subscriber_id: str
    address: str
    way: str
    state: str
    label: str
    code: str


def not_reached(public_id: str, *, after: int = 0, limit: int = 50) -> list[NotReached]:
    """Who has not been reached by a fan-out, in pages; three queries. Raises FanOutNotFound.

    Those set aside or gone since are among them: their delivery stands here as dropped.
    """
    rows = deliveries.unreached(_row(public_id).cause, after=after, limit=limit)
    ids = [row.recipient_key.removeprefix("subscriber:") for row in rows]
    people = {person.public_id: person for person in Subscriber.objects.filter(public_id__in=ids)}
    return list(_masked(rows, people))


def _masked(rows: Iterable[deliveries.Unreached], people: dict[str, Subscriber]) -> Iterable[NotReached]:
    for row in rows:
        subscriber_id = row.recipient_key.removeprefix("subscriber:")
        person = people.get(subscriber_id)
        try:
            address = masked(person.way, person.address) if person is not None else ""
        except Unreadable:
            address = ""
        yield NotReached(
            number=row.number,
            subscriber_id=subscriber_id if person is not None else "",
            address=address,
            way=row.channel,
            state=row.state,
            label=str(DeliveryState(row.state).label),
            code=row.code,
        )


def _row(public_id: str) -> FanOut:
    row = FanOut.objects.select_related("update", "incident").filter(public_id=public_id).first()
    if row is None:
        raise FanOutNotFound
    return row
