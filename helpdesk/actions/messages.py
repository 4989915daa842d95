"""Secure messages: an office and its patient write to each other in the portal, behind the patient's sign-in.

Each conversation is a ticket of the channel "secure message", so that the desk has one queue for everything: who has
the move, deadlines, undo, search and figures are those of every ticket. What differs: the way in is the portal alone,
and the notice that leaves the house says only that something waits there (PC-06).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk import errors, queries
from helpdesk.actions import received_files
from helpdesk.actions.tickets.clocks import save
from helpdesk.actions.tickets.ending import mark_solved
from helpdesk.actions.tickets.joining import link
from helpdesk.actions.tickets.opening import open_ticket
from helpdesk.actions.tickets.telling import desk_group, nudge, tell, write
from helpdesk.actions.tickets.undoing import held, remember, snapshot
from helpdesk.contracts import Intake, TicketReplied
from helpdesk.enums import (
    Category,
    Channel,
    FileSender,
    RequesterKind,
    Resolution,
    Side,
    TicketState,
    UndoKind,
    Visibility,
)
from helpdesk.models import MessageReceipt, Ticket
from helpdesk.rules.enclosed import Enclosed
from portal_core.access.queries import portal_status
from portal_core.directory.enums import Permission
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff


@transaction.atomic
def begin(
    *,
    patient: "Patient",
    subject: str,
    body: str,
    staff: "Staff",
    expects_answer: bool = True,
    about: Ticket | None = None,
    files: Sequence[Enclosed] = (),
    notify: bool = True,
    hold: bool = False,
    by: Actor,
) -> Ticket:
    """An office writes to its patient. The move is the patient's where an answer is expected; else the ticket is solved
    at once, and an answer within a week opens it. `about`: an earlier ticket of theirs that it is linked with. `files`
    go into their portal with it (PC-59). Without `notify` no letter tells them that it waits (PC-06, PC-08).
    With `hold` it leaves ten seconds later and may be taken back until then; the ticket stays on the desk.

    Raises WrongOffice (not at a desk of the patient's home office), OtherPatient, PatientCannotRead.
    """
    at_desk = staff.practice_id == patient.practice_id
    if not at_desk or not staff.may(Permission.OFFICE_DESK, office_id=patient.home_office_id):
        raise errors.WrongOffice
    if about is not None and about.patient_id != patient.pk:
        raise errors.OtherPatient
    if not queries.can_read_messages(patient, portal_status(patient)):
        raise errors.PatientCannotRead
    now = clock.now()
    category = Category(about.category) if about is not None else Category.OTHER
    intake = Intake(
        requester_kind=RequesterKind.PATIENT, category=category, channel=Channel.MESSAGE, body="",
        name=patient.name, email=patient.email.strip(), phone=patient.phone,
    )  # fmt: skip
    ticket = open_ticket(
        intake, subject=subject, office=patient.home_office, at=now, by=by, action="message:begin",
        side=Side.OFFICE, owner=staff, patient=patient,
    )  # fmt: skip
    before, until = snapshot(ticket), held(hold, now)
    message = write(ticket, body, Visibility.PATIENT, at=now, by=by, held_until=until)
    received_files.keep(
        ticket=ticket, message=message, mail=None, files=files, at=now, sender=FileSender.OFFICE,
        patient_id=patient.pk,
    )  # fmt: skip
    if expects_answer:
        ticket.move(TicketState.WAIT_PATIENT, at=now)
    else:
        mark_solved(ticket, Resolution.NOT_NEEDED, at=now, by=by)
    save(ticket, at=now)
    event = TicketReplied(ticket_id=ticket.public_id, message_id=message.public_id, at=now, silent=not notify)
    events = tell(ticket, "ticket:reply", event, at=now, by=by, quiet=hold, not_before=until, notified=notify)
    if hold:
        remember(ticket, UndoKind.REPLY, before, events, message=message, at=now, by=by)
    if about is not None:
        link(ticket=ticket, other=about, by=by)
    return ticket


@transaction.atomic
def mark_read(*, ticket: Ticket, by: Actor) -> int:
    """The patient has the conversation before them: what the office wrote until now is read. Returns how many messages
    that is news for; the desk sees it at once."""
    now = clock.now()
    unread = list(queries.unread_messages(ticket).values_list("pk", flat=True))
    if not unread:
        return 0
    # Two tabs at once: the first writes the time, the second changes nothing.
    rows = [MessageReceipt(message_id=pk, read_at=now) for pk in unread]
    MessageReceipt.objects.bulk_create(rows, ignore_conflicts=True)
    audit.record(
        "message:read", by=by, target=ticket, practice_id=ticket.practice_id, at=now, messages=len(unread)
    )  # fmt: skip
    nudge(ticket, desk_group(ticket))
    return len(unread)
