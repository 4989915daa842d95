"""While somebody types: the page, the mail and the text message as they would be, the findings, and the draft."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import AppError
from statuspage import queries
from statuspage.enums import EventKind
from statuspage.views.console import composing, contents, frame, sending


@require_POST
@staff_page(Permission.STATUS_PUBLISH)
def preview(request: StaffRequest) -> HttpResponse:
    """The preview of a composer (`event` and `kind` say which). `?ask=1`: only what publishing would do, for the last
    question; 422 where it cannot be published as it stands."""
    event_id = request.POST.get("event", "")
    event = queries.incident(event_id) if event_id else None
    kind = request.POST.get("kind", "")
    composition = composing.compose(
        request, kind=kind if kind in EventKind.values else EventKind.INCIDENT, event=event, data=request.POST
    )
    whole = composition.form.is_valid()
    if "ask" in request.GET:
        context = sending.looked(composition) if whole else {}
        ready = whole and not context["blocked"] and context["shown"] is not None
        return frame.part(request, "ask", context) if ready else HttpResponse(status=422)
    context = {"form": composition.form, "dates": [], **_draft(composition)}
    if whole:
        context |= sending.looked(composition)
    elif contents.worth_keeping(composition.form):
        context["refusal"] = composing.first_error(composition.form)
    if hasattr(composition.form, "next_dates") and composition.form.is_bound:
        context["dates"] = composition.form.next_dates(composition.zone)
        context["zone"] = composition.zone
    return frame.part(request, "preview_answer", context)


def _draft(composition: composing.Composition) -> dict[str, str]:
    """Keep it; a draft that is closed meanwhile (published from another window) says so and is left alone."""
    if not contents.worth_keeping(composition.form):
        return {"draft_id": composition.draft_id, "draft_state": ""}
    try:
        draft_id = composition.keep()
    except AppError as refusal:
        return {"draft_id": composition.draft_id, "draft_state": str(refusal)}
    with timezone.override(composition.zone):
        return {"draft_id": draft_id, "draft_state": f"Draft kept at {timezone.localtime():%H:%M:%S}"}
