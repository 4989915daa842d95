"""The only doors to one ticket: as staff at a desk, or as the one who holds its link."""

from typing import TYPE_CHECKING

from django.core import signing
from django.db.models import Q

from helpdesk.enums import CallOutcome, Side
from helpdesk.errors import CallNotFound, TicketNotFound
from helpdesk.models import PhoneCall, Ticket
from helpdesk.rules.turn import LINK_LIVES_AFTER_CLOSE
from portal_core.directory.enums import Permission
from portal_core.kernel import clock

if TYPE_CHECKING:
    from portal_core.directory.models import Staff

_signer = signing.Signer(salt="helpdesk.ticket", sep=".")


def seen_by(staff: "Staff") -> Q:
    """Tickets this person may open, as a condition.

    An office desk: the tickets of its offices that belong to the office. IT: those of providers and staff, and of
    patients only where the practice opened its support line (C5, C6); a patient's ticket reaches IT as a flag.
    """
    mine = Q(pk__in=[])
    if staff.may(Permission.OFFICE_DESK):
        offices = staff.offices_for(Permission.OFFICE_DESK)
        mine |= Q(side=Side.OFFICE) if offices is None else Q(side=Side.OFFICE, office_id__in=offices)
    if staff.may(Permission.IT_DESK):
        mine |= Q(side=Side.IT)
    return Q(practice_id=staff.practice_id) & mine


def ticket_for(staff: "Staff", public_id: str) -> Ticket:
    """Raises TicketNotFound for everybody the ticket does not concern."""
    ticket = (
        Ticket.objects.filter(seen_by(staff), public_id=public_id)
        .select_related("office", "practice", "owner", "patient")
        .first()
    )
    if ticket is None:
        raise TicketNotFound
    return ticket


def unwritten_call_for(staff: "Staff", public_id: str) -> PhoneCall:
    """A call that one of this person's desks answered and nobody wrote down. Raises CallNotFound."""
    offices = staff.offices_for(Permission.OFFICE_DESK)
    rows = PhoneCall.objects.filter(practice_id=staff.practice_id, public_id=public_id, side=Side.OFFICE)
    if not staff.may(Permission.OFFICE_DESK) or (offices is not None and not rows.filter(office_id__in=offices)):
        raise CallNotFound
    call = rows.filter(outcome=CallOutcome.TALKED).first()
    if call is None:
        raise CallNotFound
    return call


def ticket_token(ticket: Ticket) -> str:
    """The unguessable part of a requester's link. Nothing in it but the ticket's opaque id and a signature."""
    return _signer.sign(ticket.public_id)


def ticket_by_token(token: str) -> Ticket:
    """Raises TicketNotFound for a forged link, and 60 days after the ticket was closed."""
    try:
        public_id = _signer.unsign(token)
    except signing.BadSignature:
        raise TicketNotFound from None
    ticket = Ticket.objects.filter(public_id=public_id).select_related("office__practice", "practice").first()
    if ticket is None:
        raise TicketNotFound
    if ticket.closed_at is not None and ticket.closed_at + LINK_LIVES_AFTER_CLOSE < clock.now():
        raise TicketNotFound
    return ticket
