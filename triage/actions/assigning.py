"""Giving a ticket to a colleague: one that nobody has, or on from whoever has it."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from helpdesk.actions import tickets
from helpdesk.enums import Side
from helpdesk.errors import AlreadyTaken
from portal_core import notify
from portal_core.directory.errors import StaffNotFound
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from triage import queries

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Staff


@transaction.atomic
def assign(*, ticket: "Ticket", to: str, held_by: str = "", by: Actor) -> "Staff":
    """To somebody of the ticket's own desk, by their public id, who is told by mail. `held_by`: who has it, as the
    giver saw it; empty: nobody. Raises StaffNotFound for anybody else; AlreadyTaken when it is somebody else's by now,
    TicketClosed."""
    tickets.lock([ticket.pk])
    ticket.refresh_from_db(fields=["owner"])
    if (ticket.owner.public_id if ticket.owner is not None else "") != held_by:
        raise AlreadyTaken
    person = next((one for one in queries.desk_people(ticket) if one.public_id == to), None)
    if person is None:
        raise StaffNotFound
    now = clock.now()
    tickets.take(ticket=ticket, staff=person, over=bool(held_by), by=by)
    audit.record("ticket:assign", by=by, target=ticket, practice_id=ticket.practice_id, at=now, to=to)
    if person.public_id != by.id and person.email:
        page = "triage:it-ticket" if ticket.side == Side.IT else "triage:office-ticket"
        notify.send(
            "triage/given",
            to=notify.Recipient(key=f"staff:{person.public_id}", email=person.email.strip()),
            cause=f"given:{ticket.public_id}:{now.isoformat()}",
            context={
                "reference": ticket.reference, "office": ticket.office.name, "who": by.label,
                "link": settings.PUBLIC_URL + reverse(page, args=[ticket.public_id]),
            },
            leave_out=True,
        )  # fmt: skip
    return person
