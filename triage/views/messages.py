"""Write to a patient: from their page, or from a ticket that is over (PC-05 to PC-11)."""

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from helpdesk import queries as helpdesk
from helpdesk.actions import messages as secure
from helpdesk.actions import received_files
from portal_core.access.queries import portal_status
from portal_core.directory.access import patient_for
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import idempotency
from portal_core.kernel.errors import AppError, NotFound
from triage import access
from triage.forms.messages import WriteForm
from triage.views.practice_time import in_practice_time

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Patient

PAST = 8
DEFAULTS = {"expects_answer": True, "notify": True, "belongs": True}  # PC-06 to PC-08


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.OFFICE_DESK)
@in_practice_time
def write(request: StaffRequest, patient_id: str) -> HttpResponse:
    """GET: the form, or, for somebody who cannot read messages, what to do instead. `?about=<ticket>`: a ticket of
    theirs it belongs to. POST: it is a ticket whose move is the patient's."""
    patient = patient_for(request.staff, patient_id, to=Permission.OFFICE_DESK)
    form = WriteForm(request.POST if request.method == "POST" else None, initial=DEFAULTS)
    about = _about(request, patient)
    if request.method == "POST" and form.is_valid():
        try:
            public_id = _send(request, patient, form, about)
        except NotFound:
            raise
        except AppError as refusal:
            form.add_error(None, str(refusal))
            return _page(request, patient, form, about, status=refusal.status)
        return redirect("triage:office-ticket", public_id)
    return _page(request, patient, form, about, status=422 if form.errors else 200)


def _send(request: StaffRequest, patient: "Patient", form: WriteForm, about: "Ticket | None") -> str:
    got = form.cleaned_data

    def deed() -> str:
        files = received_files.uploaded(request.FILES.getlist("files"))
        ticket = secure.begin(
            patient=patient, subject=got["subject"], body=got["body"], expects_answer=got["expects_answer"],
            about=about if got["belongs"] else None, notify=got["notify"], files=files,
            hold=True, staff=request.staff, by=request.actor,
        )  # fmt: skip
        return str(ticket.public_id)

    scope = f"triage.message:{request.staff.public_id}:{patient.public_id}"
    key = request.POST.get("idempotency_key", "")
    if not key:
        raise NotFound
    return idempotency.once(scope, key, deed, of=[got, request.FILES.getlist("files")])


def _page(
    request: StaffRequest, patient: "Patient", form: WriteForm, about: "Ticket | None", *, status: int
) -> HttpResponse:
    portal = portal_status(patient)
    context = {
        "patient": patient,
        "portal": portal,
        "may_read": helpdesk.can_read_messages(patient, portal),
        "may_manage": request.staff.may(Permission.PORTAL_ACCESS, office_id=patient.home_office_id),
        "form": form,
        "about": about,
        "past": helpdesk.conversations(patient, limit=PAST).rows,
    }
    return render(request, "triage/message.html", context, status=status)


def _about(request: StaffRequest, patient: "Patient") -> "Ticket | None":
    """The ticket one came from; of another patient, or of another office: not found."""
    wanted = request.POST.get("about", "") if request.method == "POST" else request.GET.get("about", "")
    if not wanted:
        return None
    ticket = access.office_ticket(request.staff, wanted)
    if ticket.patient_id != patient.pk:
        raise NotFound
    return ticket
