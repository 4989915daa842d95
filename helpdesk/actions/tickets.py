"""The verbs of a ticket. Each: lock, check, write, one ledger line, events, a nudge to the open pages."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction

from helpdesk import errors
from helpdesk.contracts import (
    Intake,
    TicketLoopClosing,
    TicketOpened,
    TicketReplied,
    TicketSolved,
    TicketStillBroken,
    TicketWaitsForIncident,
)
from helpdesk.enums import (
    DONE,
    PAUSED,
    Author,
    Category,
    Channel,
    RequesterKind,
    Resolution,
    Side,
    TicketState,
    Visibility,
)
from helpdesk.models import Ticket, TicketMessage
from helpdesk.models.ticket import new_reference
from helpdesk.rules import turn as rules
from portal_core.directory.enums import Hat, PatientSupportMode, Permission
from portal_core.kernel import audit, clock, outbox, realtime
from portal_core.kernel.contracts import Actor, Event
from portal_core.kernel.enums import ActorKind

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Patient, Staff


def office_group(office_public_id: str) -> str:
    """The realtime group of one office's desk."""
    return f"office:{office_public_id}"


def it_group(practice_public_id: str) -> str:
    """The realtime group of a practice's IT console: tickets of providers and staff."""
    return f"it:{practice_public_id}"


def ticket_group(ticket_public_id: str) -> str:
    """The realtime group of one ticket; its requester listens too, so internal notes are not announced here."""
    return f"ticket:{ticket_public_id}"


def desk_group(ticket: Ticket) -> str:
    """The group of the desk this ticket stands on."""
    if ticket.side == Side.OFFICE:
        return office_group(ticket.office.public_id)
    return it_group(ticket.practice.public_id)


@transaction.atomic
def open_from_contact(*, intake: Intake, office: "Office", by: Actor) -> Ticket:
    """A request from the contact form. A patient's lands at the office, a provider's at IT (TR-03, TR-09)."""
    return _open(intake, office=office, at=clock.now(), by=by, action="ticket:open")


@transaction.atomic
def log_call(
    *,
    intake: Intake,
    office: "Office",
    staff: "Staff",
    patient: "Patient | None" = None,
    call_seconds: int | None = None,
    by: Actor,
) -> Ticket:
    """A phone call, written down by the one who answered it.

    An office desk owns what it writes down. IT hands a patient's call to the patient's office (TR-03) and keeps a
    provider's. Raises WrongOffice.
    """
    if staff.practice_id != office.practice_id or (patient is not None and patient.practice_id != office.practice_id):
        raise errors.WrongOffice
    at_office = staff.may(Permission.OFFICE_DESK, office_id=office.pk)
    keeps = at_office or intake.requester_kind != RequesterKind.PATIENT
    return _open(
        intake, office=office, at=clock.now(), by=by, action="ticket:log_call",
        side=Side.OFFICE if at_office else None,
        owner=staff if keeps else None, patient=patient, call_seconds=call_seconds,
    )  # fmt: skip


@transaction.atomic
def take(*, ticket: Ticket, staff: "Staff", over: bool = False, by: Actor) -> Ticket:
    """Make it one's own. Raises AlreadyTaken when somebody else has it, unless one takes it `over` knowingly."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.CLOSED:
        raise errors.TicketClosed
    if ticket.owner_id not in (None, staff.pk) and not over:
        raise errors.AlreadyTaken
    if ticket.owner_id == staff.pk and ticket.state != TicketState.NEW:
        return ticket
    if ticket.state == TicketState.NEW:
        ticket.move(TicketState.OPEN, at=now)
    ticket.owner = staff
    ticket.save_changes("owner", at=now)
    _tell(ticket, "ticket:take", at=now, by=by)
    return ticket


@transaction.atomic
def reply(*, ticket: Ticket, body: str, expects_answer: bool = False, by: Actor) -> TicketMessage:
    """Write to the other side.

    Staff: the requester is told by mail; with `expects_answer` the ticket waits for them. Requester: a waiting or
    solved ticket opens again (a week long, then it is closed). Raises TicketClosed, StillAtIT.
    """
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.CLOSED:
        raise errors.TicketClosed
    message = _write(ticket, body, Visibility.PATIENT, at=now, by=by)
    events: list[Event] = []
    if _is_requester(by):
        if ticket.state == TicketState.SOLVED:
            ticket.reopened_count += 1
        if ticket.state in (TicketState.WAIT_PATIENT, TicketState.CLOSE_LOOP, TicketState.SOLVED):
            ticket.move(TicketState.OPEN, at=now)
    else:
        ticket.first_response_at = ticket.first_response_at or now
        if expects_answer:
            if ticket.relayed_at is not None:
                raise errors.StillAtIT
            ticket.move(TicketState.WAIT_PATIENT, at=now)
        elif ticket.state == TicketState.NEW:
            ticket.move(TicketState.OPEN, at=now)
        events.append(TicketReplied(ticket_id=ticket.public_id, message_id=message.public_id, at=now))
    ticket.save_changes("first_response_at", "reopened_count", at=now)
    _tell(ticket, "ticket:reply", *events, at=now, by=by)
    return message


@transaction.atomic
def add_note(*, ticket: Ticket, body: str, by: Actor) -> TicketMessage:
    """An internal note; the requester never sees that it exists."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    message = _write(ticket, body, Visibility.INTERNAL, at=now, by=by)
    ticket.save_changes(at=now)
    _tell(ticket, "ticket:note", at=now, by=by, quiet=True)
    return message


@transaction.atomic
def match_patient(*, ticket: Ticket, patient: "Patient", by: Actor) -> Ticket:
    """Say whose chart this is about (resolution, not proof of identity). The ticket goes to the patient's home office
    (TR-03). Raises WrongOffice for a patient of another practice, WrongMove for a provider's ticket."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.CLOSED:
        raise errors.TicketClosed
    if ticket.requester_kind != RequesterKind.PATIENT or ticket.side != Side.OFFICE:
        raise errors.WrongMove
    if patient.practice_id != ticket.practice_id:
        raise errors.WrongOffice
    before = ticket.office.public_id
    ticket.patient = patient
    ticket.office = patient.home_office
    ticket.save_changes("patient", "office", at=now)
    _tell(ticket, "ticket:match_patient", at=now, by=by, patient=patient.public_id)
    _nudge(ticket, office_group(before))
    return ticket


@transaction.atomic
def hand_over(*, ticket: Ticket, office: "Office", by: Actor) -> Ticket:
    """Give it to another office of the practice, e.g. when the requester did not know theirs. Raises WrongOffice."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if office.practice_id != ticket.practice_id:
        raise errors.WrongOffice
    if ticket.relayed_at is not None:
        raise errors.StillAtIT
    if ticket.state in DONE:
        raise errors.WrongMove
    before = ticket.office.public_id
    ticket.office, ticket.owner, ticket.turn_since = office, None, now
    ticket.save_changes("office", "owner", at=now)
    _tell(ticket, "ticket:hand_over", at=now, by=by, from_office=before, to_office=office.public_id)
    _nudge(ticket, office_group(before))
    return ticket


@transaction.atomic
def set_category(*, ticket: Ticket, category: Category, by: Actor) -> Ticket:
    """Correct what it is about."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.CLOSED:
        raise errors.TicketClosed
    before, ticket.category = ticket.category, category
    if ticket.subject == str(Category(before).label):
        ticket.subject = str(Category(category).label)
    ticket.save_changes("category", "subject", at=now)
    _tell(ticket, "ticket:categorise", at=now, by=by, before=before, after=str(category))
    return ticket


@transaction.atomic
def mark_relayed(*, ticket: Ticket, by: Actor) -> Ticket:
    """A flag went to IT. The office stays the owner. Raises AlreadyRelayed, WrongMove."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.relayed_at is not None:
        raise errors.AlreadyRelayed
    if ticket.state != TicketState.OPEN:
        ticket.move(TicketState.OPEN, at=now)
    ticket.relayed_at, ticket.turn_since = now, now
    ticket.save_changes(at=now)
    _tell(ticket, "ticket:relay", at=now, by=by)
    return ticket


@transaction.atomic
def mark_returned(*, ticket: Ticket, by: Actor) -> Ticket:
    """The flag came back, answered or declined: the office's move again. Raises NotRelayed."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.relayed_at is None:
        raise errors.NotRelayed
    ticket.relayed_at, ticket.turn_since = None, now
    ticket.save_changes(at=now)
    _tell(ticket, "ticket:return", at=now, by=by)
    return ticket


@transaction.atomic
def wait_for_incident(*, ticket: Ticket, incident_id: str, by: Actor) -> Ticket:
    """A known incident explains it: the requester is told once. An open flag ends here. Raises WrongMove, TicketClosed.
    Doing it again for the same incident changes nothing."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.WAIT_INCIDENT and ticket.incident_id == incident_id:
        return ticket
    ticket.move(TicketState.WAIT_INCIDENT, at=now)
    ticket.incident_id = incident_id
    ticket.save_changes("incident_id", at=now)
    event = TicketWaitsForIncident(ticket_id=ticket.public_id, incident_id=incident_id, at=now)
    _tell(ticket, "ticket:wait_for_incident", event, at=now, by=by, incident=incident_id)
    return ticket


@transaction.atomic
def close_loop(*, incident_id: str, by: Actor) -> int:
    """The incident is over: ask every requester who waited for it "fixed for you?". Returns how many. Running it again
    finds nobody left."""
    now = clock.now()
    waiting = Ticket.objects.filter(incident_id=incident_id, state=TicketState.WAIT_INCIDENT)
    ids = list(waiting.order_by("id").values_list("id", flat=True))
    for pk in ids:
        ticket = Ticket.objects.locked(pk)
        if ticket.state != TicketState.WAIT_INCIDENT:  # somebody was quicker between the list and the lock
            continue
        ticket.move(TicketState.CLOSE_LOOP, at=now)
        ticket.loop_rounds += 1
        ticket.save_changes("loop_rounds", at=now)
        event = TicketLoopClosing(ticket_id=ticket.public_id, incident_id=incident_id, round=ticket.loop_rounds, at=now)
        _tell(ticket, "ticket:close_loop", event, at=now, by=by, incident=incident_id)
    return len(ids)


@transaction.atomic
def confirm_fixed(*, ticket: Ticket, by: Actor) -> Ticket:
    """ "Yes, it works." Raises WrongMove unless the requester was asked. A second yes changes nothing."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.SOLVED and ticket.resolution == Resolution.INCIDENT:
        return ticket
    if ticket.state != TicketState.CLOSE_LOOP:
        raise errors.WrongMove
    _solve(ticket, Resolution.INCIDENT, at=now, by=by)
    ticket.save_changes(at=now)
    event = _solved(ticket, at=now)
    _tell(ticket, "ticket:confirm_fixed", event, at=now, by=by)
    return ticket


@transaction.atomic
def still_broken(*, ticket: Ticket, by: Actor) -> Ticket:
    """ "No, still broken": the office has it again and the incident hears of the dissent. Raises WrongMove."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.OPEN and ticket.dissent_count == ticket.loop_rounds > 0:
        return ticket  # a double click
    if ticket.state != TicketState.CLOSE_LOOP:
        raise errors.WrongMove
    ticket.move(TicketState.OPEN, at=now)
    ticket.dissent_count += 1
    ticket.save_changes("dissent_count", at=now)
    event = TicketStillBroken(
        ticket_id=ticket.public_id, incident_id=ticket.incident_id, office_id=ticket.office.public_id, at=now
    )
    _tell(ticket, "ticket:still_broken", event, at=now, by=by, incident=ticket.incident_id)
    return ticket


@transaction.atomic
def solve(*, ticket: Ticket, resolution: Resolution, note: str = "", by: Actor) -> Ticket:
    """Done. Raises StillAtIT while a flag is open, WrongMove or TicketClosed when it is already done."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.relayed_at is not None:
        raise errors.StillAtIT
    _solve(ticket, resolution, at=now, by=by)
    if note.strip():
        _write(ticket, note, Visibility.INTERNAL, at=now, by=by)
    ticket.save_changes(at=now)
    event = _solved(ticket, at=now)
    _tell(ticket, "ticket:solve", event, at=now, by=by, resolution=str(resolution))
    return ticket


def _solved(ticket: Ticket, *, at: dt.datetime) -> TicketSolved:
    return TicketSolved(ticket_id=ticket.public_id, resolution=ticket.resolution, incident_id=ticket.incident_id, at=at)


@transaction.atomic
def wake(*, ticket: Ticket, by: Actor) -> Ticket:
    """What happens when a pause runs out: no answer or no end of the incident brings it back to the desk; silence after
    "fixed for you?" solves it. Before its time, nothing."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state not in PAUSED or ticket.wake_at is None or ticket.wake_at > now:
        return ticket
    events: list[Event] = []
    if ticket.state == TicketState.CLOSE_LOOP:
        _solve(ticket, Resolution.INCIDENT, at=now, by=by)
        events.append(_solved(ticket, at=now))
    else:
        ticket.move(TicketState.OPEN, at=now)
    ticket.save_changes(at=now)
    _tell(ticket, "ticket:wake", *events, at=now, by=by)
    return ticket


@transaction.atomic
def close(*, ticket: Ticket, by: Actor) -> Ticket:
    """Final, a week after it was solved. Before its time, nothing."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state != TicketState.SOLVED or ticket.solved_at is None or ticket.solved_at + rules.REOPEN_WITHIN > now:
        return ticket
    ticket.move(TicketState.CLOSED, at=now)
    ticket.save_changes(at=now)
    _tell(ticket, "ticket:close", at=now, by=by)
    return ticket


def requester_of(ticket: Ticket) -> Actor:
    """Whoever holds the link of a ticket. The label is the reference: what was typed as a name proves nothing."""
    return Actor(
        kind=ActorKind.REQUESTER,
        id=ticket.public_id,
        label=f"Requester of {ticket.reference}",
        practice_id=ticket.practice_id,
    )


# --- inside -----------------------------------------------------------------------------------------------------------
def _open(
    intake: Intake,
    *,
    office: "Office",
    at: dt.datetime,
    by: Actor,
    action: str,
    side: Side | None = None,
    owner: "Staff | None" = None,
    patient: "Patient | None" = None,
    call_seconds: int | None = None,
) -> Ticket:
    if side is None:
        side = rules.lands_at(
            requester_kind=intake.requester_kind,
            category=intake.category,
            patient_line=office.practice.patient_support_mode == PatientSupportMode.PATIENT_LINE
            and intake.channel == Channel.WEB,
        )
    ticket = Ticket.objects.create(
        reference=_free_reference(),
        practice_id=office.practice_id, office=office, side=side, patient=patient, owner=owner,
        category=intake.category, channel=intake.channel, requester_kind=intake.requester_kind,
        requester_name=intake.name, requester_email=intake.email, requester_phone=intake.phone,
        subject=str(Category(intake.category).label), error_text=intake.error_text, device=intake.device,
        call_seconds=call_seconds, state=TicketState.OPEN if owner else TicketState.NEW,
        first_response_at=at if owner else None, turn_since=at, created_at=at, updated_at=at,
    )  # fmt: skip
    if intake.body.strip():
        # What the office wrote down about a call is its own note, not a letter to the patient.
        _write(ticket, intake.body, Visibility.PATIENT if _is_requester(by) else Visibility.INTERNAL, at=at, by=by)
    event = TicketOpened(
        ticket_id=ticket.public_id, office_id=office.public_id, practice_id=office.practice_id,
        requester_kind=str(intake.requester_kind), category=str(intake.category), at=at,
    )  # fmt: skip
    _tell(
        ticket, action, event, at=at, by=by,
        office=office.public_id, category=str(intake.category), side=str(side), channel=str(intake.channel),
    )  # fmt: skip
    return ticket


def _free_reference() -> str:
    while True:
        reference = new_reference()
        if not Ticket.objects.filter(reference=reference).exists():
            return reference


def _solve(ticket: Ticket, resolution: Resolution, *, at: dt.datetime, by: Actor) -> None:
    ticket.move(TicketState.SOLVED, at=at)
    ticket.solved_at, ticket.solved_by, ticket.resolution = at, by.label[:120], resolution


def _is_requester(by: Actor) -> bool:
    return by.kind in (ActorKind.REQUESTER, ActorKind.PATIENT)


def _write(ticket: Ticket, body: str, visibility: Visibility, *, at: dt.datetime, by: Actor) -> TicketMessage:
    if _is_requester(by):
        kind, label = Author.REQUESTER, ticket.requester_name or "You"
    elif by.kind == ActorKind.SYSTEM:
        kind, label = Author.SYSTEM, by.label
    else:
        kind, label = (Author.IT if by.hat == Hat.IT else Author.OFFICE), by.label
    return TicketMessage.objects.create(
        ticket=ticket, author_kind=kind, author_id=by.id if kind in (Author.OFFICE, Author.IT) else "",
        author_label=label[:160], visibility=visibility, body=body.strip(), at=at,
    )  # fmt: skip


def _tell(
    ticket: Ticket, action: str, *events: Event, at: dt.datetime, by: Actor, quiet: bool = False, **facts: Any
) -> None:
    """Ledger line, events, nudges. `quiet`: not to the requester's page."""
    audit.record(action, by=by, target=ticket, practice_id=ticket.practice_id, at=at, **facts)
    for event in events:
        outbox.publish(event)
    _nudge(ticket, desk_group(ticket))
    if not quiet:
        _nudge(ticket, ticket_group(ticket.public_id))


def _nudge(ticket: Ticket, group: str) -> None:
    realtime.push(group, {"type": "ticket.changed", "id": ticket.public_id})
