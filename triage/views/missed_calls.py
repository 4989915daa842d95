"""Who called the line, reached nobody and left no message: without this list nobody would know of them (HD-10)."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from helpdesk import access as helpdesk_access
from helpdesk import queries as helpdesk
from helpdesk.actions import calls
from helpdesk.enums import Side
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from triage.views.practice_time import in_practice_time

DESKS = {
    Side.OFFICE: (Permission.OFFICE_DESK, "triage:missed-calls", "triage:call"),
    Side.IT: (Permission.IT_DESK, "triage:it-missed-calls", "triage:it-call"),
}


def _at(side: Side) -> Callable[..., HttpResponse]:
    permission, here, call_url = DESKS[side]

    @require_http_methods(["GET", "HEAD", "POST"])
    @staff_page(permission)
    @in_practice_time
    def missed(request: StaffRequest) -> HttpResponse:
        """The list; POST: one of them, and the same caller's earlier ones, are dealt with."""
        if request.method == "POST":
            call = helpdesk_access.missed_call_for(request.staff, request.POST.get("call", ""), side=side)
            calls.deal_with(call=call, staff=request.staff, by=request.actor)
            messages.success(request, _("Dealt with. It is off the list."))
            return redirect(here)
        found = helpdesk.missed_calls(request.staff, side=side, now=clock.now())
        return render(request, "triage/missed_calls.html", {"missed": found, "call_url": call_url})

    return missed


at_office, at_it = _at(Side.OFFICE), _at(Side.IT)
