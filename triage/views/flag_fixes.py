"""A refused flag is put right by one press each; what was typed stays (TR-06)."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from helpdesk.queries import reachable
from portal_core.directory.guards import StaffRequest
from portal_core.kernel.errors import NotFound
from triage import forms
from triage.actions import escalations, incidents, playbook
from triage.enums import OfficeStep
from triage.queries import matching_incident
from triage.rules.phi import identity_words
from triage.views.office_page import desk_page

if TYPE_CHECKING:
    from helpdesk.models import Ticket


def known_of(ticket: "Ticket") -> frozenset[str]:
    """This patient's own details, which must not travel to IT."""
    patient = ticket.patient
    if patient is None:
        return frozenset()
    names = (patient.first_name, patient.last_name, patient.preferred_name)
    return identity_words(names=names, record=patient.mrn, email=patient.email, born=patient.birth_date)


def linked_words(row: "Ticket") -> str:
    """What follows for the requester, as it is."""
    if reachable(row).told:
        return _("Linked. The requester is told, and asked again when it is over.")
    return _("Linked. Nobody can be written to here: call them now, and when it is over.")


def fix_fault(request: StaffRequest, row: "Ticket", form: forms.FlagForm) -> HttpResponse:
    """`fix`: "step:<step>" ticks it, "incident" links the ticket instead of sending, "deny" says it is something else.
    Shows what is still missing; nothing is sent by it. Raises NotFound for any other word."""
    fix = request.POST["fix"]
    if fix == "incident":
        known = matching_incident(request.POST.get("category", ""))
        if known is None:
            raise NotFound
        incidents.link_ticket(ticket=row, incident_id=known.id, staff=request.staff, hold=True, by=request.actor)
        messages.success(request, linked_words(row))
        return redirect("triage:office-ticket", row.public_id)
    if fix == "deny":
        typed = request.POST.copy()
        typed["incident_denied"] = "on"
        form = forms.FlagForm(typed, known=known_of(row))
    else:
        step = fix.removeprefix("step:")
        by_hand = {str(one) for one in OfficeStep} - {str(OfficeStep.VERIFY_IDENTITY), str(OfficeStep.RELAY)}
        if step not in by_hand:
            raise NotFound
        playbook.tick(ticket=row, staff=request.staff, step=OfficeStep(step), by=request.actor)
    form.is_valid()
    faults = escalations.faults_of(row, form.draft())
    return desk_page(request, row, bound={"flag": form}, faults=faults, flag_complete=not faults and not form.errors)
