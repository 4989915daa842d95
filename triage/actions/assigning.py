"""Giving a ticket that nobody has to a colleague."""

from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk.actions import tickets
from portal_core.directory.errors import StaffNotFound
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from triage import queries

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Staff


@transaction.atomic
def assign(*, ticket: "Ticket", to: str, by: Actor) -> "Staff":
    """To somebody of the ticket's own desk, by their public id. Raises StaffNotFound for anybody else; AlreadyTaken,
    TicketClosed."""
    person = next((one for one in queries.desk_people(ticket) if one.public_id == to), None)
    if person is None:
        raise StaffNotFound
    tickets.take(ticket=ticket, staff=person, by=by)
    audit.record("ticket:assign", by=by, target=ticket, practice_id=ticket.practice_id, at=clock.now(), to=to)
    return person
