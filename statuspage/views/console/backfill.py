"""Writing down an incident that was never on the page. Nobody is told."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from portal_core.kernel.errors import Conflict, Invalid
from statuspage.actions import backfill, overriding
from statuspage.enums import IncidentStatus
from statuspage.forms.authoring import PastForm
from statuspage.forms.moments import place
from statuspage.queries import desk
from statuspage.queries.lint import Verdict
from statuspage.views.console import frame


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def past(request: StaffRequest) -> HttpResponse:
    form = PastForm(request.POST if request.method == "POST" else None)
    place(form, desk.page_zone())
    status, said = 200, Verdict()
    if request.method == "POST":
        status = 422
        if form.is_valid() and form.cleaned_data["resolved_at"] > clock.now():
            form.add_error("resolved_at", "This is not over yet. Declare it as an incident instead.")
        if form.is_valid():
            values = form.cleaned_data
            said = form.look(values["body"], values["ending"], name=values["name"], status=IncidentStatus.POSTMORTEM)
        if form.is_valid():
            try:
                with transaction.atomic():
                    made = backfill.past_incident(
                        name=form.cleaned_data["name"], components=form.chosen(), updates=form.updates(),
                        by=request.actor,
                    )  # fmt: skip
                    overriding.note(incident_id=made.id, codes=said.codes, reason=said.reason, by=request.actor)
            except (Invalid, Conflict) as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
            else:
                messages.success(request, "Written down. Nobody was mailed.")
                return redirect("statuspage:console-incident", incident_id=made.id)
    context = {"form": form, "findings": said.findings, "blocked": said.blocked}
    return frame.page(request, "past", context, status=status)
