"""What is said in a ticket: to the requester, by the requester, among colleagues."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from helpdesk import errors
from helpdesk.actions import received_files
from helpdesk.actions.tickets.alarms import heed
from helpdesk.actions.tickets.clocks import save
from helpdesk.actions.tickets.telling import is_requester, keep_of_requester, tell, write
from helpdesk.actions.tickets.undoing import held, remember, snapshot
from helpdesk.contracts import TicketReplied
from helpdesk.enums import PAUSED, FileSender, RequesterKind, TicketState, UndoKind, Visibility
from helpdesk.models import Ticket, TicketMessage
from helpdesk.rules.enclosed import Enclosed
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind


@transaction.atomic
def reply(
    *,
    ticket: Ticket,
    body: str,
    expects_answer: bool = False,
    hold: bool = False,
    files: Sequence[Enclosed] = (),
    by: Actor,
) -> TicketMessage:
    """Write to the other side, with `files` or without (PC-59).

    Staff: the requester is told by mail; with `expects_answer` the ticket waits for them; with `hold` it leaves ten
    seconds later and may be taken back until then. Requester: a waiting or solved ticket opens again (a week long, then
    it is closed; see `follow_up`), a resting one wakes, and where it was joined with another that one hears of it.
    Raises TicketClosed, StillAtIT, TicketMerged; FilesNeedPatient where nobody knows into whose portal files go.
    """
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.CLOSED:
        raise errors.TicketClosed
    if is_requester(by):
        return _answer(ticket, body, files, at=now, by=by)
    if ticket.state == TicketState.MERGED:
        raise errors.TicketMerged
    if files and (ticket.patient_id is None or ticket.requester_kind != RequesterKind.PATIENT):
        raise errors.FilesNeedPatient
    before, until = snapshot(ticket), held(hold, now)
    message = write(ticket, body, Visibility.PATIENT, at=now, by=by, held_until=until)
    received_files.keep(
        ticket=ticket, message=message, mail=None, files=files, at=now, sender=FileSender.OFFICE,
        patient_id=ticket.patient_id,
    )  # fmt: skip
    ticket.first_response_at = ticket.first_response_at or now
    if expects_answer:
        if ticket.relayed_at is not None:
            raise errors.StillAtIT
        if ticket.state == TicketState.WAIT_PATIENT:  # asked once more: the waiting begins anew
            ticket.move(TicketState.OPEN, at=now)
        ticket.move(TicketState.WAIT_PATIENT, at=now)
    elif ticket.state == TicketState.NEW:
        ticket.move(TicketState.OPEN, at=now)
    save(ticket, "first_response_at", at=now)
    event = TicketReplied(ticket_id=ticket.public_id, message_id=message.public_id, at=now)
    events = tell(
        ticket, "ticket:reply", event, at=now, by=by, quiet=hold, not_before=until, **_counted(files)
    )  # fmt: skip
    if hold:
        remember(ticket, UndoKind.REPLY, before, events, message=message, at=now, by=by)
    return message


def _counted(files: Sequence[Enclosed]) -> dict[str, Any]:
    return {"files": len(files)} if files else {}


def _answer(ticket: Ticket, body: str, files: Sequence[Enclosed], *, at: dt.datetime, by: Actor) -> TicketMessage:
    """The requester wrote. What they write stays on their own ticket; the one it was joined with moves."""
    message = write(ticket, body, Visibility.PATIENT, at=at, by=by)
    keep_of_requester(ticket, message, files, at=at, by=by)
    if ticket.merged_into_id is not None:
        ticket.save_changes(at=at)
        tell(ticket, "ticket:reply", at=at, by=by)
        ticket = Ticket.objects.locked(ticket.merged_into_id)
        if ticket.state == TicketState.CLOSED:
            raise errors.TicketClosed
    hear(ticket, at=at)
    save(ticket, "reopened_count", at=at)
    tell(ticket, "ticket:reply", at=at, by=by, **_counted(files))
    heed(ticket, body, at=at)
    return message


def hear(ticket: Ticket, *, at: dt.datetime) -> None:
    """The requester said something, in memory, on a locked row; the caller saves, `reopened_count` too. Whatever it
    waited for, somebody has to read or weigh it now: their question, an incident that is perhaps not theirs, what was
    over or put aside. Of an incident that it leaves so it is asked once somebody answered."""
    if ticket.state == TicketState.SOLVED:
        ticket.reopened_count += 1
    if ticket.state in (*PAUSED, TicketState.SOLVED):
        ticket.move(TicketState.OPEN, at=at)
    ticket.snoozed_until, ticket.snooze_reason = None, ""


@transaction.atomic
def add_note(*, ticket: Ticket, body: str, by: Actor) -> TicketMessage:
    """An internal note; the requester never sees that it exists."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    message = write(ticket, body, Visibility.INTERNAL, at=now, by=by)
    save(ticket, at=now)
    tell(ticket, "ticket:note", at=now, by=by, quiet=True)
    return message


def requester_of(ticket: Ticket) -> Actor:
    """Whoever holds the link of a ticket. The label is the reference: what was typed as a name proves nothing."""
    return Actor(
        kind=ActorKind.REQUESTER,
        id=ticket.public_id,
        label=f"Requester of {ticket.reference}",
        practice_id=ticket.practice_id,
    )
