"""Whether we solved it, in the requester's words."""

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets.clocks import save
from helpdesk.actions.tickets.telling import tell, write
from helpdesk.enums import ENDED, TicketState, Visibility
from helpdesk.models import Ticket, TicketRating
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor


@transaction.atomic
def rate(*, ticket: Ticket, solved: bool, comment: str = "", round: int, by: Actor) -> TicketRating:
    """Yes or no, once per solving (`round` is the ticket's count of reopenings on the page that asked); a second answer
    replaces the first. "No" reopens within the week. Raises WrongMove when nobody asked."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    given = TicketRating.objects.filter(ticket=ticket, round=round).first()
    if ticket.state not in ENDED or ticket.reopened_count != round:
        if given is None:
            raise errors.WrongMove
        return given  # a double click after "no" reopened it
    rating, _created = TicketRating.objects.update_or_create(
        ticket=ticket, round=round, defaults={"solved": solved, "comment": comment.strip(), "at": now}
    )
    if comment.strip():
        write(ticket, comment, Visibility.PATIENT, at=now, by=by)
    reopens = not solved and ticket.state == TicketState.SOLVED
    if reopens:
        ticket.reopened_count += 1
        ticket.move(TicketState.OPEN, at=now)
    save(ticket, "reopened_count", at=now)
    tell(ticket, "ticket:rate", at=now, by=by, solved=solved, reopened=reopens)
    return rating
