"""What follows at the support desk when something happened below. Each may run twice."""

from helpdesk.actions.tickets import it_group
from helpdesk.contracts import TicketSolved, TicketStillBroken
from helpdesk.queries import tickets_of_incident
from portal_core.kernel import realtime
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.outbox import handles
from statuspage.contracts import IncidentPublished
from triage.actions import incidents, playbook


@handles(IncidentPublished)
def close_the_loop(event: IncidentPublished) -> None:
    """An incident is over: whoever waited for it is asked whether it works again."""
    if event.kind == "resolved":
        incidents.close_loop(incident_id=event.incident_id, by=SYSTEM)
        _count_again(event.incident_id)


@handles(TicketStillBroken)
def show_dissent(event: TicketStillBroken) -> None:
    """Somebody says it is not over."""
    _count_again(event.incident_id)


@handles(TicketSolved)
def finish_flags(event: TicketSolved) -> None:
    """Solved implies no open flag, whoever solved it (the patient's own "yes", or silence)."""
    playbook.finish_flags_of(ticket_id=event.ticket_id, by=SYSTEM)
    if event.incident_id:
        _count_again(event.incident_id)


def _count_again(incident_id: str) -> None:
    """The consoles that show this incident fetch its numbers anew."""
    for practice in {row.practice.public_id for row in tickets_of_incident(incident_id)}:
        realtime.push(it_group(practice), {"type": "incident.changed", "id": incident_id})
