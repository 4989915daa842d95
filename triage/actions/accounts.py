"""What the office may do to a patient's account, behind the identity check."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk.actions import tickets
from helpdesk.contracts import Intake
from helpdesk.enums import Category, Channel, RequesterKind
from portal_core.access.actions import pins, portal
from portal_core.access.enums import PortalState
from portal_core.access.queries import portal_status, stopped_change
from portal_core.accounts.actions import credentials, second_step
from portal_core.directory.enums import Permission
from portal_core.directory.queries import living_patients
from portal_core.kernel import audit, clock, idempotency
from portal_core.kernel.contracts import SYSTEM, Actor
from triage.actions.playbook import tick
from triage.actions.verification import consume
from triage.enums import OfficeStep
from triage.errors import AttestationRefused, NotYourPatient, PatientNotMatched
from triage.models import Attestation

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Office, Staff

STOPPED = (
    "Somebody at the old e-mail address says that they did not ask for the change of address. Portal access is now "
    "switched off. Speak to the patient, in the office or by calling the number on file, before you switch it on again."
)

AMBIGUOUS = (
    "Somebody asked for help at the sign-in page, and all four details fit several patients with portal access; the "
    "note names them. None of them was sent anything. If they are one person with two records, have the records put "
    "together; if they share a mailbox (twins, for example), put an e-mail address of their own on file for each, or "
    "set a user name and password by hand after an identity check."
)


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


@transaction.atomic
def shut_out(*, ticket: "Ticket", staff: "Staff", by: Actor) -> None:
    """Somebody may be in this patient's account: whoever is signed in there is out at once, and no link or PIN that was
    given out works any more. No check comes first: a false alarm costs them one sign-in. To let them in again takes
    one. Raises PatientNotMatched (also for somebody without an account), NotYourPatient."""
    patient = ticket.patient
    if patient is None or patient.user is None:
        raise PatientNotMatched
    if not staff.may(Permission.PORTAL_ACCESS, office_id=patient.home_office_id):
        raise NotYourPatient
    now = clock.now()
    portal.end_ways_in(patient, at=now)
    credentials.end_sessions(user=patient.user, by=by)
    audit.record("patient:shut-out", by=by, target=patient, practice_id=patient.practice_id, at=now)
    tickets.add_note(ticket=ticket, body="Ended all their portal sessions. Links and PINs work no more.", by=by)


@transaction.atomic
def report_stopped_change(*, patient_id: str, key: str) -> None:
    """A ticket for the patient's office: somebody at the old address says that the e-mail change was not theirs. The
    portal is closed until the office has spoken to the patient. `key`: the same stop opens one ticket."""
    change = stopped_change(patient_id)
    if change is None:
        return
    patient = change.patient

    def deed() -> str:
        intake = Intake(
            requester_kind=RequesterKind.PATIENT, category=Category.CONTACT_CHANGE, channel=Channel.PORTAL,
            body=STOPPED, name=patient.name,
        )  # fmt: skip
        ticket = tickets.open_from_contact(intake=intake, office=patient.home_office, by=SYSTEM)
        tickets.match_patient(ticket=ticket, patient=patient, by=SYSTEM)
        return str(ticket.public_id)

    idempotency.once("triage.stopped-change", key, deed)


@transaction.atomic
def report_ambiguous(*, patient_ids: Sequence[str], at: dt.datetime) -> None:
    """A ticket for each office whose patients the sign-in page cannot tell apart (PC-44), once a day for the same
    people. It is matched to none of them: which of them asked is what the office has to find out."""
    offices: dict[Office, list[str]] = {}
    for patient in living_patients().filter(public_id__in=patient_ids).select_related("home_office__practice"):
        offices.setdefault(patient.home_office, []).append(f"{patient.name} (record {patient.mrn})")
    alike = hashlib.sha256(" ".join(sorted(patient_ids)).encode()).hexdigest()[:24]

    def deed(office: "Office", names: list[str]) -> str:
        intake = Intake(
            requester_kind=RequesterKind.PATIENT, category=Category.SHARED_EMAIL, channel=Channel.PORTAL,
            body=AMBIGUOUS,
        )  # fmt: skip
        ticket = tickets.open_from_contact(intake=intake, office=office, by=SYSTEM)
        elsewhere = len(patient_ids) - len(names)
        more = [f"and {elsewhere} of another office of the practice"] if elsewhere else []
        tickets.add_note(ticket=ticket, body="They fit: " + ", ".join([*sorted(names), *more]) + ".", by=SYSTEM)
        return str(ticket.public_id)

    for office, names in offices.items():
        key = f"{at:%Y-%m-%d}:{office.pk}:{alike}"
        idempotency.once("triage.ambiguous-help", key, partial(deed, office, names))


@transaction.atomic
def reset_second_step(*, ticket: "Ticket", attestation_id: str, staff: "Staff", by: Actor) -> None:
    """Take off a patient's lost second step; every session ends and they are told (R3).

    Uses up the attestation, which must be of this ticket and of its patient. Raises PatientNotMatched,
    AttestationRefused, SecondPersonNeeded, StillWaiting.
    """
    patient = ticket.patient
    if patient is None or patient.user is None:
        raise PatientNotMatched
    if not Attestation.objects.filter(public_id=attestation_id, ticket=ticket, patient=patient).exists():
        raise AttestationRefused
    consume(attestation_id, patient_id=patient.public_id, action="reset_second_step", by=by)
    second_step.reset(user=patient.user, by=by)
    tickets.add_note(ticket=ticket, body="Took off the second step and ended every session.", by=by)
