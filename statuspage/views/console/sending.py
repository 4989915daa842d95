"""What a composer's buttons do: look first, publish, keep, publish later. The same for events of either kind."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from portal_core.directory.guards import StaffRequest
from portal_core.kernel.errors import Conflict, Invalid, NotFound
from portal_core.kernel.ids import new_public_id
from statuspage import queries
from statuspage.actions import drafts, overriding
from statuspage.contracts import IncidentSummary
from statuspage.enums import EventKind
from statuspage.forms.composing import PROMISES
from statuspage.queries import authoring, desk
from statuspage.queries.lint import Verdict
from statuspage.rules import templating
from statuspage.views.console import composing, contents
from statuspage.views.console.composing import Composition

Answer = tuple[HttpResponse | None, dict[str, Any], int]
"""(a redirect, or None; context for drawing the page again; its status)."""


def send(composition: Composition) -> Answer:
    """Do what the pressed button says. Nothing typed is ever lost: a refusal draws the form again."""
    request, form = composition.request, composition.form
    pressed = request.POST.get("do", "publish")
    if pressed == "draft":
        composition.keep()
        messages.success(request, "Kept as a draft. Nobody was told anything.")
        return redirect("statuspage:console"), {}, 200
    if not form.is_valid():
        return None, {}, 422
    verdict = composing.judge(composition)
    if pressed == "check":
        return None, looked(composition, verdict), 200
    if verdict.blocked:
        form.add_error("lint_reason", "Change the text, or say why it should go out as it is.")
        return None, looked(composition, verdict), 422
    try:
        if pressed == "schedule":
            return _later(composition, verdict), {}, 200
        summary = composition.publish(request.POST.get("idempotency_key", "") or new_public_id())
    except (Invalid, Conflict) as refusal:
        _keep_but_renew(composition)
        form.add_error(None, str(refusal))
        return None, {"verdict": verdict}, refusal.status
    quiet = form.cleaned_data.get("quiet") or form.cleaned_data.get("silent")
    messages.success(
        request, "Published. Nobody gets a message." if quiet else "Published. Subscribers are being told."
    )
    return redirect(address_of(summary)), {}, 200


def address_of(summary: IncidentSummary) -> str:
    name = "console-maintenance" if summary.kind == EventKind.MAINTENANCE else "console-incident"
    return reverse(f"statuspage:{name}", args=[summary.id])


def looked(composition: Composition, verdict: Verdict | None = None) -> dict[str, Any]:
    """Preview and findings for a valid form."""
    shown, refusal = composing.rehearsed(composition)
    verdict = verdict or composing.judge(composition)
    return {"shown": shown, "refusal": refusal, "findings": verdict.findings, "blocked": verdict.blocked}


def restored(
    request: StaffRequest, *, kind: str, event: IncidentSummary | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the form's first values, context) from a draft: the one asked for, else what this person left unfinished."""
    asked = request.GET.get("draft", "")
    row = authoring.draft(asked, request.staff.practice_id) if asked else None
    if row is None and event is not None:
        row = desk.own_draft(incident_id=event.id, by_id=request.actor.id)
    if row is None or (event is None and row.incident_id) or row.kind != kind:
        return {}, {}
    if event is not None and row.incident_id != event.id:
        raise NotFound
    values = contents.initial(row.content)
    if event is not None:
        values.pop("seen", None) if not row.content.get("seen") else None
    return {**values, "draft": row.public_id}, {"draft": row}


def prepared(composition: Composition) -> dict[str, Any]:
    """Fill in the template that was named; what the operator has written stays."""
    form = composition.form
    row = desk.template_called(str(form.data.get("template", "")), composition.kind)
    if row is None:
        form.add_error("template", "No template is called that. Type a part of its title.")
        return {}
    data = form.data.copy()  # type: ignore[attr-defined]
    names = [member.name for member in getattr(form, "members", []) if member.id in row.components]
    page = desk.page()
    values = {"components": ", ".join(names), "page_name": page.name if page is not None else ""}
    if composition.kind == EventKind.INCIDENT:
        values |= _times(composition)
    for name, text in (("name", row.name), ("body", row.body)):
        if name in form.fields and (not str(data.get(name, "")).strip() or _untouched(data, name)):
            data[name] = templating.fill(text, values)
    states = dict(form.fields["status"].choices) if "status" in form.fields else {}  # type: ignore[attr-defined]
    if row.status in states:
        data["status"] = row.status
    for key, status in row.components.items():
        if f"component_{key}" in form.fields:
            data[f"component_{key}"] = status
    if "components" in form.fields and row.components:
        data.setlist("components", list(row.components))
    return {"data": data, "template": row}


def _times(composition: Composition) -> dict[str, str]:
    """When it began (now, in the page's zone) and when readers hear more, if that was chosen already."""
    minutes = str(composition.form.data.get("next_update", ""))
    with timezone.override(composition.zone):
        now = timezone.localtime()
        later = now + dt.timedelta(minutes=int(minutes)) if minutes in dict(PROMISES) and minutes else None
        return {"start": f"{now:%H:%M %Z}", "next_update": f"{later:%H:%M %Z}" if later is not None else ""}


def _untouched(data: Any, name: str) -> bool:
    """Whether a text is exactly what another template had put there."""
    text = str(data.get(name, "")).strip()
    return any(templating.variables(text)) or any(text == getattr(row, name) for row in authoring.templates())


def _later(composition: Composition, verdict: Verdict) -> HttpResponse:
    moment: dt.datetime | None = composition.form.cleaned_data.get("publish_at")
    if moment is None:
        if "publish_at" in composition.form.fields:
            composition.form.add_error("publish_at", "Say when.")
        raise Invalid("Say when it should be published.")
    by = composition.request.actor
    with transaction.atomic():
        draft_id = composition.keep()
        drafts.schedule(draft_id=draft_id, publish_at=moment, by=by)
        if verdict.codes:
            draft = authoring.draft(draft_id, by.practice_id)
            overriding.record(target=draft, codes=verdict.codes, reason=verdict.reason, by=by)
    messages.success(composition.request, "It will be published at that time. You can take it back until then.")
    return redirect("statuspage:console")


def _keep_but_renew(composition: Composition) -> None:
    """What was typed stays; what the author had seen is brought up to date, so that a second press is informed."""
    if composition.event is None:
        return
    composition.event = queries.incident(composition.event_id)
    data = composition.form.data.copy()  # type: ignore[attr-defined]
    if data.get("seen"):
        data["seen"] = composition.event.update_id
    composition.form.data = data
