"""Correcting the wording of a message that is out. Nobody is mailed; both wordings stay on the record."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import Conflict, Invalid
from statuspage import queries
from statuspage.actions import incidents, overriding
from statuspage.forms.authoring import CorrectForm
from statuspage.queries import desk
from statuspage.queries.lint import Verdict
from statuspage.views.console import frame, sending


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def correct(request: StaffRequest, incident_id: str, update_id: str) -> HttpResponse:
    event, row = queries.incident(incident_id), desk.update_row(incident_id, update_id)
    form = CorrectForm(request.POST if request.method == "POST" else None, initial={"body": queries.words_of(row)[0]})
    status, said = 200, Verdict()
    if request.method == "POST":
        status = 422
        if form.is_valid():
            body = form.cleaned_data["body"]
            said = form.look(body, kind=event.kind, status=row.status, incident_id=incident_id)
        if form.is_valid():
            try:
                with transaction.atomic():
                    incidents.correct(update_id=update_id, body=body, by=request.actor)
                    overriding.note(incident_id=incident_id, codes=said.codes, reason=said.reason, by=request.actor)
            except (Invalid, Conflict) as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, "Corrected. The page says that it was edited; nobody was mailed.")
                return redirect(sending.address_of(event))
    context = {
        "form": form, "event": event, "update": row, "edits": desk.edits(row), "back": sending.address_of(event),
        "findings": said.findings, "blocked": said.blocked,
    }  # fmt: skip
    return frame.page(request, "correct", context, status=status)
