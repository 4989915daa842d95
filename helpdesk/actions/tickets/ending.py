"""How a ticket ends."""

import datetime as dt

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets import guards
from helpdesk.actions.tickets.clocks import save
from helpdesk.actions.tickets.telling import tell, write
from helpdesk.actions.tickets.undoing import held, remember, snapshot
from helpdesk.contracts import TicketSolved
from helpdesk.enums import Deed, Resolution, TicketState, UndoKind, Visibility
from helpdesk.models import Ticket
from helpdesk.rules import turn as rules
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor


@transaction.atomic
def solve(*, ticket: Ticket, resolution: Resolution, note: str = "", hold: bool = False, by: Actor) -> Ticket:
    """Done. With `hold` the requester hears of it ten seconds later, and until then it may be undone.

    Raises StillAtIT while a flag is open (and what the guards raise), WrongMove or TicketClosed when it is already
    done.
    """
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    kept = guards.ask(ticket, Deed.END, at=now, by=by)
    if ticket.relayed_at is not None:
        raise errors.StillAtIT
    before = snapshot(ticket)
    mark_solved(ticket, resolution, at=now, by=by)
    if note.strip():
        write(ticket, note, Visibility.INTERNAL, at=now, by=by)
    save(ticket, at=now)
    until = held(hold, now)
    events = tell(
        ticket, "ticket:solve", solved_event(ticket, at=now), at=now, by=by, quiet=hold, not_before=until,
        resolution=str(resolution),
    )  # fmt: skip
    if hold:
        remember(ticket, UndoKind.SOLVE, {**before, "kept": kept}, events, at=now, by=by)
    return ticket


@transaction.atomic
def close(*, ticket: Ticket, by: Actor) -> Ticket:
    """Final, a week after it was solved. Before its time, nothing."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state != TicketState.SOLVED or ticket.solved_at is None or ticket.solved_at + rules.REOPEN_WITHIN > now:
        return ticket
    ticket.move(TicketState.CLOSED, at=now)
    save(ticket, at=now)
    tell(ticket, "ticket:close", at=now, by=by)
    return ticket


def mark_solved(ticket: Ticket, resolution: Resolution, *, at: dt.datetime, by: Actor) -> None:
    ticket.move(TicketState.SOLVED, at=at)
    ticket.solved_at, ticket.solved_by, ticket.resolution = at, by.label[:120], resolution


def solved_event(ticket: Ticket, *, at: dt.datetime) -> TicketSolved:
    return TicketSolved(ticket_id=ticket.public_id, resolution=ticket.resolution, incident_id=ticket.incident_id, at=at)
