"""The quick reference sheet: who is responsible for what, printed from the decision table itself (HD-06, HD-16)."""

import csv
import datetime as dt
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from portal_core.directory import queries as directory
from portal_core.directory.enums import Permission
from portal_core.directory.guards import PublicRequest, StaffRequest, public_page, staff_page
from portal_core.kernel.errors import NotFound
from triage import queries
from triage.enums import OfficeStep, RelayReason
from triage.rules.edits import Table, table
from triage.rules.table import ROUTES
from triage.views.practice_time import in_practice_time

COLUMNS = (
    "Code", "Request", "First", "Check", "Office steps", "Flag it to IT when", "The office does", "To IT when",
)  # fmt: skip
SHARED_FOR = dt.timedelta(days=90)
_share = signing.TimestampSigner(salt="triage.reference", sep=".")
readers = staff_page(Permission.OFFICE_DESK, Permission.IT_DESK, Permission.SETTINGS)


@require_GET
@readers
@in_practice_time
def sheet(request: StaffRequest) -> HttpResponse:
    """TR-04's six, TR-05's four, and one line per kind of request, as this practice decides."""
    version = queries.routing_version(request.staff.practice_id)
    rows = table(version.edits) if version is not None else ROUTES
    practice = request.staff.practice
    context = _sheet(rows) | {
        "share_link": settings.PUBLIC_URL + reverse("triage:reference-shared", args=[_share.sign(practice.public_id)]),
        "changed": {code for code, row in rows.items() if row != ROUTES[code]},
        "version": version,
        "practice": practice,
        "may_edit": request.staff.may(Permission.SETTINGS),
    }
    return render(request, "triage/reference.html", context)


@require_GET
@public_page
def shared(request: PublicRequest, token: str) -> HttpResponse:
    """The same for whoever was sent the link (HD-16), without the levels of identity checks: a sheet that gets lost
    must not tell how to pass them. Raises NotFound for a forged link and after 90 days."""
    try:
        public_id = _share.unsign(token, max_age=SHARED_FOR)
    except signing.BadSignature:
        raise NotFound from None
    practice = directory.practices().filter(public_id=public_id).first()
    if practice is None:
        raise NotFound
    context = _sheet(queries.table_of(practice.pk)) | {"practice": practice}
    return render(request, "triage/reference_shared.html", context)


def _sheet(rows: Table) -> dict[str, Any]:
    """The six steps, the four reasons, and each row with the numbers of those that concern it."""
    steps, reasons = list(OfficeStep), list(RelayReason)
    routes = [
        (
            row,
            [number for number, step in enumerate(steps, 1) if step in row.steps],
            [number for number, reason in enumerate(reasons, 1) if reason in row.reasons],
        )
        for row in rows.values()
    ]
    return {"steps": steps, "reasons": reasons, "routes": routes}


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
