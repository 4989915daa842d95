"""What is written at the two desks: drafts, the soft claim, prepared answers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk.actions import tickets
from helpdesk.enums import Side
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.queries import offices
from portal_core.kernel.errors import AppError, Conflict, NotFound
from triage import access, forms, queries
from triage.actions import canned, drafts, escalations
from triage.beside import Kept
from triage.enums import DraftKind, EscalationState
from triage.models import CannedReply
from triage.rules import canned as rules
from triage.rules import mentions
from triage.views.practice_time import in_practice_time

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Office, Staff
    from triage.models import Escalation

office_staff = staff_page(Permission.OFFICE_DESK)
it_staff = staff_page(Permission.IT_DESK)
OF_TICKET = (DraftKind.REPLY, DraftKind.NOTE)
OF_FLAG = (DraftKind.ANSWER, DraftKind.ASK)


def writing_context(request: StaffRequest, ticket: "Ticket", wrote: Kept) -> dict[str, Any]:
    """The forms as they were left, the prepared answers filled in, and how colleagues are called in a note."""
    kept = wrote.drafts
    ready = prepared(request.staff, ticket, wrote.canned)
    picked = next((row["text"] for row in ready if row["id"] == request.GET.get("canned")), "")
    reply = "\n\n".join(filter(None, (kept.get(DraftKind.REPLY, ""), picked)))
    at_it = ticket.side == Side.IT
    deeds = "triage:it-" if at_it else "triage:"
    colleagues = [] if at_it else queries.colleagues_of(ticket)  # what names one waits at the office's desk
    people = [mentions.Person(one.key, one.first, one.last) for one in colleagues]
    return {
        "reply_url": reverse(f"{deeds}reply", args=[ticket.public_id]),
        "note_url": reverse(f"{deeds}note", args=[ticket.public_id]),
        "reply_form": forms.ReplyForm(initial={"body": reply}),
        "note_form": forms.NoteForm(initial={"body": kept.get(DraftKind.NOTE, "")}),
        "note_open": bool(kept.get(DraftKind.NOTE)),
        "canned": ready,
        "handles": sorted(h for key, h in mentions.handles(people).items() if key != request.staff.pk),
        "draft_url": reverse(f"{deeds}draft", args=[ticket.public_id]) if ticket.is_live else "",
    }


def prepared(staff: "Staff", ticket: "Ticket", rows: list[CannedReply]) -> list[dict[str, str]]:
    """The prepared answers of this ticket's desk with its facts in them."""
    return _filled(rows, staff, ticket.reference, ticket.office)


def prepared_for_flag(staff: "Staff", flag: "Escalation", rows: list[CannedReply]) -> list[dict[str, str]]:
    """The prepared answers of the console; they go to the office, whose facts stand in them."""
    return _filled(rows, staff, flag.ticket.reference, flag.office)


def _filled(rows: list[CannedReply], staff: "Staff", reference: str, office: "Office") -> list[dict[str, str]]:
    values = {
        "reference": reference,
        "office": office.name,
        "office_phone": office.phone_shown,
        "my_name": staff.first_name,
        "status_page": f"{settings.PUBLIC_URL}/status/",
    }
    return [{"id": row.public_id, "title": row.title, "text": rules.fill(row.body, values)} for row in rows]


@require_POST
@office_staff
def draft(request: StaffRequest, public_id: str) -> JsonResponse:
    """Keep what is being written. Whoever begins to answer a ticket nobody has, has it (soft claim); the answer says
    who has it now."""
    return _keep(request, public_id, access.office_ticket)


@require_POST
@it_staff
def it_draft(request: StaffRequest, public_id: str) -> JsonResponse:
    """The same for what a provider or a colleague wrote to IT."""
    return _keep(request, public_id, access.it_ticket)


def _keep(request: StaffRequest, public_id: str, door: "Callable[[Staff, str], Ticket]") -> JsonResponse:
    row = door(request.staff, public_id)
    kind, body = _kind(request, OF_TICKET), request.POST.get("body", "")
    drafts.keep(staff=request.staff, kind=kind, about=row.public_id, body=body)
    claimed = False
    if kind == DraftKind.REPLY and body.strip() and row.owner_id is None and row.is_live:
        try:
            tickets.take(ticket=row, staff=request.staff, by=request.actor)
            claimed = True
        except Conflict:
            row = door(request.staff, public_id)  # somebody was quicker
    owner = request.staff if claimed else row.owner
    mine = owner is not None and owner.pk == request.staff.pk
    return JsonResponse({"kept": True, "claimed": claimed, "mine": mine, "owner": owner.name if owner else ""})


@require_POST
@it_staff
def flag_draft(request: StaffRequest, public_id: str) -> JsonResponse:
    """The same for a flag: whoever begins to answer a new one has accepted it."""
    row = access.flag_for_it(request.staff, public_id)
    kind, body = _kind(request, OF_FLAG), request.POST.get("text", "")
    drafts.keep(staff=request.staff, kind=kind, about=row.public_id, body=body)
    claimed = False
    if kind == DraftKind.ANSWER and body.strip() and row.state == EscalationState.SENT:
        try:
            escalations.accept(flag=row, staff=request.staff, by=request.actor)
            claimed = True
        except Conflict:
            row = access.flag_for_it(request.staff, public_id)
    owner = request.staff if claimed else row.assignee
    mine = owner is not None and owner.pk == request.staff.pk
    return JsonResponse({"kept": True, "claimed": claimed, "mine": mine, "owner": owner.name if owner else ""})


def _kind(request: StaffRequest, allowed: tuple[DraftKind, ...]) -> DraftKind:
    kind = request.POST.get("kind", "")
    if kind not in allowed:
        raise NotFound
    return DraftKind(kind)


# --- prepared answers -------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@staff_page(Permission.OFFICE_DESK, Permission.IT_DESK, Permission.SETTINGS)
@in_practice_time
def replies(request: StaffRequest) -> HttpResponse:
    """All prepared answers this person may change; a form to add one. `?edit=` opens one of them."""
    rows = queries.canned_by_manager(request.staff)
    places = _places(request.staff)
    edited = next((row for row in rows if row.public_id == request.GET.get("edit")), None)
    initial = {"place": _place_of(edited), "title": edited.title, "body": edited.body} if edited is not None else {}
    form = forms.CannedForm(
        [(key, name) for key, (_side, _office, name) in places.items()], request.POST or None, initial=initial
    )
    status = 200
    if request.method == "POST":
        try:
            if request.POST.get("do") == "remove":
                return _remove(request, rows)
            if form.is_valid():
                side, office, _name = places[form.cleaned_data["place"]]
                canned.write(
                    staff=request.staff, side=side, office=office, title=form.cleaned_data["title"],
                    body=form.cleaned_data["body"], reply=edited, by=request.actor,
                )  # fmt: skip
                messages.success(request, _("Kept. It stands beside the reply of every ticket it is for."))
                return redirect("triage:replies")
            status = 422
        except NotFound:
            raise
        except AppError as error:
            form.add_error("body" if error.code == "variable_refused" else "title", str(error))
            status = error.status
    context = {"rows": rows, "form": form, "edited": edited, "variables": rules.VARIABLES, "may_manage": bool(places)}
    return render(request, "triage/replies.html", context, status=status)


def _remove(request: StaffRequest, rows: list[CannedReply]) -> HttpResponse:
    row = next((row for row in rows if row.public_id == request.POST.get("reply")), None)
    if row is None:
        raise NotFound
    canned.remove(reply=row, staff=request.staff, by=request.actor)
    messages.success(request, _("Removed."))
    return redirect("triage:replies")


def _places(staff: "Staff") -> "dict[str, tuple[Side, Office | None, str]]":
    """Where this person may keep prepared answers."""
    found: dict[str, tuple[Side, Office | None, str]] = {}
    if canned.may_manage(staff, side=Side.OFFICE, office_id=None):
        found["all"] = (Side.OFFICE, None, _("All offices"))
    if canned.may_manage(staff, side=Side.IT, office_id=None):
        found["it"] = (Side.IT, None, _("IT console"))
    for office in offices(staff.practice_id):
        if canned.may_manage(staff, side=Side.OFFICE, office_id=office.pk):
            found[office.public_id] = (Side.OFFICE, office, office.name)
    return found


def _place_of(row: CannedReply) -> str:
    if row.side == Side.IT:
        return "it"
    return row.office.public_id if row.office is not None else "all"
