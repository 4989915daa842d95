"""A request that landed on the wrong desk: one key gives it to the other one, with a second thought for ten seconds."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from helpdesk.actions import tickets
from helpdesk.enums import RequesterKind, Side
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import audit
from portal_core.kernel.errors import AppError, NotFound
from triage import access, forms
from triage.views.practice_time import in_practice_time

if TYPE_CHECKING:
    from helpdesk.models import Ticket

# Of each desk: its door, who may, where one goes on.
DESKS: dict[Side, tuple[Callable[..., "Ticket"], Permission, str]] = {
    Side.OFFICE: (access.office_ticket, Permission.OFFICE_DESK, "triage:office"),
    Side.IT: (access.it_ticket, Permission.IT_DESK, "triage:it"),
}


def _of(side: Side) -> Callable[..., HttpResponse]:
    door, permission, home = DESKS[side]

    @require_http_methods(["GET", "POST"])
    @staff_page(permission)
    @in_practice_time
    def change(request: StaffRequest, /, public_id: str) -> HttpResponse:
        """Who really asks, and with that whose request it is."""
        row = door(request.staff, public_id)
        form = _form(request, row)
        if request.method != "POST":
            audit.record("ticket:read", by=request.actor, target=row, practice_id=row.practice_id)
            return _page(request, row, form)
        if not form.is_valid():
            return _page(request, row, form, status=422)
        try:
            moved = tickets.change_desk(ticket=row, hold=True, by=request.actor, **_wanted(form))
        except NotFound:
            raise
        except AppError as error:
            return _page(request, row, form, error=error, status=error.status)
        there = _("IT") if moved.side == Side.IT else moved.office.name
        messages.success(request, _("%(desk)s has %(reference)s now.") % {"desk": there, "reference": row.reference})
        return redirect(home)

    return change


def _form(request: StaffRequest, row: "Ticket") -> Form:
    data = request.POST if request.method == "POST" else None
    if row.side == Side.OFFICE:
        return forms.ToITDeskForm(data)
    return forms.ToOfficeDeskForm(request.staff, data, initial={"office": row.office.public_id})


def _wanted(form: Form) -> dict[str, Any]:
    if isinstance(form, forms.ToOfficeDeskForm):
        return {"kind": RequesterKind.PATIENT, "office": form.offices[form.cleaned_data["office"]]}
    return {"kind": RequesterKind(form.cleaned_data["kind"])}


def _page(
    request: StaffRequest, row: "Ticket", form: Form, *, error: AppError | None = None, status: int = 200
) -> HttpResponse:
    at_office = row.side == Side.OFFICE
    page = "triage:office-ticket" if at_office else "triage:it-ticket"
    context = {"ticket": row, "form": form, "error": error, "at_office": at_office, "page": page}
    return render(request, "triage/change_desk.html", context, status=status)


of_office, of_it = _of(Side.OFFICE), _of(Side.IT)
