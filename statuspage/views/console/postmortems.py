"""Writing down what was learned, publishing it when it is ready."""

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import Conflict, Invalid, NotFound
from portal_core.kernel.ids import new_public_id
from statuspage import queries
from statuspage.actions import overriding, postmortems
from statuspage.enums import EventKind, IncidentStatus
from statuspage.forms.authoring import PostmortemForm
from statuspage.queries import authoring
from statuspage.queries.lint import Verdict
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
    status, said = 200, Verdict()
    if request.method == "POST":
        status = 422
        public = request.POST.get("do") == "publish" or (row is not None and row.published_at is not None)
        if form.is_valid() and public:  # a draft may hold anything
            said = form.look(form.cleaned_data["body"], status=IncidentStatus.POSTMORTEM, incident_id=incident_id)
        if form.is_valid():
            try:
                return _save(request, incident_id, form, said)
            except (Invalid, Conflict) as refusal:
                form.add_error(None, str(refusal))
                status = refusal.status
    context = {
        "form": form, "incident": event, "postmortem": row, "findings": said.findings, "blocked": said.blocked,
    }  # fmt: skip
    return frame.page(request, "postmortem", context, status=status)


def _save(request: StaffRequest, incident_id: str, form: PostmortemForm, said: Verdict) -> HttpResponse:
    values = form.cleaned_data
    overridden = partial(
        overriding.note, incident_id=incident_id, codes=said.codes, reason=said.reason, by=request.actor
    )
    publishing = request.POST.get("do") == "publish"
    with transaction.atomic():
        postmortems.save(incident_id=incident_id, body=values["body"], by=request.actor)
        if not publishing:
            overridden()
    if publishing:
        with transaction.atomic():
            postmortems.publish(
                incident_id=incident_id, deliver=not values["quiet"], by=request.actor,
                key=request.POST.get("idempotency_key", "") or new_public_id(),
            )  # fmt: skip
            overridden()
        messages.success(request, "The postmortem is on the page.")
    else:
        messages.success(request, "Kept.")
    return redirect("statuspage:console-postmortem", incident_id=incident_id)
