"""How a ticket ends."""

import datetime as dt

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets.telling import tell, write
from helpdesk.contracts import TicketSolved
from helpdesk.enums import Resolution, TicketState, Visibility
from helpdesk.models import Ticket
from helpdesk.rules import turn as rules
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor


@transaction.atomic
def solve(*, ticket: Ticket, resolution: Resolution, note: str = "", by: Actor) -> Ticket:
    """Done. Raises StillAtIT while a flag is open, WrongMove or TicketClosed when it is already done."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.relayed_at is not None:
        raise errors.StillAtIT
    mark_solved(ticket, resolution, at=now, by=by)
    if note.strip():
        write(ticket, note, Visibility.INTERNAL, at=now, by=by)
    ticket.save_changes(at=now)
    event = solved_event(ticket, at=now)
    tell(ticket, "ticket:solve", event, at=now, by=by, resolution=str(resolution))
    return ticket


@transaction.atomic
def close(*, ticket: Ticket, by: Actor) -> Ticket:
    """Final, a week after it was solved. Before its time, nothing."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state != TicketState.SOLVED or ticket.solved_at is None or ticket.solved_at + rules.REOPEN_WITHIN > now:
        return ticket
    ticket.move(TicketState.CLOSED, at=now)
    ticket.save_changes(at=now)
    tell(ticket, "ticket:close", at=now, by=by)
    return ticket


def mark_solved(ticket: Ticket, resolution: Resolution, *, at: dt.datetime, by: Actor) -> None:
    ticket.move(TicketState.SOLVED, at=at)
    ticket.solved_at, ticket.solved_by, ticket.resolution = at, by.label[:120], resolution


def solved_event(ticket: Ticket, *, at: dt.datetime) -> TicketSolved:
    return TicketSolved(ticket_id=ticket.public_id, resolution=ticket.resolution, incident_id=ticket.incident_id, at=at)
