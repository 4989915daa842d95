"""Second thoughts about an incident: it does not explain this ticket after all."""

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets.clocks import save
from helpdesk.actions.tickets.telling import tell
from helpdesk.enums import TicketState
from helpdesk.models import Ticket
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor


@transaction.atomic
def leave_incident(*, ticket: Ticket, by: Actor) -> Ticket:
    """It waits for the incident no longer, and is not asked about it when it is over. The desk has it again. Raises
    WrongMove for a ticket that is linked to none, or was asked already."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if not ticket.incident_id or ticket.state not in (TicketState.WAIT_INCIDENT, TicketState.OPEN):
        raise errors.WrongMove
    left = ticket.incident_id
    if ticket.state == TicketState.WAIT_INCIDENT:
        ticket.move(TicketState.OPEN, at=now)
    ticket.incident_id = ""
    save(ticket, "incident_id", at=now)
    tell(ticket, "ticket:leave_incident", at=now, by=by, quiet=True, incident=left)
    return ticket
