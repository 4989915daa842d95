"""How a ticket begins: somebody wrote, or somebody called."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction

from helpdesk import errors
from helpdesk.actions.tickets.alarms import heeded
from helpdesk.actions.tickets.clocks import start
from helpdesk.actions.tickets.telling import is_requester, keep_of_requester, tell, write
from helpdesk.contracts import Intake, Placed, TicketOpened
from helpdesk.enums import Category, Channel, Side, TicketState, Visibility
from helpdesk.models import Ticket
from helpdesk.models.ticket import new_reference
from helpdesk.rules import turn as rules
from helpdesk.rules.enclosed import Enclosed
from portal_core.directory.enums import PatientSupportMode, Permission
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Patient, Staff


@transaction.atomic
def open_from_contact(
    *, intake: Intake, office: "Office", side: Side | None = None, placed: Placed | None = None, by: Actor
) -> Ticket:
    """A request of somebody who is not signed in. A patient's lands at the office, a provider's at IT (TR-03, TR-09),
    unless the desk is settled already (`side`: what a caller chose on the phone). `placed`: why at this office."""
    return open_ticket(intake, office=office, at=clock.now(), by=by, action="ticket:open", side=side, placed=placed)


@transaction.atomic
def open_from_portal(*, patient: "Patient", intake: Intake, files: Sequence[Enclosed] = (), by: Actor) -> Ticket:
    """A signed-in patient writes to their home office, with `files` or without (PC-59). Who they are is known."""
    return open_ticket(
        intake, office=patient.home_office, at=clock.now(), by=by, action="ticket:open", side=Side.OFFICE,
        patient=patient, files=files,
    )  # fmt: skip


@transaction.atomic
def log_call(
    *,
    intake: Intake,
    office: "Office",
    staff: "Staff",
    patient: "Patient | None" = None,
    call_seconds: int | None = None,
    desk: Side = Side.OFFICE,
    to_office: bool = False,
    by: Actor,
) -> Ticket:
    """A phone call, written down by the one who answered it at `desk`.

    An office desk owns what it writes down. IT hands a patient's call to the patient's office (TR-03) and keeps a
    provider's; where the practice opened its line to patients (C5), a patient's technical fault too, unless it is given
    away (`to_office`). Raises WrongOffice.
    """
    if staff.practice_id != office.practice_id or (patient is not None and patient.practice_id != office.practice_id):
        raise errors.WrongOffice
    at_office = desk == Side.OFFICE and staff.may(Permission.OFFICE_DESK, office_id=office.pk)
    side = Side.OFFICE
    if not (at_office or to_office):
        side = rules.lands_at(
            requester_kind=intake.requester_kind,
            category=intake.category,
            patient_line=office.practice.patient_support_mode == PatientSupportMode.PATIENT_LINE,
        )
    keeps = at_office or side == Side.IT
    return open_ticket(
        intake, office=office, at=clock.now(), by=by, action="ticket:log_call", side=side,
        owner=staff if keeps else None, patient=patient, call_seconds=call_seconds,
    )  # fmt: skip


def open_ticket(
    intake: Intake,
    *,
    office: "Office",
    at: dt.datetime,
    by: Actor,
    action: str,
    subject: str = "",
    side: Side | None = None,
    owner: "Staff | None" = None,
    patient: "Patient | None" = None,
    call_seconds: int | None = None,
    files: Sequence[Enclosed] = (),
    placed: Placed | None = None,
) -> Ticket:
    category = heeded(intake, by=by)
    if side is None:
        side = rules.lands_at(
            requester_kind=intake.requester_kind,
            category=category,
            patient_line=office.practice.patient_support_mode == PatientSupportMode.PATIENT_LINE
            and intake.channel == Channel.WEB,
        )
    ticket = Ticket.objects.create(
        reference=_free_reference(),
        practice_id=office.practice_id, office=office, side=side, patient=patient, owner=owner,
        category=category, channel=intake.channel, requester_kind=intake.requester_kind,
        requester_name=intake.name, requester_email=intake.email, requester_phone=intake.phone,
        subject=subject.strip()[:160] or str(Category(intake.category).label),
        error_text=intake.error_text, device=intake.device,
        call_seconds=call_seconds, state=TicketState.OPEN if owner else TicketState.NEW,
        first_response_at=at if owner else None, turn_since=at, created_at=at, updated_at=at,
    )  # fmt: skip
    start(ticket, at=at)
    if intake.body.strip():
        # What the office wrote down about a call is its own note, not a letter to the patient.
        seen = Visibility.PATIENT if is_requester(by) else Visibility.INTERNAL
        message = write(ticket, intake.body, seen, at=at, by=by)
        keep_of_requester(ticket, message, files, at=at, by=by)
    event = TicketOpened(
        ticket_id=ticket.public_id, office_id=office.public_id, practice_id=office.practice_id,
        requester_kind=str(intake.requester_kind), category=str(category), at=at,
    )  # fmt: skip
    tell(
        ticket, action, event, at=at, by=by,
        office=office.public_id, category=str(category), side=str(side), channel=str(intake.channel),
        **_why(intake, category, placed),
    )  # fmt: skip
    return ticket


def _why(intake: Intake, category: Category, placed: Placed | None) -> dict[str, Any]:
    """For the ledger: why at that office, and what it was given as where its words made it something else."""
    facts = {"placed": str(placed)} if placed is not None else {}
    return facts if category == intake.category else {**facts, "chosen": str(intake.category)}


def _free_reference() -> str:
    while True:
        reference = new_reference()
        if not Ticket.objects.filter(reference=reference).exists():
            return reference
