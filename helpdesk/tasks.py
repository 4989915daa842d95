"""Pauses run out and solved tickets are closed. A lost run is made up for by the next one."""

from celery import shared_task

from helpdesk.actions import tickets
from helpdesk.enums import PAUSED, TicketState
from helpdesk.models import Ticket
from helpdesk.rules.turn import REOPEN_WITHIN
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM

BATCH = 500


@shared_task(name="helpdesk.wake_tickets")
def wake_tickets() -> int:
    """Wake what is due, close what was solved a week ago; return how many tickets were looked at."""
    now = clock.now()
    due = list(Ticket.objects.filter(state__in=PAUSED, wake_at__lte=now).order_by("wake_at")[:BATCH])
    for ticket in due:
        tickets.wake(ticket=ticket, by=SYSTEM)
    old = Ticket.objects.filter(state=TicketState.SOLVED, solved_at__lte=now - REOPEN_WITHIN).order_by("solved_at")
    ripe = list(old[:BATCH])
    for ticket in ripe:
        tickets.close(ticket=ticket, by=SYSTEM)
    return len(due) + len(ripe)
