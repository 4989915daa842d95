"""The office desk: receptionists at the door, one per button."""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from helpdesk.actions import received_files, tickets
from helpdesk.enums import Category, Resolution, SnoozeReason
from helpdesk.queries import files_of_undo
from portal_core.directory.access import note_list_read, patient_for
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.queries import search_patients
from portal_core.kernel import clock, idempotency
from portal_core.kernel.errors import AppError, NotFound
from portal_core.kernel.ids import new_public_id
from triage import access, forms
from triage.actions import conversation, escalations, incidents, playbook
from triage.enums import OfficeStep
from triage.errors import FlagRefused
from triage.views.desk_list import onwards, wanted_of
from triage.views.flag_fixes import fix_fault, known_of, linked_words
from triage.views.narrowed import address
from triage.views.office_page import desk_page, in_practice_time

if TYPE_CHECKING:
    from helpdesk.models import Ticket

office_staff = staff_page(Permission.OFFICE_DESK)
Deed = Callable[..., str | None]
FOUND = 8


@require_GET
@office_staff
@in_practice_time
def desk(request: StaffRequest) -> HttpResponse:
    """The list alone."""
    return desk_page(request)


@require_GET
@office_staff
@in_practice_time
def ticket(request: StaffRequest, public_id: str) -> HttpResponse:
    return desk_page(request, access.open_ticket(request.staff, public_id))


def button(deed: Deed) -> Callable[..., HttpResponse]:
    """A POST on a ticket: do it, say so, go back to the ticket. A refusal is told on the ticket's page."""

    @require_POST
    @office_staff
    @in_practice_time
    def press(request: StaffRequest, /, public_id: str, **kwargs: Any) -> HttpResponse:
        row = access.office_ticket(request.staff, public_id)
        try:
            said = deed(request, row, **kwargs)
        except NotFound:
            raise
        except AppError as error:
            return desk_page(request, access.office_ticket(request.staff, public_id), error=error)
        if said:
            messages.success(request, said)
        return redirect(address("office-ticket", public_id, narrowed=wanted_of(request)))

    press.__name__, press.__doc__ = getattr(deed, "__name__", "press"), deed.__doc__
    return press


def chosen(kind: type[Any], value: str | None) -> Any:
    """A word of an enum from a form. Raises NotFound for any other word: no button sends one."""
    if value not in kind.values:
        raise NotFound
    return kind(value)


# --- the ticket -------------------------------------------------------------------------------------------------------
@button
def take(request: StaffRequest, row: "Ticket") -> str:
    tickets.take(ticket=row, staff=request.staff, over=bool(request.POST.get("over")), by=request.actor)
    return _("It is yours.")


@require_POST
@office_staff
@in_practice_time
def reply(request: StaffRequest, public_id: str) -> HttpResponse:
    row = access.office_ticket(request.staff, public_id)
    form = forms.ReplyForm(request.POST)
    if not form.is_valid():
        return desk_page(request, row, bound={"reply": form})
    try:
        files = received_files.uploaded(request.FILES.getlist("files"))
        deed = partial(_write, request, row, form.cleaned_data, files)
        key, sent = request.POST.get("idempotency_key") or new_public_id(), request.FILES.getlist("files")
        idempotency.once(f"triage:reply:{public_id}", key, deed, of=[form.cleaned_data, sent])
    except AppError as error:
        return desk_page(request, access.office_ticket(request.staff, public_id), error=error, bound={"reply": form})
    return redirect(address("office-ticket", public_id, narrowed=wanted_of(request)))


def _write(request: StaffRequest, row: "Ticket", typed: dict[str, Any], files: Sequence[Any]) -> str:
    message = conversation.reply(ticket=row, staff=request.staff, files=files, by=request.actor, **typed)
    return str(message.public_id)


@require_POST
@office_staff
@in_practice_time
def note(request: StaffRequest, public_id: str) -> HttpResponse:
    row = access.office_ticket(request.staff, public_id)
    form = forms.NoteForm(request.POST)
    if not form.is_valid():
        return desk_page(request, row, bound={"note": form})
    named: list[str] = []

    def deed() -> str:
        named.extend(conversation.note(ticket=row, staff=request.staff, by=request.actor, **form.cleaned_data))
        return str(row.public_id)

    key = request.POST.get("idempotency_key") or new_public_id()
    try:
        idempotency.once(f"triage:note:{public_id}", key, deed, of=form.cleaned_data)
    except AppError as error:
        return desk_page(request, access.office_ticket(request.staff, public_id), error=error, bound={"note": form})
    messages.success(request, _("Noted. The requester does not see it."))
    if named:
        messages.info(request, _("It waits for %(names)s.") % {"names": ", ".join(named)})
    return redirect(address("office-ticket", public_id, narrowed=wanted_of(request)))


@button
def categorise(request: StaffRequest, row: "Ticket") -> str:
    tickets.set_category(ticket=row, category=chosen(Category, request.POST.get("category")), by=request.actor)
    return _("Changed. The steps below fit the new kind.")


@require_POST
@office_staff
@in_practice_time
def search(request: StaffRequest, public_id: str) -> HttpResponse:
    """Patients of one's own offices; posted, so that a name never stands in an address."""
    row = access.office_ticket(request.staff, public_id)
    form = forms.SearchForm(request.POST)
    found = []
    if form.is_valid():
        rows = search_patients(request.staff, form.cleaned_data["q"]).select_related("home_office")
        found = list(rows.order_by("last_name", "first_name", "pk")[:FOUND])
        note_list_read(request.staff, shown=len(found), searched=True)
    return desk_page(request, row, bound={"search": form}, found=found, searched=True)


@button
def match(request: StaffRequest, row: "Ticket") -> str:
    patient = patient_for(request.staff, request.POST.get("patient", ""), to=Permission.PATIENT_READ)
    again = request.POST.get("again") == "1"
    tickets.match_patient(ticket=row, patient=patient, again=again, by=request.actor)
    return _("Matched. Finding the chart is not a proof of who is calling.")


@require_POST
@office_staff
@in_practice_time
def solve(request: StaffRequest, public_id: str) -> HttpResponse:
    row = access.office_ticket(request.staff, public_id)
    form = forms.SolveForm(request.POST)
    if not form.is_valid():
        return desk_page(request, row, bound={"solve": form})
    try:
        playbook.solve(
            ticket=row,
            resolution=Resolution(form.cleaned_data["resolution"]),
            note=form.cleaned_data["note"],
            hold=True,
            by=request.actor,
        )
    except AppError as error:
        return desk_page(request, access.office_ticket(request.staff, public_id), error=error, bound={"solve": form})
    return redirect(onwards(request, leaving=public_id) if request.POST.get("then") != "list" else "triage:office")


@require_POST
@office_staff
@in_practice_time
def snooze(request: StaffRequest, public_id: str) -> HttpResponse:
    """Put aside until later, with a reason; then the next one."""
    row = access.office_ticket(request.staff, public_id)
    form = forms.SnoozeForm(request.POST)
    if not form.is_valid():
        return desk_page(request, row, bound={"snooze": form})
    until = clock.now() + dt.timedelta(hours=int(form.cleaned_data["hours"]))
    try:
        tickets.snooze(ticket=row, reason=SnoozeReason(form.cleaned_data["reason"]), until=until, by=request.actor)
    except AppError as error:
        return desk_page(request, access.office_ticket(request.staff, public_id), error=error, bound={"snooze": form})
    messages.success(request, _("%(reference)s comes back by itself.") % {"reference": row.reference})
    return redirect(onwards(request, leaving=public_id))


@button
def wake(request: StaffRequest, row: "Ticket") -> str:
    tickets.unsnooze(ticket=row, by=request.actor)
    return _("Back in the list.")


@require_POST
@office_staff
@in_practice_time
def undo(request: StaffRequest) -> HttpResponse:
    """Take back what one did within the last ten seconds, and open its ticket; of many at once, all of it."""
    try:
        if batch := request.POST.get("batch", ""):
            return _taken_back(request, tickets.undo_all(batch=batch, by=request.actor))
        undo_id = request.POST.get("undo", "")
        files = files_of_undo(undo_id, request.actor.id)
        row = conversation.undo(undo_id=undo_id, staff=request.staff, by=request.actor)
    except NotFound:
        raise
    except AppError as error:
        return desk_page(request, error=error)
    messages.success(request, _("Taken back. Nobody outside heard of it."))
    if files:
        messages.warning(request, _("Attach the files again: %(names)s.") % {"names": ", ".join(files)})
    return redirect(address("office-ticket", row.public_id, narrowed=wanted_of(request)))


def _taken_back(request: StaffRequest, found: tickets.TakenBack) -> HttpResponse:
    """Back to the list, with a word about those that had moved on."""
    if found.back:
        said = ngettext(
            "%(n)d ticket stands as before. Nobody outside heard of it.",
            "%(n)d tickets stand as before. Nobody outside heard of it.",
            len(found.back),
        )
        messages.success(request, said % {"n": len(found.back)})
    if found.late:
        names = ", ".join(row.reference for row in found.late)
        messages.warning(request, _("Too late to take back, or moved on meanwhile: %(names)s.") % {"names": names})
    return redirect(address("office", narrowed=wanted_of(request)))


@button
def step(request: StaffRequest, row: "Ticket") -> None:
    done = chosen(OfficeStep, request.POST.get("step"))
    if done in (OfficeStep.VERIFY_IDENTITY, OfficeStep.RELAY):
        raise NotFound  # these two are ticked by doing them
    playbook.tick(ticket=row, staff=request.staff, step=done, on=request.POST.get("on") == "1", by=request.actor)


@button
def link_incident(request: StaffRequest, row: "Ticket") -> str:
    incident_id = request.POST.get("incident", "")
    incidents.link_ticket(ticket=row, incident_id=incident_id, staff=request.staff, hold=True, by=request.actor)
    return linked_words(row)


@button
def leave_incident(request: StaffRequest, row: "Ticket") -> str:
    incidents.unlink_ticket(ticket=row, staff=request.staff, by=request.actor)
    return _("It waits for the incident no longer.")


# --- flags ------------------------------------------------------------------------------------------------------------
@require_POST
@office_staff
@in_practice_time
def relay(request: StaffRequest, public_id: str) -> HttpResponse:
    row = access.office_ticket(request.staff, public_id)
    form = forms.FlagForm(request.POST, known=known_of(row))
    error: AppError | None = None
    if request.POST.get("fix"):
        return fix_fault(request, row, form)
    if form.is_valid():
        try:
            escalations.relay(ticket=row, draft=form.draft(), staff=request.staff, by=request.actor)
        except AppError as refused:
            error = refused
            row = access.office_ticket(request.staff, public_id)
        else:
            messages.success(request, _("The flag is with IT. The patient stays yours."))
            return redirect(address("office-ticket", public_id, narrowed=wanted_of(request)))
    faults = error.facts["faults"] if isinstance(error, FlagRefused) else []
    return desk_page(request, row, error=error, bound={"flag": form}, faults=faults)


@button
def confirm(request: StaffRequest, row: "Ticket", flag_id: str) -> str:
    flag = access.flag_of(request.staff, row, flag_id)
    escalations.office_confirm(flag=flag, staff=request.staff, by=request.actor)
    return _("Confirmed. Solve the ticket when the patient is served.")


@button
def withdraw(request: StaffRequest, row: "Ticket", flag_id: str) -> str:
    flag = access.flag_of(request.staff, row, flag_id)
    escalations.withdraw(flag=flag, staff=request.staff, by=request.actor)
    return _("Taken back. The ticket is yours alone again.")


@require_POST
@office_staff
@in_practice_time
def to_it(request: StaffRequest, public_id: str, flag_id: str) -> HttpResponse:
    row = access.office_ticket(request.staff, public_id)
    form = forms.ToITForm(request.POST, known=known_of(row))
    if not form.is_valid():
        return desk_page(request, row, bound={"to_it": form})
    try:
        escalations.reply_to_it(
            flag=access.flag_of(request.staff, row, flag_id),
            text=form.cleaned_data["text"],
            staff=request.staff,
            by=request.actor,
        )
    except NotFound:
        raise
    except AppError as error:
        return desk_page(request, access.office_ticket(request.staff, public_id), error=error, bound={"to_it": form})
    messages.success(request, _("Sent to IT."))
    return redirect(address("office-ticket", public_id, narrowed=wanted_of(request)))
