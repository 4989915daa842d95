"""The quick reference sheet: who is responsible for what, printed from the decision table itself (HD-06, HD-16)."""

import csv

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from triage import queries
from triage.enums import OfficeStep, RelayReason
from triage.rules.edits import table
from triage.rules.table import ROUTES
from triage.views.practice_time import in_practice_time

COLUMNS = (
    "Code", "Request", "First", "Check", "Office steps", "Flag it to IT when", "The office does", "To IT when",
)  # fmt: skip
readers = staff_page(Permission.OFFICE_DESK, Permission.IT_DESK, Permission.SETTINGS)


@require_GET
@readers
@in_practice_time
def sheet(request: StaffRequest) -> HttpResponse:
    """TR-04's six, TR-05's four, and one line per kind of request, as this practice decides."""
    version = queries.routing_version(request.staff.practice_id)
    rows = table(version.edits) if version is not None else ROUTES
    context = {
        "steps": list(OfficeStep),
        "reasons": list(RelayReason),
        "routes": list(rows.values()),
        "changed": {code for code, row in rows.items() if row != ROUTES[code]},
        "version": version,
        "practice": request.staff.practice,
        "may_edit": request.staff.may(Permission.SETTINGS),
    }
    return render(request, "triage/reference.html", context)


@require_GET
@readers
def export(request: StaffRequest) -> HttpResponse:
    """The same as a table for other programs."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="who-does-what.csv"'
    lines = csv.writer(answer)
    lines.writerow(
        ["Code", "Request", "First", "Check", "Office steps", "Flag it to IT when", "The office does", "To IT when"]
    )
    for row in queries.table_of(request.staff.practice_id).values():
        lines.writerow(
            [
                row.category.value,
                row.category.label,
                row.owner.label,
                row.level.label,
                "; ".join(str(step.label) for step in row.steps),
                "; ".join(str(reason.label) for reason in row.reasons),
                row.office_does,
                row.relay_when,
            ]
        )
    return answer
