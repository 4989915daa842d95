"""What is said in a ticket: to the requester, by the requester, among colleagues."""

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets.telling import is_requester, tell, write
from helpdesk.contracts import TicketReplied
from helpdesk.enums import TicketState, Visibility
from helpdesk.models import Ticket, TicketMessage
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor, Event
from portal_core.kernel.enums import ActorKind


@transaction.atomic
def reply(*, ticket: Ticket, body: str, expects_answer: bool = False, by: Actor) -> TicketMessage:
    """Write to the other side.

    Staff: the requester is told by mail; with `expects_answer` the ticket waits for them. Requester: a waiting or
    solved ticket opens again (a week long, then it is closed). Raises TicketClosed, StillAtIT.
    """
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.CLOSED:
        raise errors.TicketClosed
    message = write(ticket, body, Visibility.PATIENT, at=now, by=by)
    events: list[Event] = []
    if is_requester(by):
        if ticket.state == TicketState.SOLVED:
            ticket.reopened_count += 1
        if ticket.state in (TicketState.WAIT_PATIENT, TicketState.CLOSE_LOOP, TicketState.SOLVED):
            ticket.move(TicketState.OPEN, at=now)
    else:
        ticket.first_response_at = ticket.first_response_at or now
        if expects_answer:
            if ticket.relayed_at is not None:
                raise errors.StillAtIT
            ticket.move(TicketState.WAIT_PATIENT, at=now)
        elif ticket.state == TicketState.NEW:
            ticket.move(TicketState.OPEN, at=now)
        events.append(TicketReplied(ticket_id=ticket.public_id, message_id=message.public_id, at=now))
    ticket.save_changes("first_response_at", "reopened_count", at=now)
    tell(ticket, "ticket:reply", *events, at=now, by=by)
    return message


@transaction.atomic
def add_note(*, ticket: Ticket, body: str, by: Actor) -> TicketMessage:
    """An internal note; the requester never sees that it exists."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    message = write(ticket, body, Visibility.INTERNAL, at=now, by=by)
    ticket.save_changes(at=now)
    tell(ticket, "ticket:note", at=now, by=by, quiet=True)
    return message


def requester_of(ticket: Ticket) -> Actor:
    """Whoever holds the link of a ticket. The label is the reference: what was typed as a name proves nothing."""
    return Actor(
        kind=ActorKind.REQUESTER,
        id=ticket.public_id,
        label=f"Requester of {ticket.reference}",
        practice_id=ticket.practice_id,
    )
