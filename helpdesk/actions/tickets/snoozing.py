"""Resting until later although the move is ours, with a reason and a wake-up. The clock goes on."""

import datetime as dt

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets.clocks import save
from helpdesk.actions.tickets.telling import tell
from helpdesk.enums import OURS, SnoozeReason
from helpdesk.models import Ticket
from helpdesk.rules.turn import SNOOZE_AT_MOST
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor


@transaction.atomic
def snooze(*, ticket: Ticket, reason: SnoozeReason, until: dt.datetime, by: Actor) -> Ticket:
    """Leave the queue until then; an answer of the requester, an alert or any move brings it back earlier.

    Raises SnoozeOutOfRange (past, or more than 90 days), StillAtIT, WrongMove unless the move is ours.
    """
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if not now < until <= now + SNOOZE_AT_MOST:
        raise errors.SnoozeOutOfRange
    if ticket.relayed_at is not None:
        raise errors.StillAtIT
    if ticket.state not in OURS:
        raise errors.WrongMove
    ticket.snoozed_until, ticket.snooze_reason = until, reason
    save(ticket, at=now)
    tell(ticket, "ticket:snooze", at=now, by=by, quiet=True, reason=str(reason), until=until.isoformat())
    return ticket


@transaction.atomic
def unsnooze(*, ticket: Ticket, by: Actor) -> Ticket:
    """Back into the queue; awake already: nothing."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.snoozed_until is None:
        return ticket
    ticket.snoozed_until, ticket.snooze_reason = None, ""
    save(ticket, at=now)
    tell(ticket, "ticket:unsnooze", at=now, by=by, quiet=True)
    return ticket
