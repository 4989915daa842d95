"""Second thoughts about an incident: it does not explain this ticket after all, or it is part of another one."""

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets.clocks import save
from helpdesk.actions.tickets.telling import tell
from helpdesk.enums import LINKED, TicketState
from helpdesk.models import Ticket
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor


@transaction.atomic
def leave_incident(*, ticket: Ticket, by: Actor) -> Ticket:
    """It waits for the incident no longer, and is not asked about it when it is over. The desk has it again, or waits
    on for the answer to its question. Raises WrongMove for a ticket that is linked to none, or was asked already."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if not ticket.incident_id or ticket.state not in LINKED:
        raise errors.WrongMove
    left = ticket.incident_id
    if ticket.state == TicketState.WAIT_INCIDENT:
        ticket.move(TicketState.OPEN, at=now)
    ticket.incident_id = ""
    save(ticket, "incident_id", at=now)
    tell(ticket, "ticket:leave_incident", at=now, by=by, quiet=True, incident=left)
    return ticket


@transaction.atomic
def follow_incident(*, incident_id: str, into: str, by: Actor) -> int:
    """One incident turned out to be part of another: whoever waited for it waits for that one. Nobody is told again;
    they are asked when it is over. Returns how many."""
    now = clock.now()
    waiting = Ticket.objects.filter(incident_id=incident_id, state__in=LINKED)
    moved = 0
    for pk in list(waiting.order_by("id").values_list("id", flat=True)):
        ticket = Ticket.objects.locked(pk)
        if ticket.incident_id == incident_id and ticket.state in LINKED:
            ticket.incident_id = into
            save(ticket, "incident_id", at=now)
            tell(ticket, "ticket:follow_incident", at=now, by=by, left=incident_id, incident=into)
            moved += 1
    return moved
