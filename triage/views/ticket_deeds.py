"""Joining, splitting, linking and the clock, the same on both desks; rests and second thoughts of IT's own tickets."""

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpdesk import access as helpdesk
from helpdesk import queries
from helpdesk.actions import tickets
from helpdesk.enums import DONE, Author, Category, Side, SnoozeReason
from helpdesk.errors import NoSuchTicket, SnoozeOutOfRange, TicketNotFound, WrongMove
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.queries import offices
from portal_core.kernel import audit, clock
from portal_core.kernel.errors import AppError, NotFound
from triage import access
from triage.actions import conversation
from triage.forms import SnoozeForm
from triage.views.desk_list import wanted_of
from triage.views.narrowed import address
from triage.views.office import chosen
from triage.views.practice_time import in_practice_time

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Office

DESKS = {Side.OFFICE: ("triage:office-ticket", "triage:"), Side.IT: ("triage:it-ticket", "triage:it-")}
Deed = Callable[[StaffRequest, "Ticket"], tuple["Ticket", str]]
View = Callable[..., HttpResponse]


def on_both_desks(deed: Deed) -> tuple[View, View]:
    """The deed as a button of the office desk and of the IT console: (office, it). It returns the ticket to show next
    and what to say; a refusal is told on the page of the forms."""

    def at(door: Callable[..., "Ticket"], refuse: Callable[..., HttpResponse], permission: Permission) -> View:
        @require_POST
        @staff_page(permission)
        @in_practice_time
        def press(request: StaffRequest, /, public_id: str) -> HttpResponse:
            row = door(request.staff, public_id)
            try:
                shown, said = deed(request, row)
            except NotFound:
                raise
            except AppError as error:
                return refuse(request, door(request.staff, public_id), error)
            messages.success(request, said)
            return _to(request, shown)

        press.__name__, press.__doc__ = deed.__name__, deed.__doc__
        return press

    return (
        at(access.office_ticket, _refused, Permission.OFFICE_DESK),
        at(access.it_ticket, _refused, Permission.IT_DESK),
    )


def _refused(request: StaffRequest, row: "Ticket", error: AppError) -> HttpResponse:
    return _forms_page(request, row, error=error)


def _forms_page(request: StaffRequest, row: "Ticket", *, error: AppError | None = None) -> HttpResponse:
    """The forms that join, split and link; they name other tickets of the same person, so reading them is a read."""
    audit.record("ticket:read", by=request.actor, target=row, practice_id=row.practice_id)
    page, deeds = DESKS[Side(row.side)]
    context = {
        "ticket": row,
        "error": error,
        "page": page,
        "urls": {name.replace("-", "_"): f"{deeds}{name}" for name in ("merge", "split", "link-ticket")},
        "alike": queries.look_alikes(request.staff, row) if row.is_live else [],
        "splittable": [one for one in queries.thread(row) if one.author_kind == Author.REQUESTER],
        "categories": Category.choices,
        "offices": _elsewhere(row),
    }
    return render(request, "triage/ticket_more.html", context, status=error.status if error is not None else 200)


def _elsewhere(row: "Ticket") -> "list[Office]":
    """Where an office may hand it over to: any other of the practice, whoever works there. Names of offices are no
    secret, and only that office can match its own patients (TR-03)."""
    if row.side != Side.OFFICE or row.state in DONE or row.relayed_at is not None:
        return []
    return [one for one in offices(row.practice_id) if one.pk != row.office_id]


@require_POST
@staff_page(Permission.OFFICE_DESK)
@in_practice_time
def hand_over(request: StaffRequest, public_id: str) -> HttpResponse:
    """It came to the wrong office: to the right one, also where one does not work oneself. For ten seconds it can be
    taken back."""
    row = access.office_ticket(request.staff, public_id)
    office = next((one for one in _elsewhere(row) if one.public_id == request.POST.get("office")), None)
    try:
        if office is None:
            raise WrongMove
        row = tickets.hand_over(ticket=row, office=office, hold=True, by=request.actor)
    except AppError as error:
        return _refused(request, access.office_ticket(request.staff, public_id), error)
    told = {"reference": row.reference, "office": office.name}
    messages.success(request, _("%(reference)s is with %(office)s now.") % told)
    if request.staff.may(Permission.OFFICE_DESK, office_id=office.pk):
        return _to(request, row)
    return redirect(address("office", narrowed=wanted_of(request)))


def _clock_page(request: StaffRequest, row: "Ticket") -> HttpResponse:
    """By when we promised what, in a sentence, and who had the move until now."""
    now = clock.now()
    kept = queries.timekeeping(row, now=now)
    rows = [
        {"row": one, "minutes": int(((one.ended_at or now) - one.began_at).total_seconds() // 60)}
        for one in kept.segments
    ]
    context = {"ticket": row, "kept": kept, "rows": rows, "page": DESKS[Side(row.side)][0]}
    return render(request, "triage/ticket_clock.html", context)


def _reading(show: Callable[[StaffRequest, "Ticket"], HttpResponse]) -> tuple[View, View]:
    """A page about one ticket for the office desk and for the IT console: (office, it)."""

    def at(door: Callable[..., "Ticket"], permission: Permission) -> View:
        @require_GET
        @staff_page(permission)
        @in_practice_time
        def page(request: StaffRequest, /, public_id: str) -> HttpResponse:
            return show(request, door(request.staff, public_id))

        page.__name__, page.__doc__ = show.__name__, show.__doc__
        return page

    return at(access.office_ticket, Permission.OFFICE_DESK), at(access.it_ticket, Permission.IT_DESK)


more, it_more = _reading(_forms_page)
clock_page, it_clock_page = _reading(_clock_page)


def _to(request: StaffRequest, row: "Ticket") -> HttpResponse:
    if row.side == Side.IT:
        return redirect("triage:it-ticket", row.public_id)
    return redirect(address("office-ticket", row.public_id, narrowed=wanted_of(request)))


def _other(request: StaffRequest) -> "Ticket":
    """The ticket chosen from the list of look-alikes, or named by its number. Raises NoSuchTicket."""
    try:
        if public_id := request.POST.get("other", ""):
            return helpdesk.ticket_for(request.staff, public_id)
        return helpdesk.ticket_by_reference(request.staff, request.POST.get("reference", ""))
    except TicketNotFound:
        raise NoSuchTicket from None


@on_both_desks
def _merge(request: StaffRequest, row: "Ticket") -> tuple["Ticket", str]:
    """A duplicate: go on in the other one."""
    into = tickets.merge(ticket=row, into=_other(request), hold=True, by=request.actor)
    return into, _("%(reference)s is part of this ticket now.") % {"reference": row.reference}


@on_both_desks
def _split(request: StaffRequest, row: "Ticket") -> tuple["Ticket", str]:
    """A second matter gets a ticket of its own."""
    category = chosen(Category, request.POST.get("category"))
    ids = request.POST.getlist("message")
    fresh = tickets.split(ticket=row, message_ids=ids, category=category, by=request.actor)
    return fresh, _("A ticket of its own, split off from %(reference)s.") % {"reference": row.reference}


@on_both_desks
def _link(request: StaffRequest, row: "Ticket") -> tuple["Ticket", str]:
    """They belong together."""
    other = _other(request)
    tickets.link(ticket=row, other=other, by=request.actor)
    return row, _("Linked with %(reference)s.") % {"reference": other.reference}


@on_both_desks
def _unlink(request: StaffRequest, row: "Ticket") -> tuple["Ticket", str]:
    """They do not."""
    other = _other(request)
    tickets.unlink(ticket=row, other=other, by=request.actor)
    return row, _("No longer linked with %(reference)s.") % {"reference": other.reference}


merge, it_merge = _merge
split, it_split = _split
link, it_link = _link
unlink, it_unlink = _unlink


# --- IT's own tickets: the office desk has its own doors to these -----------------------------------------------------
def _at_it(deed: Deed) -> View:
    return on_both_desks(deed)[1]


@_at_it
def it_snooze(request: StaffRequest, row: "Ticket") -> tuple["Ticket", str]:
    """Put aside until later, with a reason."""
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        raise SnoozeOutOfRange
    until = clock.now() + dt.timedelta(hours=int(form.cleaned_data["hours"]))
    reason = SnoozeReason(form.cleaned_data["reason"])
    row = tickets.snooze(ticket=row, reason=reason, until=until, by=request.actor)
    return row, _("%(reference)s comes back by itself.") % {"reference": row.reference}


@_at_it
def it_wake(request: StaffRequest, row: "Ticket") -> tuple["Ticket", str]:
    """Back into the list."""
    return tickets.unsnooze(ticket=row, by=request.actor), _("Back in the list.")


@require_POST
@staff_page(Permission.IT_DESK)
@in_practice_time
def it_undo(request: StaffRequest) -> HttpResponse:
    """Take back what one did within the last ten seconds, and open its ticket."""
    try:
        row = conversation.undo(undo_id=request.POST.get("undo", ""), staff=request.staff, by=request.actor)
    except NotFound:
        raise
    except AppError as error:
        messages.error(request, str(error))
        return redirect("triage:it")
    messages.success(request, _("Taken back. Nobody outside heard of it."))
    return _to(request, row)
