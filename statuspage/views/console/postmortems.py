"""Writing down what was learned, publishing it when it is ready."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import Conflict, Invalid, NotFound
from portal_core.kernel.ids import new_public_id
from statuspage import queries
from statuspage.actions import postmortems
from statuspage.enums import EventKind
from statuspage.forms.authoring import PostmortemForm
from statuspage.queries import authoring
from statuspage.views.console import frame


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def postmortem(request: StaffRequest, incident_id: str) -> HttpResponse:
    event = queries.incident(incident_id)
    if event.kind != EventKind.INCIDENT:
        raise NotFound
    row = authoring.postmortem(incident_id)
    form = PostmortemForm(
        request.POST if request.method == "POST" else None, initial={"body": row.body if row is not None else ""}
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _save(request, incident_id, form)
            except (Invalid, Conflict) as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
    return frame.page(request, "postmortem", {"form": form, "incident": event, "postmortem": row}, status=status)


def _save(request: StaffRequest, incident_id: str, form: PostmortemForm) -> HttpResponse:
    values = form.cleaned_data
    postmortems.save(incident_id=incident_id, body=values["body"], by=request.actor)
    if request.POST.get("do") == "publish":
        postmortems.publish(
            incident_id=incident_id, deliver=not values["quiet"], by=request.actor,
            key=request.POST.get("idempotency_key", "") or new_public_id(),
        )  # fmt: skip
        messages.success(request, "The postmortem is on the page.")
    else:
        messages.success(request, "Kept.")
    return redirect("statuspage:console-postmortem", incident_id=incident_id)
