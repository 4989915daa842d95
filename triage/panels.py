"""What the support desk puts into other rooms' pages."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from helpdesk import queries as helpdesk
from helpdesk.enums import Side
from portal_core.access import gate
from portal_core.access.queries import portal_status
from portal_core.directory.enums import Permission
from portal_core.kernel import clock
from triage import identity
from triage.actions import proofs
from triage.rules.purposes import PURPOSE_OF

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

MESSAGES_SHOWN = 5


def identity_card(request: HttpRequest, patient: "Patient", action: str) -> str:
    """Slot `patient.identity`: whether somebody was verified for this action, or the button that begins it."""
    staff = getattr(request, "staff", None)
    if staff is None or action not in PURPOSE_OF:
        return ""
    if not staff.may(Permission.VERIFY_PATIENT, office_id=patient.home_office_id):
        return ""
    proof = gate.find(patient_id=patient.public_id, action=action, staff=staff)
    on_the_request = action == "issue_pin"  # done there, not on the page that asks
    row = None if proof is not None and not on_the_request else identity.usable_of(patient, action, clock.now())
    state = _("Second person needed") if row is not None and row.needs_approval else _("Waiting")
    facts = {"proof": proof, "row": row, "state": state, "patient": patient, "action": action}
    purpose = PURPOSE_OF[action]
    return render_to_string("triage/parts/identity_slot.html", {**facts, "purpose": purpose}, request=request)


def waiting_for_me(request: HttpRequest) -> str:
    """Beside the navigation: how many checks wait for this person as the second one."""
    staff = getattr(request, "staff", None)
    count = len(identity.for_second_person(staff, clock.now())) if staff is not None else 0
    return str(count) if count else ""


def messages_card(request: HttpRequest, patient: "Patient") -> str:
    """Slot `patient.panels`: what the office and this patient wrote to each other, and the way to write (PC-05); to
    somebody who cannot read it, what to do instead."""
    staff = getattr(request, "staff", None)
    if staff is None or not staff.may(Permission.OFFICE_DESK, office_id=patient.home_office_id):
        return ""
    portal = portal_status(patient)
    facts = {
        "patient": patient,
        "portal": portal,
        "may_read": helpdesk.can_read_messages(patient, portal),
        "may_manage": staff.may(Permission.PORTAL_ACCESS, office_id=patient.home_office_id),
        "rows": helpdesk.conversations(patient, limit=MESSAGES_SHOWN).rows,
    }
    return render_to_string("triage/parts/messages_card.html", facts, request=request)


def is_it_you(request: HttpRequest) -> str:
    """Slot `portal.home`: the question of a check under way; otherwise the words we say first when we call (HD-08)."""
    patient = getattr(request, "patient", None)
    if patient is None:
        return ""
    asked = proofs.asked_of(patient, clock.now())
    if asked is not None:
        facts = {"asked": asked, "words": identity.words_of(asked.ticket)}
        return render_to_string("triage/parts/is_it_you.html", facts, request=request)
    calls = [
        {"reference": row.reference, "words": identity.words_of(row)}
        for row in helpdesk.open_of_patient(patient, limit=3)
    ]
    return render_to_string("triage/parts/is_it_you.html", {"calls": calls}, request=request) if calls else ""


def has_line(request: HttpRequest) -> bool:
    """Whether people can call us on a line at all; without one there are no missed calls."""
    return bool(settings.TWILIO_ACCOUNT_SID)


def missed_at_office(request: HttpRequest) -> str:
    """Beside the navigation: how many callers reached nobody at the office desk."""
    return _missed(request, Side.OFFICE)


def missed_at_it(request: HttpRequest) -> str:
    return _missed(request, Side.IT)


def _missed(request: HttpRequest, side: Side) -> str:
    staff = getattr(request, "staff", None)
    count = helpdesk.missed_count(staff, side=side, now=clock.now()) if staff is not None else 0
    return (str(count) if count < helpdesk.MISSED else f"{helpdesk.MISSED - 1}+") if count else ""
