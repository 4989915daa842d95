"""Second thoughts: for ten seconds a reply, a solving, a joining can be taken back, and nobody outside heard of it."""

import datetime as dt
from typing import Any

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets.clocks import save
from helpdesk.actions.tickets.telling import tell
from helpdesk.enums import UndoKind
from helpdesk.models import Ticket, TicketMessage, TicketUndo
from helpdesk.rules.turn import HOLD
from portal_core.kernel import clock, outbox
from portal_core.kernel.contracts import Actor

# What the three deeds may change. Deadlines are worked out anew.
COLUMNS = (
    "state", "wait_reason", "wake_at", "nudges", "snoozed_until", "snooze_reason", "turn_since", "relayed_at",
    "incident_id", "solved_at", "solved_by", "resolution", "merged_into_id", "merged_at", "first_response_at",
)  # fmt: skip

MOMENTS = frozenset(
    {"wake_at", "snoozed_until", "turn_since", "relayed_at", "solved_at", "merged_at", "first_response_at"}
)


def snapshot(ticket: Ticket) -> dict[str, Any]:
    """The columns as they stand in memory, as JSON."""
    values = {name: getattr(ticket, name) for name in COLUMNS}
    return {name: one.isoformat() if isinstance(one, dt.datetime) else one for name, one in values.items()}


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
        ticket=ticket, kind=kind, by_id=by.id, message=message, before=before, after=snapshot(ticket),
        event_ids=event_ids, at=at, until=at + HOLD,
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
    if snapshot(ticket) == row.after:
        _restore(ticket, row, at=now)
    elif row.kind != UndoKind.REPLY:
        raise errors.TooLateToUndo
    text = _withdraw(row)
    row.undone_at = now
    row.save(update_fields=["undone_at"])
    tell(ticket, f"ticket:undo_{row.kind}", at=now, by=by)
    return ticket, text


def _restore(ticket: Ticket, row: TicketUndo, *, at: dt.datetime) -> None:
    """Not a move of the table: the row stands again as it stood, while nobody outside had heard of the deed."""
    joined = row.before.get("joined", [])
    for name in COLUMNS:
        value = row.before[name]
        if name in MOMENTS and value is not None:
            value = dt.datetime.fromisoformat(value)
        setattr(ticket, name, value)
    save(ticket, "incident_id", "merged_into", "merged_at", "first_response_at", at=at, again=True)
    if joined:
        Ticket.objects.filter(pk__in=joined, merged_into_id=row.after["merged_into_id"]).update(merged_into=ticket)


def _withdraw(row: TicketUndo) -> str:
    message = row.message
    if message is None:
        return ""
    row.message = None
    row.save(update_fields=["message"])
    message.delete()
    return message.body
