"""Drafts: what waits for a person or its time."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import Invalid
from statuspage.actions import drafts
from statuspage.enums import EventKind
from statuspage.models import Draft
from statuspage.queries import authoring
from statuspage.views.console.sending import address_of


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def open_draft(request: StaffRequest, draft_id: str) -> HttpResponse:
    """Go on where it was left."""
    return redirect(composer_of(authoring.draft(draft_id, request.staff.practice_id)))


@require_POST
@staff_page(Permission.STATUS_PUBLISH)
def act(request: StaffRequest, draft_id: str) -> HttpResponse:
    """Take a planned one back, publish it now, or put it away."""
    what = request.POST.get("do", "")
    if what == "unschedule":
        drafts.unschedule(draft_id=draft_id, by=request.actor)
        messages.success(request, "Taken back. It stays a draft and is not published by itself.")
        return redirect("statuspage:console")
    if what == "discard":
        drafts.discard(draft_id=draft_id, by=request.actor)
        messages.success(request, "Discarded.")
        return redirect("statuspage:console")
    if what == "publish":
        summary = drafts.publish(draft_id=draft_id, by=request.actor)
        messages.success(request, "Published. Subscribers are being told.")
        return redirect(address_of(summary))
    raise Invalid


def composer_of(row: Draft) -> str:
    """The address of the form this draft belongs to."""
    planned = row.kind == EventKind.MAINTENANCE
    if row.incident_id:
        name = "statuspage:console-maintenance" if planned else "statuspage:console-incident"
        address = reverse(name, args=[row.incident_id])
    else:
        address = reverse("statuspage:console-schedule" if planned else "statuspage:console-declare")
    return f"{address}?draft={row.public_id}"
