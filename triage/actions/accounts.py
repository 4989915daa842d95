"""What the office may do to a patient's account, behind the identity check."""

from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk.actions import tickets
from portal_core.access.actions import pins, portal
from portal_core.access.enums import PortalState
from portal_core.access.queries import portal_status
from portal_core.kernel.contracts import Actor
from triage.actions.playbook import tick
from triage.actions.verification import consume
from triage.enums import OfficeStep
from triage.errors import AttestationRefused, PatientNotMatched
from triage.models import Attestation

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Staff


@transaction.atomic
def send_link(*, ticket: "Ticket", attestation_id: str, staff: "Staff", by: Actor) -> str:
    """Send the reset link (or, to somebody who never signed in, the invitation) to the e-mail on file; return its name.

    Uses up the attestation, which must be of this ticket and of its patient. Raises PatientNotMatched,
    AttestationRefused, SecondPersonNeeded, and what the account itself refuses (no e-mail, not enabled).
    """
    if ticket.patient is None:
        raise PatientNotMatched
    if not Attestation.objects.filter(public_id=attestation_id, ticket=ticket, patient=ticket.patient).exists():
        raise AttestationRefused
    first = portal_status(ticket.patient).state == PortalState.UNACTIVATED
    if first:
        patient_id = ticket.patient.public_id
        consume(attestation_id, patient_id=patient_id, action="resend_invitation", by=by)
        portal.resend_invitation(patient=ticket.patient, by=by)
    else:
        portal.send_reset_link(patient=ticket.patient, attestation_id=attestation_id, by=by)
    what = "invitation" if first else "reset link"
    tick(ticket=ticket, staff=staff, step=OfficeStep.INSTRUCT_RESET, by=by)
    tickets.add_note(ticket=ticket, body=f"Sent the {what} to the e-mail on file.", by=by)
    return what


@transaction.atomic
def issue_pin(*, ticket: "Ticket", attestation_id: str, staff: "Staff", by: Actor) -> str:
    """A registration PIN for the patient (TR-04, PC-56); it is shown once and kept nowhere.

    Uses up the attestation, which must be of this ticket and of its patient. Raises PatientNotMatched,
    AttestationRefused, SecondPersonNeeded, PortalNotEnabled.
    """
    if ticket.patient is None:
        raise PatientNotMatched
    if not Attestation.objects.filter(public_id=attestation_id, ticket=ticket, patient=ticket.patient).exists():
        raise AttestationRefused
    pin = pins.issue(patient=ticket.patient, attestation_id=attestation_id, by=by)
    tick(ticket=ticket, staff=staff, step=OfficeStep.REGISTRATION_PIN, by=by)
    tickets.add_note(ticket=ticket, body="Issued a registration PIN.", by=by)
    return pin
