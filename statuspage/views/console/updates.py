"""Correcting the wording of a message that is out. Nobody is mailed; both wordings stay on the record."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import Conflict, Invalid
from statuspage import queries
from statuspage.actions import incidents
from statuspage.forms.authoring import CorrectForm
from statuspage.queries import desk
from statuspage.views.console import frame, sending


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def correct(request: StaffRequest, incident_id: str, update_id: str) -> HttpResponse:
    event, row = queries.incident(incident_id), desk.update_row(incident_id, update_id)
    form = CorrectForm(request.POST if request.method == "POST" else None, initial={"body": queries.words_of(row)[0]})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                incidents.correct(update_id=update_id, body=form.cleaned_data["body"], by=request.actor)
            except (Invalid, Conflict) as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, "Corrected. The page says that it was edited; nobody was mailed.")
                return redirect(sending.address_of(event))
    context = {"form": form, "event": event, "update": row, "edits": desk.edits(row), "back": sending.address_of(event)}
    return frame.page(request, "correct", context, status=status)
