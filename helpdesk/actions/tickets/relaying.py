"""While a flag is open at IT. The ticket stays with the office."""

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets.clocks import save
from helpdesk.actions.tickets.telling import tell
from helpdesk.enums import DONE, TicketState
from helpdesk.models import Ticket
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor


@transaction.atomic
def mark_relayed(*, ticket: Ticket, by: Actor) -> Ticket:
    """A flag went to IT. The office stays the owner. Raises AlreadyRelayed; WrongMove, TicketClosed where it has
    ended: what is over is opened again by its requester alone."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.relayed_at is not None:
        raise errors.AlreadyRelayed
    if ticket.state in DONE:
        raise errors.TicketClosed if ticket.state == TicketState.CLOSED else errors.WrongMove
    if ticket.state != TicketState.OPEN:
        ticket.move(TicketState.OPEN, at=now)
    ticket.relayed_at, ticket.turn_since = now, now
    ticket.snoozed_until, ticket.snooze_reason = None, ""
    save(ticket, at=now)
    tell(ticket, "ticket:relay", at=now, by=by)
    return ticket


@transaction.atomic
def mark_returned(*, ticket: Ticket, by: Actor) -> Ticket:
    """The flag came back, answered or declined: the office's move again. Raises NotRelayed."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.relayed_at is None:
        raise errors.NotRelayed
    ticket.relayed_at, ticket.turn_since = None, now
    save(ticket, at=now)
    tell(ticket, "ticket:return", at=now, by=by)
    return ticket
