"""Calls that people write down: what came of them, how long they lasted, what made one suspicious (HD-08, HD-13)."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets import clocks
from helpdesk.actions.tickets.conversation import hear
from helpdesk.actions.tickets.telling import tell
from helpdesk.enums import CallDirection, CallOutcome, CallState, Side, TicketState
from helpdesk.models import PhoneCall, Ticket
from helpdesk.queries.calls import missed_with
from portal_core.directory.enums import Hat
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Staff


@transaction.atomic
def write_down(
    *,
    ticket: Ticket,
    staff: "Staff",
    direction: CallDirection,
    outcome: CallOutcome,
    seconds: int = 0,
    phone: str = "",
    red_flags: Sequence[str] = (),
    answers: bool = True,
    answered: bool = False,
    by: Actor,
) -> PhoneCall:
    """A call that was just made or taken, on its ticket. Talking to the requester answers them: it is the first
    response where there was none, unless they were only told who will (`answers`). What they say answers us: where they
    called, or were called and `answered`, nobody waits for them any longer. Raises TicketClosed."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state in (TicketState.CLOSED, TicketState.MERGED):
        raise errors.TicketClosed
    call = PhoneCall.objects.create(
        practice_id=ticket.practice_id, office=ticket.office, ticket=ticket, staff=staff, direction=direction,
        side=Side.IT if by.hat == Hat.IT else Side.OFFICE,
        state=CallState.ENDED, outcome=outcome, requester_kind=ticket.requester_kind,
        phone=phone or ticket.requester_phone, red_flags=list(red_flags),
        started_at=now - dt.timedelta(seconds=seconds), ended_at=now,
        seconds=seconds if outcome == CallOutcome.TALKED else None,
    )  # fmt: skip
    _note(ticket, call, staff, answers=answers, answered=answered, at=now, by=by)
    return call


@transaction.atomic
def adopt(
    *,
    call: PhoneCall,
    ticket: Ticket,
    staff: "Staff",
    red_flags: Sequence[str] = (),
    answers: bool = True,
    by: Actor,
) -> PhoneCall:
    """Say which ticket a call of the line belongs to, once it is written down. Raises WrongOffice, CallWrittenDown."""
    now, call = clock.now(), PhoneCall.objects.locked(call.pk)
    ticket = Ticket.objects.locked(ticket.pk)
    if call.practice_id != ticket.practice_id:
        raise errors.WrongOffice
    if call.ticket_id == ticket.pk:
        return call
    if call.ticket_id is not None:
        raise errors.CallWrittenDown
    call.ticket, call.staff, call.red_flags = ticket, staff, list(red_flags)
    call.save(update_fields=["ticket", "staff", "red_flags"])
    _note(ticket, call, staff, answers=answers, answered=False, at=now, by=by)
    return call


@transaction.atomic
def deal_with(*, call: PhoneCall, staff: "Staff", by: Actor) -> int:
    """A missed call needs nobody any more: they were called back, or there is nothing to do. So are the earlier ones of
    the same number to the same desk. Returns how many; pressed twice, the second finds none."""
    now = clock.now()
    keys = list(
        missed_with(call).select_for_update().filter(started_at__lte=call.started_at).values_list("pk", flat=True)
    )
    PhoneCall.objects.filter(pk__in=keys).update(dealt_at=now, dealt_by=staff)
    if keys:
        audit.record(
            "call:deal", by=by, target=call, practice_id=call.practice_id, at=now, calls=len(keys)
        )  # fmt: skip
    return len(keys)


def _note(
    ticket: Ticket, call: PhoneCall, staff: "Staff", *, answers: bool, answered: bool, at: dt.datetime, by: Actor
) -> None:
    talked = answers and call.outcome == CallOutcome.TALKED
    if talked and ticket.first_response_at is None:
        ticket.first_response_at = at
    if talked and ticket.state == TicketState.NEW:
        ticket.move(TicketState.OPEN, at=at)
        ticket.owner = ticket.owner or staff
    if call.outcome == CallOutcome.TALKED and (answered or call.direction == CallDirection.IN):
        hear(ticket, at=at)
    clocks.save(ticket, "first_response_at", "owner", "reopened_count", at=at)
    tell(
        ticket, "ticket:call", at=at, by=by, quiet=True,
        call=call.public_id, direction=str(call.direction), outcome=str(call.outcome),
        red_flags=list(call.red_flags),
    )  # fmt: skip
