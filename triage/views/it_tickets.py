"""One ticket that a provider or a colleague wrote to IT (TR-09, HD-17): deeds, keys and drafts of the office's desk."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpdesk import queries as helpdesk
from helpdesk.actions import tickets
from helpdesk.actions.tickets import it_group
from helpdesk.enums import OURS, TONES, Category, Resolution, Side, TicketState
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import audit, idempotency
from portal_core.kernel.errors import AppError, NotFound
from portal_core.kernel.ids import new_public_id
from triage import access, beside, forms, queries
from triage.actions import assigning, conversation, presence
from triage.views.call_parts import note_call
from triage.views.desk_writing import writing_context
from triage.views.office_page import neighbours
from triage.views.practice_time import in_practice_time
from triage.views.staff_checks import check_context

if TYPE_CHECKING:
    from helpdesk.models import Ticket

it_staff = staff_page(Permission.IT_DESK)
LIVE_PART = "ticket-state"  # what the page's live refresh swaps; the clock, the keys and the words come with it
Typed = dict[str, Any]
Deed = Callable[[StaffRequest, "Ticket", Typed], str]  # returns where to go next; "": stay
View = Callable[..., HttpResponse]


@require_GET
@it_staff
@in_practice_time
def provider_ticket(request: StaffRequest, public_id: str) -> HttpResponse:
    """One ticket of a provider or a colleague."""
    row = access.it_ticket(request.staff, public_id)
    audit.record("ticket:read", by=request.actor, target=row, practice_id=row.practice_id)
    return ticket_page(request, row)


def ticket_page(
    request: StaffRequest, row: "Ticket", *, error: AppError | None = None, bound: dict[str, Form] | None = None
) -> HttpResponse:
    """The whole page. `error` becomes a notice and the status; `bound` forms keep what was typed."""
    staff, bound = request.staff, bound or {}
    people = presence.who([it_group(staff.practice.public_id)], but=staff.public_id)
    context: dict[str, Any] = {
        "ticket": row,
        "error": error,
        "here": reverse("triage:it-ticket", args=[row.public_id]),
        "thread": helpdesk.thread(row),
        "state_tone": TONES[TicketState(row.state)],
        "mine": row.owner_id == staff.pk,
        "may_snooze": row.state in OURS and row.snoozed_until is None,
        "people_here": people.get(row.public_id, []),
        "opened": request.GET.get("open", "") if request.method == "GET" else "",
        "opens": f"{reverse('triage:it-ticket', args=[row.public_id])}?open=",
    }
    htmx = request.headers.get("HX-Request") == "true"
    if htmx and request.method == "GET" and request.headers.get("HX-Target") == LIVE_PART:
        return render(request, "triage/it_ticket_live.html", context)
    context |= writing_context(request, row, beside.kept(staff, about=row.public_id, side=Side.IT, lists=False))
    context |= neighbours([one.public_id for one in helpdesk.it_queue(staff, limit=20).tickets], row.public_id)
    context |= {
        "route": queries.table_of(row.practice_id)[Category(row.category)],
        "solve_form": bound.get("solve") or forms.SolveForm(initial={"resolution": Resolution.IT}),
        "solve_open": "solve" in bound,
        **check_context(staff, row, request.GET.get("who", "").strip()[:80]),
    }
    context |= {f"{name}_form": bound[name] for name in ("reply", "note", "call") if name in bound}
    if "note" in bound:
        context["note_open"] = True
    status = 200
    if error is not None:
        status = 422 if htmx else error.status
    elif any(not form.is_valid() for form in bound.values()):
        status = 422
    return render(request, "triage/it_ticket.html", context, status=status)


def _press(form: "type[forms.TicketForm] | None" = None, name: str = "") -> Callable[[Deed], View]:
    """A POST on a ticket: do it, say so, go on. A refusal is told on the ticket's page, where what was typed in `form`
    (there: `name`) still stands."""

    def door(deed: Deed) -> View:
        @require_POST
        @it_staff
        @in_practice_time
        def press(request: StaffRequest, /, public_id: str) -> HttpResponse:
            row = access.it_ticket(request.staff, public_id)
            bound: dict[str, Form] = {name: form(request.POST)} if form is not None else {}
            if not all(one.is_valid() for one in bound.values()):
                return ticket_page(request, row, bound=bound)
            try:
                where = deed(request, row, bound[name].cleaned_data if bound else {})
            except AppError as error:
                if isinstance(error, NotFound):
                    raise
                return ticket_page(request, access.it_ticket(request.staff, public_id), error=error, bound=bound)
            return redirect(where or reverse("triage:it-ticket", args=[public_id]))

        press.__name__, press.__doc__ = getattr(deed, "__name__", "press"), deed.__doc__
        return press

    return door


@_press()
def take(request: StaffRequest, row: "Ticket", _typed: Typed) -> str:
    """Make it one's own."""
    tickets.take(ticket=row, staff=request.staff, over=bool(request.POST.get("over")), by=request.actor)
    messages.success(request, _("It is yours."))
    return ""


@_press()
def assign(request: StaffRequest, row: "Ticket", _typed: Typed) -> str:
    """To a colleague at IT who was chosen."""
    to, held_by = request.POST.get("to", ""), request.POST.get("held_by", "")
    person = assigning.assign(ticket=row, to=to, held_by=held_by, by=request.actor)
    messages.success(request, _("%(name)s has it now.") % {"name": person.name})
    return ""


@_press(forms.ReplyForm, "reply")
def reply(request: StaffRequest, row: "Ticket", typed: Typed) -> str:
    """Answer, once per form; it leaves ten seconds later."""

    def deed() -> str:
        message = conversation.reply(ticket=row, staff=request.staff, by=request.actor, **typed)
        return str(message.public_id)

    key = request.POST.get("idempotency_key") or new_public_id()
    idempotency.once(f"triage:reply:{row.public_id}", key, deed, of=typed)
    return ""


@_press(forms.NoteForm, "note")
def note(request: StaffRequest, row: "Ticket", typed: Typed) -> str:
    """For colleagues at IT alone."""
    conversation.note(ticket=row, staff=request.staff, body=typed["body"], by=request.actor)
    messages.success(request, _("Noted. The requester does not see it."))
    return ""


@_press(forms.CallBackForm, "call")
def call(request: StaffRequest, row: "Ticket", typed: Typed) -> str:
    """A call made or taken about it (HD-08)."""
    note_call(request, row, typed)
    messages.success(request, _("The call is noted."))
    return ""


@_press(forms.SolveForm, "solve")
def solve(request: StaffRequest, row: "Ticket", typed: Typed) -> str:
    """Done; back to the console."""
    tickets.solve(
        ticket=row, resolution=Resolution(typed["resolution"]), note=typed["note"], hold=True, by=request.actor
    )
    return reverse("triage:it")
