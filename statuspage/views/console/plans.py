"""Editing what is planned and has not begun: one date, or a date and all that follow in its series."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from portal_core.kernel.errors import Conflict, Invalid
from portal_core.kernel.ids import new_public_id
from statuspage import queries
from statuspage.actions import occurrences, overriding, series
from statuspage.enums import UPCOMING, EventKind, MaintenanceStatus
from statuspage.errors import IncidentNotFound, MaintenanceBegun, SeriesEnded
from statuspage.forms.maintenances import EditForm, EditSeriesForm, length_of
from statuspage.forms.moments import place
from statuspage.models import Incident, MaintenanceSeries
from statuspage.queries import authoring, desk
from statuspage.queries.lint import Verdict, verdict
from statuspage.views.console import frame

Save = Callable[[EditForm, str], object]


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def one(request: StaffRequest, incident_id: str) -> HttpResponse:
    """Only this date."""
    row = desk.event_row(incident_id)
    if row.kind != EventKind.MAINTENANCE:
        raise IncidentNotFound
    if row.status not in UPCOMING and request.method != "POST":
        raise MaintenanceBegun
    assert row.scheduled_for is not None
    assert row.scheduled_until is not None
    summary = queries.incident(incident_id)
    initial = {
        "name": row.name, "body": authoring.announced_words(row), "components": list(summary.component_ids),
        "component_status": row.component_status, "reminders": [str(minutes) for minutes in row.reminders],
        "silent": row.silent, "seen": row.sequence, **length_of(row.scheduled_for, row.scheduled_until),
    }  # fmt: skip
    form = EditForm(request.POST if request.method == "POST" else None, initial=initial)
    place(form, zone := desk.page_zone())

    def save(form: EditForm, key: str) -> None:
        values = form.cleaned_data
        occurrences.edit(
            incident_id=incident_id, plan=_plan(values), scheduled_for=values["scheduled_for"],
            scheduled_until=values["scheduled_until"], notice=form.notice_to_send(), seen=values["seen"],
            by=request.actor, key=key,
        )  # fmt: skip

    return _page(request, form, save, event=row, series=row.series, zone=zone)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def following(request: StaffRequest, series_id: str) -> HttpResponse:
    """`?from=` this date and all that follow; without it everything that is yet to begin."""
    row = authoring.one_series(series_id)
    if row.ended_at is not None:
        raise SeriesEnded
    event = _first(row, request.GET.get("from", ""))
    start = event.series_slot if event is not None else None
    start = start or authoring.next_slot(row, clock.now())
    initial = {
        "name": row.name, "body": row.body, "component_status": row.component_status, "silent": row.silent,
        "components": [member.public_id for member in row.components.all() if member.retired_at is None],
        "reminders": [str(minutes) for minutes in row.reminders], "seen": row.version,
        **length_of(start, start + dt.timedelta(minutes=row.minutes)),
    }  # fmt: skip
    form = EditSeriesForm(request.POST if request.method == "POST" else None, initial=initial, now=row.rule)
    place(form, row.time_zone)

    def save(form: EditForm, key: str) -> None:
        assert isinstance(form, EditSeriesForm)
        values = form.cleaned_data
        series.change(
            series_id=series_id, from_id=event.public_id if event is not None else "", plan=_plan(values),
            rule=form.rule(row.time_zone), first_at=values["scheduled_for"], minutes=form.minutes(),
            notice=form.notice_to_send(), seen=values["seen"], by=request.actor, key=key,
        )  # fmt: skip

    return _page(request, form, save, event=event, series=row, zone=row.time_zone, whole=True)


def _first(row: MaintenanceSeries, from_id: str) -> Incident | None:
    """The date it is edited from. Raises IncidentNotFound for one of another series."""
    if not from_id:
        return authoring.next_date(row)
    event = desk.event_row(from_id)
    if event.series_id != row.pk:
        raise IncidentNotFound
    return event


def _plan(values: dict[str, Any]) -> occurrences.Plan:
    return occurrences.Plan(
        name=values["name"], body=values["body"], component_ids=values["components"],
        component_status=values["component_status"], reminders=[int(row) for row in values["reminders"]],
        silent=values["silent"],
    )  # fmt: skip


def _page(
    request: StaffRequest,
    form: EditForm,
    save: Save,
    *,
    event: Incident | None,
    series: MaintenanceSeries | None,
    zone: str,
    whole: bool = False,
) -> HttpResponse:
    status, verdict, dates = 200, Verdict(), []
    if request.method == "POST":
        status = 422
        if form.is_valid():
            verdict = _judge(form, event)
            if verdict.blocked:
                form.add_error("lint_reason", "Change the text, or say why it should go out as it is.")
            elif request.POST.get("do") == "check":
                status = 200
                dates = form.next_dates(zone) if isinstance(form, EditSeriesForm) else []
            elif refused := _save(request, form, save, verdict, event or series):
                status = refused
            else:
                words = "Subscribers are being told." if form.notice_to_send() else "Nobody was mailed."
                messages.success(request, f"Saved. {words}")
                if event is None:
                    return redirect("statuspage:console-maintenances")
                return redirect("statuspage:console-maintenance", incident_id=event.public_id)
    context = {
        "form": form, "event": event, "series": series, "whole": whole, "zone": zone, "dates": dates,
        "findings": verdict.findings, "blocked": verdict.blocked,
    }  # fmt: skip
    return frame.page(request, "plan", context, status=status)


def _save(
    request: StaffRequest, form: EditForm, save: Save, verdict: Verdict, target: Incident | MaintenanceSeries | None
) -> int:
    """Save it and write down what was overridden; 0, or the status of a refusal, which the form then says."""
    try:
        with transaction.atomic():
            save(form, request.POST.get("idempotency_key", "") or new_public_id())
            overriding.record(target=target, codes=verdict.codes, reason=verdict.reason, by=request.actor)
    except (Invalid, Conflict) as refusal:
        form.add_error(None, str(refusal))
        return refusal.status
    return 0


def _judge(form: EditForm, event: Incident | None) -> Verdict:
    """The honesty check, over what the page and the letters would say."""
    facts = queries.lint_facts(
        kind=EventKind.MAINTENANCE, status=MaintenanceStatus.SCHEDULED, components=None,
        incident_id=event.public_id if event is not None else "",
    )  # fmt: skip
    values = form.cleaned_data
    return verdict(form.public_text(), facts, name=values["name"], reason=values["lint_reason"])
