"""Whose ticket it is, about whom, and about what."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets import guards
from helpdesk.actions.tickets.clocks import cut, save
from helpdesk.actions.tickets.telling import nudge, office_group, tell
from helpdesk.actions.tickets.undoing import held, remember, snapshot
from helpdesk.enums import DONE, IN_PORTAL, Category, Deed, RequesterKind, Side, TicketState, UndoKind
from helpdesk.models import Ticket
from portal_core.directory.enums import Permission
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Patient, Staff


def lock(ids: Iterable[int]) -> None:
    """Hold these tickets until the transaction ends, in the order of their keys. Whoever locks what hangs on a ticket
    locks the ticket first: two people meet at the same door and neither waits for the other for ever."""
    list(Ticket.objects.select_for_update(of=("self",)).filter(pk__in=set(ids)).order_by("pk").values_list("pk"))


@transaction.atomic
def take(*, ticket: Ticket, staff: "Staff", over: bool = False, hold: bool = False, by: Actor) -> Ticket:
    """Make it one's own. With `hold` it may be undone for ten seconds. Raises AlreadyTaken when somebody else has it,
    unless one takes it `over` knowingly."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.CLOSED:
        raise errors.TicketClosed
    if ticket.owner_id not in (None, staff.pk) and not over:
        raise errors.AlreadyTaken
    if ticket.owner_id == staff.pk and ticket.state != TicketState.NEW:
        return ticket
    before = snapshot(ticket, "owner_id")
    if ticket.state == TicketState.NEW:
        ticket.move(TicketState.OPEN, at=now)
    ticket.owner = staff
    save(ticket, "owner", at=now)
    events = tell(ticket, "ticket:take", at=now, by=by, not_before=held(hold, now))
    if hold:
        remember(ticket, UndoKind.TAKE, before, events, at=now, by=by)
    return ticket


@transaction.atomic
def match_patient(*, ticket: Ticket, patient: "Patient", again: bool = False, by: Actor) -> Ticket:
    """Say whose chart this is about (resolution, not proof of identity). The ticket goes to the patient's home office
    (TR-03), and from whoever has no desk there to nobody.

    Somebody else than before is matched `again` knowingly: what was written until then is not shown to them in their
    portal. What was written signed in stays with who signed in, and so does what was joined with it.
    Raises WrongOffice for a patient of another practice, WrongMove for a provider's ticket, TicketClosed, TicketMerged,
    OtherPatient, WroteSignedIn, MatchedAlready.
    """
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.CLOSED:
        raise errors.TicketClosed
    if ticket.state == TicketState.MERGED:
        raise errors.TicketMerged
    if ticket.requester_kind != RequesterKind.PATIENT or ticket.side != Side.OFFICE:
        raise errors.WrongMove
    if patient.practice_id != ticket.practice_id:
        raise errors.WrongOffice
    if ticket.merged.exclude(patient=None).exclude(patient=patient).exists():
        raise errors.OtherPatient
    other = ticket.patient_id not in (None, patient.pk)
    if other and ticket.channel in IN_PORTAL:
        raise errors.WroteSignedIn
    if other and not again:
        raise errors.MatchedAlready
    guards.ask(ticket, Deed.PATIENT, at=now, by=by, patient=patient)
    before, moves = ticket.office.public_id, patient.home_office_id != ticket.office_id
    if moves:
        cut(ticket, at=now)
        guards.ask(ticket, Deed.OFFICE, at=now, by=by, office=patient.home_office)
        owner = ticket.owner
        if owner is not None and not owner.may(Permission.OFFICE_DESK, office_id=patient.home_office_id):
            ticket.owner = None
    if other:
        # What it was called may be the other person's words.
        ticket.patient_since, ticket.subject = now, str(Category(ticket.category).label)
    ticket.patient = patient
    ticket.office = patient.home_office
    save(ticket, "patient", "patient_since", "subject", "office", "owner", at=now, again=moves)
    tell(ticket, "ticket:match_patient", at=now, by=by, patient=patient.public_id)
    nudge(ticket, office_group(before))
    return ticket


@transaction.atomic
def hand_over(*, ticket: Ticket, office: "Office", hold: bool = False, by: Actor) -> Ticket:
    """Give it to another office of the practice, e.g. when the requester did not know theirs. With `hold` it may be
    undone for ten seconds. Where it stands already it stays as it is. Raises WrongOffice, StillAtIT, WrongMove."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if office.practice_id != ticket.practice_id:
        raise errors.WrongOffice
    if office.pk == ticket.office_id:
        return ticket
    if ticket.relayed_at is not None:
        raise errors.StillAtIT
    if ticket.state in DONE:
        raise errors.WrongMove
    before, left = snapshot(ticket, "office_id", "owner_id"), ticket.office.public_id
    kept = guards.ask(ticket, Deed.OFFICE, at=now, by=by, office=office)
    cut(ticket, at=now)
    ticket.office, ticket.owner, ticket.turn_since = office, None, now
    ticket.snoozed_until, ticket.snooze_reason = None, ""
    save(ticket, "office", "owner", at=now, again=True)
    events = tell(
        ticket, "ticket:hand_over", at=now, by=by, not_before=held(hold, now), from_office=left,
        to_office=office.public_id,
    )  # fmt: skip
    nudge(ticket, office_group(left))
    if hold:
        remember(ticket, UndoKind.OFFICE, {**before, "kept": kept}, events, at=now, by=by)
    return ticket


@transaction.atomic
def set_category(*, ticket: Ticket, category: Category, hold: bool = False, by: Actor) -> Ticket:
    """Correct what it is about. With `hold` it may be undone for ten seconds."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.CLOSED:
        raise errors.TicketClosed
    before, was = snapshot(ticket, "category", "subject"), ticket.category
    ticket.category = category
    if ticket.subject == str(Category(was).label):
        ticket.subject = str(Category(category).label)
    save(ticket, "category", "subject", at=now, again=True)
    events = tell(
        ticket, "ticket:categorise", at=now, by=by, not_before=held(hold, now), before=was, after=str(category)
    )
    if hold:
        remember(ticket, UndoKind.KIND, before, events, at=now, by=by)
    return ticket
