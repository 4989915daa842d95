"""The decision table of a practice: look at it, change a row, try the change on last month, go back."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from helpdesk.enums import Category
from portal_core.directory.enums import PatientSupportMode, Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from portal_core.kernel.errors import Conflict, NotFound
from triage import queries
from triage.actions import routing
from triage.errors import EditRefused
from triage.forms.routing import RouteForm
from triage.models import RoutingVersion
from triage.rules.dry_run import Outcome, dry_run
from triage.rules.edits import Table, edited
from triage.rules.table import ROUTES
from triage.views.practice_time import in_practice_time

managers = staff_page(Permission.SETTINGS)
MONTH = dt.timedelta(days=30)


@require_GET
@managers
@in_practice_time
def index(request: StaffRequest) -> HttpResponse:
    """Every kind of request, and what this practice changed."""
    versions = queries.routing_versions(request.staff.practice_id)
    table = queries.table_of(request.staff.practice_id)
    rows = [{"row": row, "changed": row != ROUTES[code]} for code, row in table.items()]
    return render(
        request,
        "triage/routing.html",
        {"rows": rows, "versions": versions, "newest": versions[0].number if versions else 0},
    )


@require_http_methods(["GET", "POST"])
@managers
@in_practice_time
def edit(request: StaffRequest, category: str) -> HttpResponse:
    if category not in Category.values:
        raise NotFound
    code = Category(category)
    version = queries.routing_version(request.staff.practice_id)
    table = queries.table_of(request.staff.practice_id)
    form = RouteForm(ROUTES[code], table[code], request.POST or None)
    context: dict[str, Any] = {
        "form": form,
        "base": ROUTES[code],
        "row": table[code],
        "changed": table[code] != ROUTES[code],
        "seen": version.number if version is not None else 0,
        "error": None,
    }
    status = 200
    if request.method == "POST":
        do = request.POST.get("do", "")
        if do == "reset" or form.is_valid():
            values = {} if do == "reset" else form.values()
            if do == "try":
                context["outcome"] = _try(request, code, table, values)
            else:
                note = form.cleaned_data["note"] if form.is_valid() else _("As it ships")
                seen = _seen(request)
                try:
                    routing.edit(
                        category=code, values=values, seen=seen, note=note, staff=request.staff, by=request.actor
                    )
                except EditRefused as refused:
                    for one in refused.facts["objections"]:
                        form.add_error(one["field"] if one["field"] in form.fields else None, one["text"])
                except Conflict as moved:
                    context["error"], status = moved, moved.status
                else:
                    messages.success(request, _("Changed. It decides from now on."))
                    return redirect("triage:routing")
        if form.errors:
            status = 422
    return render(request, "triage/routing_edit.html", context, status=status)


@require_POST
@managers
def restore(request: StaffRequest, number: int) -> HttpResponse:
    """An earlier version again; 0: the table as it ships."""
    try:
        routing.restore(number=number, seen=_seen(request), staff=request.staff, by=request.actor)
    except RoutingVersion.DoesNotExist:
        raise NotFound from None
    messages.success(request, _("Changed. It decides from now on."))
    return redirect("triage:routing")


def _try(request: StaffRequest, code: Category, table: Table, values: dict[str, Any]) -> Outcome:
    """The edit on the tickets and flags of the last thirty days; nothing is written."""
    since, practice = clock.now() - MONTH, request.staff.practice
    line = practice.patient_support_mode == PatientSupportMode.PATIENT_LINE
    return dry_run(
        queries.samples_since(practice.pk, code, since, patient_line=line),
        queries.packets_since(practice.pk, code, since),
        now=table,
        then={**table, code: edited(ROUTES[code], values)},
        most=queries.SAMPLES,
    )


def _seen(request: StaffRequest) -> int:
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isdecimal() else -1
