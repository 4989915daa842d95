"""A request that landed on the wrong desk goes to the right one (TR-03, TR-09, C6)."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from helpdesk import errors
from helpdesk.actions.tickets import guards
from helpdesk.actions.tickets.clocks import cut, save
from helpdesk.actions.tickets.telling import desk_group, nudge, tell
from helpdesk.actions.tickets.undoing import hanging, held, remember, snapshot
from helpdesk.enums import DONE, IN_PORTAL, Category, Deed, RequesterKind, Side, TicketState, UndoKind
from helpdesk.models import Ticket, TicketLink
from helpdesk.rules.turn import kind_at
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Office


@transaction.atomic
def change_desk(
    *, ticket: Ticket, kind: RequesterKind, office: "Office | None" = None, hold: bool = False, by: Actor
) -> Ticket:
    """Say who really asks: a patient's request goes to their `office`, that of a provider or colleague to IT, with what
    was said so far. It is nobody's there, and the requester's page stays as it is; at IT it waits for no incident,
    which is an office's to link. With `hold` it may be undone for ten seconds.

    Raises WrongMove where it stands there already or is over, StillAtIT while a flag is open, PatientKnown for what is
    about a patient (IT sees no chart: a flag tells IT what it may know), WrongOffice.
    """
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    to = Side.OFFICE if kind == RequesterKind.PATIENT else Side.IT
    if ticket.side == to or ticket.state in DONE:
        raise errors.WrongMove
    if ticket.relayed_at is not None:
        raise errors.StillAtIT
    if office is not None and office.practice_id != ticket.practice_id:
        raise errors.WrongOffice
    if to == Side.IT and _about_a_patient(ticket):
        raise errors.PatientKnown
    kept = guards.ask(ticket, Deed.DESK, at=now, by=by)
    before = snapshot(ticket, "side", "requester_kind", "office_id", "owner_id", "category", "subject")
    left, was = desk_group(ticket), Category(ticket.category)
    if to == Side.OFFICE and office is not None and office.pk != ticket.office_id:
        cut(ticket, at=now)
        ticket.office = office
    ticket.side, ticket.requester_kind, ticket.owner, ticket.turn_since = to, kind, None, now
    ticket.category = kind_at(to, was)
    if ticket.subject == str(was.label):
        ticket.subject = str(Category(ticket.category).label)
    ticket.snoozed_until, ticket.snooze_reason = None, ""
    if to == Side.IT and ticket.incident_id:
        if ticket.state in (TicketState.WAIT_INCIDENT, TicketState.CLOSE_LOOP):
            ticket.move(TicketState.OPEN, at=now)
        ticket.incident_id = ""
    columns = ("side", "requester_kind", "office", "owner", "category", "subject", "incident_id")
    save(ticket, *columns, at=now, again=True)
    events = tell(
        ticket, "ticket:change_desk", at=now, by=by, quiet=True, not_before=held(hold, now), side=str(to),
        kind=str(kind), office=ticket.office.public_id,
    )  # fmt: skip
    nudge(ticket, left)
    if hold:
        remember(ticket, UndoKind.DESK, {**before, "kept": kept, "hanging": hanging(ticket)}, events, at=now, by=by)
    return ticket


def _about_a_patient(ticket: Ticket) -> bool:
    signed_in = ticket.channel in IN_PORTAL
    if signed_in or ticket.patient_id is not None or ticket.merged.exclude(patient=None).exists():
        return True
    tied = TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket)).values_list("ticket_id", "other_id")
    others = Ticket.objects.filter(pk__in={pk for pair in tied for pk in pair}).exclude(pk=ticket.pk)
    return others.filter(Q(patient__isnull=False) | Q(channel__in=IN_PORTAL)).exists()
