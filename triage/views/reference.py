"""The quick reference sheet: who is responsible for what, printed from the decision table itself (HD-06, HD-16)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from triage.enums import OfficeStep, RelayReason
from triage.rules.table import ROUTES


@require_GET
@staff_page(Permission.OFFICE_DESK, Permission.IT_DESK)
def sheet(request: StaffRequest) -> HttpResponse:
    """TR-04's six, TR-05's four, and one line per kind of request."""
    context = {"steps": list(OfficeStep), "reasons": list(RelayReason), "routes": list(ROUTES.values())}
    return render(request, "triage/reference.html", context)
