"""The left side of the office desk: what it is narrowed to, who is where, and what can be done to many at once."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpdesk.actions import tickets
from helpdesk.actions.tickets import it_group, office_group
from helpdesk.enums import TONES, Category, Hanging, Resolution, TicketState, Turn
from helpdesk.queries import Page, undoable
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.queries import offices
from portal_core.kernel import clock, idempotency
from portal_core.kernel.errors import NotFound
from statuspage.queries import active_incidents
from triage import access, forms, queries
from triage.actions import bulk, conversation, escalations, incidents, playbook, presence
from triage.beside import Kept
from triage.rules.views import IT_DESK, MENTIONS, Wanted, wanted
from triage.views.narrowed import address, asked_with, drop, keep
from triage.views.practice_time import in_practice_time

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Office, Staff
    from triage.models import Escalation

office_staff = staff_page(Permission.OFFICE_DESK)
it_staff = staff_page(Permission.IT_DESK)
DESK = "/triage/office/"
LOOKED_THROUGH = 20  # pages of the list, where nothing on the ones before is ours


# --- what the list is narrowed to -------------------------------------------------------------------------------------
def wanted_of(request: StaffRequest) -> Wanted:
    """The filter of this page; for a button pressed on one, that page's. It holds no name and no number."""
    return wanted(asked_with(request, DESK))


def rows_context(
    request: StaffRequest, narrowed: Wanted, page: Page, *, here: str, ticket: "Ticket | None"
) -> dict[str, Any]:
    """The rows and who is at which of them: what changes by itself. Two queries for those who serve every office,
    else one; `flags` are those of the ticket beside it."""
    staff = request.staff
    latest, flags = queries.flags_beside(page.tickets, ticket)
    mine = desk_offices(staff)
    people = presence.who(_rooms(staff, mine), but=staff.public_id)
    return {
        "wanted": narrowed,
        "query": f"?{narrowed.query}" if narrowed.query else "",
        "here": here,
        "opens": f"{here}{'&' if '?' in here else '?'}open=",
        "after": page.after,
        "rows": [
            {
                "ticket": row,
                "flag": latest.get(row.pk),
                "tone": TONES[TicketState(row.state)],
                "people": people.get(row.public_id, []),
            }
            for row in page.tickets
        ],
        "ticket": ticket,
        "flags": flags,
        "offices": mine,
        "people_here": people.get(ticket.public_id, []) if ticket is not None else [],
    }


def list_context(
    request: StaffRequest, narrowed: Wanted, kept: Kept, mine: "list[Office]", *, ticket: "Ticket | None"
) -> dict[str, Any]:
    """Tabs, filter, saved views, what can be done to many; constant in queries. Opening a ticket is looking at what
    named one there."""
    staff, mentioned = request.staff, kept.mentioned
    if ticket is not None and ticket.pk in mentioned:
        conversation.seen(ticket=ticket, staff=staff)
        mentioned = mentioned - {ticket.pk}
    incidents_now = active_incidents()
    views = [(row, wanted(row.wanted)) for row in kept.views if row.wanted.get("desk") != IT_DESK]
    may_undo = ticket is None or ticket.may_have(Hanging.UNDO)
    return {
        "tabs": _tabs(narrowed, queries.waiting_of(staff, mentioned)),
        "views": [
            {"view": row, "query": one.query, "current": one == narrowed and one != Wanted()} for row, one in views
        ],
        "filter_form": forms.FilterForm(mine, initial=narrowed.as_dict()),
        "bulk_form": forms.BulkForm(mine, incidents_now),
        "incidents_now": incidents_now,
        "undoable": undoable(staff.public_id, now=clock.now()) if may_undo else None,
        "may_manage_replies": staff.may(Permission.APPROVE_RISKY) or staff.may(Permission.SETTINGS),
    }


def _tabs(narrowed: Wanted, named: int) -> list[dict[str, Any]]:
    known = [
        (_("All"), Wanted(), ""),
        (_("Our move"), Wanted(turn=Turn.OFFICE), ""),
        (_("Mine"), Wanted(who="mine"), ""),
        (_("Nobody's"), Wanted(who="nobody"), ""),
        (_("Named me"), Wanted(who="mentions"), str(named) if named else ""),
        (_("Aside"), Wanted(who="resting"), ""),
    ]
    return [{"title": title, "query": one.query, "current": one == narrowed, "count": n} for title, one, n in known]


def desk_offices(staff: "Staff") -> list["Office"]:
    """The offices this person's desk serves, the main one first; one query for those who serve all of them."""
    mine = staff.offices_for(Permission.OFFICE_DESK)
    if mine is None:
        return list(offices(staff.practice_id))
    known = {row.office.pk: row.office for row in staff.assignments if row.office is not None}
    found = [known[key] for key in mine if known[key].is_active]
    return sorted(found, key=lambda row: (not row.is_main, row.name, row.pk))


@require_POST
@office_staff
def save_view(request: StaffRequest) -> HttpResponse:
    return keep(request, wanted(request.POST.dict()), page="office")


@require_POST
@office_staff
def remove_view(request: StaffRequest) -> HttpResponse:
    return drop(request, page="office")


# --- the next one -----------------------------------------------------------------------------------------------------
@require_GET
@office_staff
def serve_next(request: StaffRequest) -> HttpResponse:
    """Open whichever ticket has waited longest for this office and nobody is at; `?from=` is the one just left."""
    return redirect(onwards(request, leaving=request.GET.get("from", "")))


def onwards(request: StaffRequest, *, leaving: str) -> str:
    """Where "next" leads: within the filter of the page, the longest waiting that is our move, is not a colleague's,
    and at which nobody is right now; after the one we leave if there is one, else from the top; else the list."""
    staff, narrowed = request.staff, wanted_of(request)
    mentioned = queries.mentioned_on(staff) if narrowed.who == MENTIONS else set()
    taken, after = presence.who(_rooms(staff, desk_offices(staff)), but=staff.public_id), ""
    for _page in range(LOOKED_THROUGH):
        page = queries.office_list(staff, narrowed, mentioned=mentioned, after=after)
        ids = [row.public_id for row in page.tickets]
        place = ids.index(leaving) + 1 if leaving in ids else 0
        for row in page.tickets[place:] + page.tickets[:place]:
            ours = row.turn_now == Turn.OFFICE and row.owner_id in (None, staff.pk)
            if ours and row.public_id != leaving and row.public_id not in taken:
                return address("office-ticket", row.public_id, narrowed=narrowed)
        if not (after := page.after):
            break
    return address("office", narrowed=narrowed)


# --- who is where -----------------------------------------------------------------------------------------------------
@require_GET
@office_staff
def office_people(request: StaffRequest) -> JsonResponse:
    return _people(_rooms(request.staff, desk_offices(request.staff)), request.staff)


@require_GET
@it_staff
def it_people(request: StaffRequest) -> JsonResponse:
    return _people([it_group(request.staff.practice.public_id)], request.staff)


def _people(rooms: list[str], staff: "Staff") -> JsonResponse:
    found = presence.who(rooms, but=staff.public_id)
    people = {place: [{"name": one.name, "typing": one.typing} for one in at] for place, at in found.items()}
    answer = JsonResponse({"people": people})
    answer["Cache-Control"] = "no-store"
    return answer


def _rooms(staff: "Staff", mine: list["Office"]) -> list[str]:
    return [office_group(row.public_id) for row in mine]


# --- many at once -----------------------------------------------------------------------------------------------------
@require_POST
@office_staff
@in_practice_time
def bulk_office(request: StaffRequest) -> HttpResponse:
    """Do one thing to the ticked tickets and say how it went with each. For ten seconds all of it can be taken back."""
    staff, by = request.staff, request.actor
    form = forms.BulkForm(desk_offices(staff), active_incidents(), request.POST)
    ids = request.POST.getlist("ticket")
    if not form.is_valid() or not ids:
        messages.warning(request, _("Tick the tickets first, then choose what to do with them."))
        return redirect(address("office", narrowed=wanted_of(request)))
    got = form.cleaned_data

    def deed(row: "Ticket") -> object:
        match got["do"]:
            case "take":
                return tickets.take(ticket=row, staff=staff, hold=True, by=by)
            case "hand_over":
                return tickets.hand_over(ticket=row, office=form.offices[got["office"]], hold=True, by=by)
            case "categorise":
                return tickets.set_category(ticket=row, category=Category(got["category"]), hold=True, by=by)
            case "solve":
                return playbook.solve(ticket=row, resolution=Resolution(got["resolution"]), hold=True, by=by)
            case _:
                return incidents.link_ticket(ticket=row, incident_id=got["incident"], staff=staff, hold=True, by=by)

    def find(public_id: str) -> "Ticket":
        return access.office_ticket(staff, public_id)

    with tickets.as_one():
        results = _once(request, ids, form.cleaned_data, find, deed)
    shown = _shown(results, find, "office-ticket", lambda row: row.reference)
    found = undoable(staff.public_id, now=clock.now())
    context = {
        "results": shown,
        "back": address("office", narrowed=wanted_of(request)),
        "what": form.what,
        "undoable": found if found is not None and found.batch else None,
    }
    return render(request, "triage/bulk_result.html", context)


@require_POST
@it_staff
@in_practice_time
def bulk_it(request: StaffRequest) -> HttpResponse:
    """The same for flags: take them, or link them to an incident."""
    staff, by = request.staff, request.actor
    form = forms.BulkFlagForm(active_incidents(), request.POST)
    ids = request.POST.getlist("flag")
    if not form.is_valid() or not ids:
        messages.warning(request, _("Tick the flags first, then choose what to do with them."))
        return redirect("triage:it")
    incident = form.cleaned_data["incident"]

    def deed(row: "Escalation") -> object:
        if form.cleaned_data["do"] == "accept":
            return escalations.accept(flag=row, staff=staff, by=by)
        return escalations.link_to_incident(flag=row, incident_id=incident, staff=staff, by=by)

    def find(public_id: str) -> "Escalation":
        return access.flag_for_it(staff, public_id)

    results = _once(request, ids, form.cleaned_data, find, deed)
    shown = _shown(results, find, "it-flag", lambda row: f"{row.ticket.reference}, {row.office.name}")
    context = {"results": shown, "back": reverse("triage:it"), "what": form.what}
    return render(request, "triage/bulk_result.html", context)


def _once(
    request: StaffRequest, ids: list[str], chosen: dict[str, Any], find: Any, deed: Any
) -> list[bulk.Result]:  # fmt: skip
    """Run it, unless this very form ran before: then say so for each row."""
    results: list[bulk.Result] = []

    def run() -> str:
        results.extend(bulk.run(ids, find, deed))
        return "done"

    key = request.POST.get("idempotency_key", "")
    # What was ticked and chosen is part of the scope: a page the browser kept sends its old key with another choice.
    asked = idempotency.fingerprint([sorted(set(ids)), chosen])
    idempotency.once(f"triage.bulk:{request.staff.public_id}:{asked}", key, run)
    again = _("This was sent before; nothing was done a second time.")
    return results or [bulk.Result(one, again) for one in dict.fromkeys(ids)]


def _shown(results: list[bulk.Result], find: Any, name: str, title: Any) -> list[dict[str, Any]]:
    rows = []
    for result in results:
        try:
            row = find(result.public_id)
        except NotFound:  # also a ticket that has just left for another office
            rows.append({"result": result, "title": "", "url": ""})
        else:
            rows.append({"result": result, "title": title(row), "url": reverse(f"triage:{name}", args=[row.public_id])})
    return rows
