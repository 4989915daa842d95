"""Second thoughts: for ten seconds a reply, a solving, a joining, or what was done to many tickets at once can be taken
back, and nobody outside heard of it."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from helpdesk import errors
from helpdesk.actions.tickets import guards
from helpdesk.actions.tickets.clocks import cut, save
from helpdesk.actions.tickets.telling import desk_group, nudge, tell
from helpdesk.enums import OURS, Alert, UndoKind
from helpdesk.models import Ticket, TicketLink, TicketMessage, TicketUndo
from helpdesk.rules.turn import HOLD
from portal_core.kernel import clock, outbox
from portal_core.kernel.contracts import Actor
from portal_core.kernel.ids import new_public_id

# What any of the deeds may change. Deadlines are worked out anew. What else one changes, it names itself.
COLUMNS = (
    "state", "wait_reason", "wake_at", "nudges", "snoozed_until", "snooze_reason", "turn_since", "relayed_at",
    "incident_id", "solved_at", "solved_by", "resolution", "merged_into_id", "merged_at", "first_response_at",
)  # fmt: skip

MOMENTS = frozenset(
    {"wake_at", "snoozed_until", "turn_since", "relayed_at", "solved_at", "merged_at", "first_response_at"}
)

# What every restoring writes, whatever the deed was; the columns of state and turn come with the clocks.
ALWAYS: Final = ("incident_id", "merged_into", "merged_at", "first_response_at")
FIELDS: Final = {
    "owner_id": "owner", "office_id": "office", "category": "category", "subject": "subject", "side": "side",
    "requester_kind": "requester_kind",
}  # fmt: skip
_one: ContextVar[str] = ContextVar("helpdesk.undo.one", default="")


@contextmanager
def as_one() -> Iterator[str]:
    """Whatever is held inside is taken back together: `undo_all(batch=…)` with the id this yields."""
    batch = new_public_id()
    token = _one.set(batch)
    try:
        yield batch
    finally:
        _one.reset(token)


def held(hold: bool, at: dt.datetime) -> dt.datetime | None:
    """Until when the events of a deed are held back; None: they leave at once."""
    return at + HOLD if hold else None


def snapshot(ticket: Ticket, *more: str) -> dict[str, Any]:
    """The columns, and these, as they stand in memory, as JSON."""
    values = {name: getattr(ticket, name) for name in (*COLUMNS, *more)}
    return {name: one.isoformat() if isinstance(one, dt.datetime) else one for name, one in values.items()}


def hanging(ticket: Ticket) -> dict[str, Any]:
    """What a desk may tie to a ticket without moving it: whom it is about, and how much is said and joined."""
    links = TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket))
    return {
        "patient": ticket.patient_id, "messages": ticket.messages.count(), "joined": ticket.merged.count(),
        "links": links.count(),
    }  # fmt: skip


def remember(
    ticket: Ticket,
    kind: UndoKind,
    before: dict[str, Any],
    event_ids: list[str],
    *,
    message: TicketMessage | None = None,
    at: dt.datetime,
    by: Actor,
) -> TicketUndo:
    """Keep what is needed to take it back; inside the deed's transaction, after the ticket was saved."""
    return TicketUndo.objects.create(
        ticket=ticket, kind=kind, by_id=by.id, message=message, before=before, after=snapshot(ticket, *_more(before)),
        event_ids=event_ids, at=at, until=at + HOLD, batch=_one.get(),
    )  # fmt: skip


@transaction.atomic
def undo(*, undo_id: str, by: Actor) -> tuple[Ticket, str]:
    """Take back one's own deed; return the ticket and the text of a reply, for the draft. Pressing twice is once.

    Raises UndoNotFound for anybody else's, TooLateToUndo after ten seconds, or when the ticket moved on meanwhile.
    """
    now = clock.now()
    row = TicketUndo.objects.select_for_update().filter(public_id=undo_id, by_id=by.id).first()
    if row is None:
        raise errors.UndoNotFound
    if row.undone_at is not None:
        return Ticket.objects.locked(row.ticket_id), ""
    # The events before the ticket, in the order of the worker: it holds its event while the handler reads the ticket.
    if row.until <= now or not all(outbox.recall(event_id) for event_id in row.event_ids):
        raise errors.TooLateToUndo
    ticket = Ticket.objects.locked(row.ticket_id)
    if "hanging" in row.before and row.before["hanging"] != hanging(ticket):
        raise errors.TooLateToUndo  # what one desk knows by now would go to the other (TR-01)
    if snapshot(ticket, *_more(row.before)) == row.after:
        _restore(ticket, row, at=now)
        guards.take_back(ticket, row.before.get("kept", {}), at=now, by=by)
    elif row.kind != UndoKind.REPLY:
        raise errors.TooLateToUndo
    text = _withdraw(row)
    row.undone_at = now
    row.save(update_fields=["undone_at"])
    tell(ticket, f"ticket:undo_{row.kind}", at=now, by=by)
    return ticket, text


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of taking back many: the tickets that stand as before, and those for which it was too late."""

    back: list[Ticket]
    late: list[Ticket]


@transaction.atomic
def undo_all(*, batch: str, by: Actor) -> TakenBack:
    """Take back what one did to many at once, each for itself: what was answered meanwhile stays. Pressing twice is
    once. Raises UndoNotFound for anybody else's."""
    rows = TicketUndo.objects.filter(batch=batch, by_id=by.id).select_related("ticket") if batch else []
    found = TakenBack([], [])
    for row in sorted(rows, key=lambda one: one.ticket_id):
        try:
            found.back.append(undo(undo_id=row.public_id, by=by)[0])
        except errors.TooLateToUndo:
            found.late.append(row.ticket)
    if not (found.back or found.late):
        raise errors.UndoNotFound
    return found


def _more(before: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in FIELDS if name in before)


def _restore(ticket: Ticket, row: TicketUndo, *, at: dt.datetime) -> None:
    """Not a move of the table: the row stands again as it stood, while nobody outside had heard of the deed."""
    joined, more, left = row.before.get("joined", []), _more(row.before), desk_group(ticket)
    if row.before.get("office_id", ticket.office_id) != ticket.office_id:
        cut(ticket, at=at)
    for name in (*COLUMNS, *more):
        value = row.before[name]
        if name in MOMENTS and value is not None:
            value = dt.datetime.fromisoformat(value)
        setattr(ticket, name, value)
    if ticket.state not in OURS:
        ticket.due_at, ticket.resolve_due_at, ticket.alert, ticket.alert_at = None, None, Alert.NONE, None
    save(ticket, *ALWAYS, *(FIELDS[name] for name in more), at=at, again=True)
    if joined:
        Ticket.objects.filter(pk__in=joined, merged_into_id=row.after["merged_into_id"]).update(merged_into=ticket)
    if left != desk_group(ticket):
        nudge(ticket, left)


def _withdraw(row: TicketUndo) -> str:
    message = row.message
    if message is None:
        return ""
    row.message = None
    row.save(update_fields=["message"])
    message.delete()
    return message.body
