"""One search for a desk: tickets and what was written on them, flags, and, where somebody may see them, people."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from helpdesk import search as helpdesk
from portal_core.directory.access import note_list_read
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.queries import search_patients
from portal_core.kernel import audit
from triage import search
from triage.forms import FindForm
from triage.views.office_page import in_practice_time

PEOPLE = 8
LIVE = {"": None, "live": True, "done": False}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@staff_page(Permission.OFFICE_DESK, Permission.IT_DESK)
@in_practice_time
def find(request: StaffRequest) -> HttpResponse:
    """What is searched for comes by POST: names and numbers do not stand in addresses or logs."""
    form = FindForm(request.POST if request.method == "POST" else None)
    context: dict[str, object] = {"form": form, "sees_people": request.staff.may(Permission.PATIENT_READ)}
    if form.is_bound and form.is_valid():
        text, after = form.cleaned_data["q"], form.cleaned_data["after"]
        live = LIVE[form.cleaned_data["state"]]
        found = helpdesk.tickets(request.staff, text, live=live, after=after)
        flags = search.flags(request.staff, text, live=live) if not after else search.FoundFlags([], more=False)
        audit.record(
            "ticket:search", by=request.actor, practice_id=request.staff.practice_id, shown=len(found.hits),
            flags=len(flags.hits),
        )  # fmt: skip
        context |= {"found": found, "flags": flags, "text": text, "continued": bool(after)}
        if not after and context["sees_people"]:
            rows = search_patients(request.staff, text).select_related("home_office")
            people = list(rows.order_by("last_name", "first_name", "pk")[: PEOPLE + 1])
            note_list_read(request.staff, shown=len(people[:PEOPLE]), searched=True)
            context |= {"people": people[:PEOPLE], "more_people": len(people) > PEOPLE}
        said = [_("%(n)d tickets shown") % {"n": len(found.hits)}]
        if flags.hits:
            count = len(flags.hits)
            said.append(ngettext("%(n)d flag shown", "%(n)d flags shown", count) % {"n": count})
        context["said"] = ", ".join(said)
    part = "#results" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"triage/search.html{part}", context, status=422 if form.errors else 200)
