"""The doors: to a flag for IT or for its office, to a check for the office alone."""

from typing import TYPE_CHECKING

from helpdesk import access as helpdesk
from helpdesk.enums import Side
from helpdesk.errors import TicketNotFound
from portal_core.directory.enums import Permission
from portal_core.kernel import clock
from triage import beside
from triage.errors import EndpointNotFound, EscalationNotFound, VerificationNotFound
from triage.models import (
    Attestation,
    Escalation,
    StaffCheck,
    VerificationAttempt,
    VerificationHold,
    WebhookEndpoint,
)

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Staff


def office_ticket(staff: "Staff", public_id: str) -> "Ticket":
    """A ticket of this person's offices. Raises TicketNotFound for everybody else, IT included."""
    return _of_office(staff, helpdesk.ticket_for(staff, public_id))


def open_ticket(staff: "Staff", public_id: str) -> "Ticket":
    """The same for its page: `ticket.hanging` and `beside.of(ticket)` tell what there is to ask for. One query."""
    ticket = helpdesk.ticket_for(staff, public_id, whole=True, also=beside.expressions(clock.now()))
    return _of_office(staff, ticket)


def _of_office(staff: "Staff", ticket: "Ticket") -> "Ticket":
    if ticket.side != Side.OFFICE or not staff.may(Permission.OFFICE_DESK, office_id=ticket.office_id):
        raise TicketNotFound
    return ticket


def it_ticket(staff: "Staff", public_id: str) -> "Ticket":
    """A ticket that was written to IT (providers, staff), with `ticket.hanging`. Raises TicketNotFound."""
    ticket = helpdesk.ticket_for(staff, public_id, whole=True)
    if ticket.side != Side.IT or not staff.may(Permission.IT_DESK):
        raise TicketNotFound
    return ticket


def flag_for_it(staff: "Staff", public_id: str) -> Escalation:
    """Raises EscalationNotFound for anybody but IT of that practice. No patient is loaded."""
    rows = Escalation.objects.seen_by_it(staff).filter(public_id=public_id)
    flag = rows.select_related("office", "practice", "assignee", "sent_by", "attestation__attempt", "ticket").first()
    if flag is None:
        raise EscalationNotFound
    return flag


def flag_by_id(public_id: str) -> Escalation | None:
    """For machines, which know of it from an event."""
    return Escalation.objects.select_related("office", "ticket").filter(public_id=public_id).first()


def flag_of(staff: "Staff", ticket: "Ticket", public_id: str) -> Escalation:
    """A flag of a ticket the office holds. Raises EscalationNotFound."""
    rows = Escalation.objects.seen_by_office(staff).filter(ticket=ticket, public_id=public_id)
    flag = rows.select_related("office", "practice", "assignee").first()
    if flag is None:
        raise EscalationNotFound
    return flag


def attempt_of(staff: "Staff", ticket: "Ticket", public_id: str) -> VerificationAttempt:
    """A check on a ticket, for those who may verify in that office (TR-01). Raises VerificationNotFound."""
    attempt = (
        VerificationAttempt.objects.filter(ticket=ticket, public_id=public_id)
        .select_related("patient", "attester", "ticket")
        .first()
    )
    if attempt is None or not staff.may(Permission.VERIFY_PATIENT, office_id=attempt.office_id):
        raise VerificationNotFound
    return attempt


def attestation_of(staff: "Staff", ticket: "Ticket", public_id: str) -> Attestation:
    """Raises VerificationNotFound."""
    row = Attestation.objects.filter(ticket=ticket, public_id=public_id).select_related("attempt").first()
    if row is None or not staff.may(Permission.VERIFY_PATIENT, office_id=row.attempt.office_id):
        raise VerificationNotFound
    return row


def hold_of(staff: "Staff", ticket: "Ticket") -> VerificationHold:
    """The hold on this ticket's patient. Raises VerificationNotFound."""
    row = VerificationHold.objects.filter(patient=ticket.patient, released_at=None).select_related("patient").first()
    if row is None or not staff.may(Permission.VERIFY_PATIENT, office_id=row.patient.home_office_id):
        raise VerificationNotFound
    return row


def hold_by_id(staff: "Staff", public_id: str) -> VerificationHold:
    """A hold on a patient of an office in which this person verifies. Raises VerificationNotFound."""
    row = VerificationHold.objects.filter(public_id=public_id).select_related("patient__home_office").first()
    if row is None or not staff.may(Permission.VERIFY_PATIENT, office_id=row.patient.home_office_id):
        raise VerificationNotFound
    return row


def staff_check_of(staff: "Staff", ticket: "Ticket", public_id: str) -> StaffCheck:
    """IT's check of a colleague on this ticket. Raises VerificationNotFound."""
    row = StaffCheck.objects.seen_by_it(staff).filter(ticket=ticket, public_id=public_id).first()
    if row is None:
        raise VerificationNotFound
    return row


def endpoint_for(staff: "Staff", public_id: str) -> WebhookEndpoint:
    """A webhook of this person's practice, for whoever keeps its settings. Raises EndpointNotFound."""
    rows = WebhookEndpoint.objects.filter(practice_id=staff.practice_id, public_id=public_id)
    endpoint = rows.first() if staff.may(Permission.SETTINGS) else None
    if endpoint is None:
        raise EndpointNotFound
    return endpoint


def endpoint_by_id(public_id: str) -> WebhookEndpoint | None:
    """For machines, which know of it from an event."""
    return WebhookEndpoint.objects.filter(public_id=public_id).first()
