"""The slip with a registration PIN (TR-04, PC-56)."""

import segno
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST

from portal_core.access.actions import pins
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from portal_core.kernel.errors import AppError, NotFound
from triage import access
from triage.actions import accounts
from triage.views.office_page import desk_page, in_practice_time

office_staff = staff_page(Permission.OFFICE_DESK)


@require_POST
@office_staff
@in_practice_time
def issue_pin(request: StaffRequest, public_id: str, attestation_id: str) -> HttpResponse:
    """The answer is the slip itself: the PIN stands nowhere else, so there is no page to come back to."""
    row = access.office_ticket(request.staff, public_id)
    try:
        pin = accounts.issue_pin(ticket=row, attestation_id=attestation_id, staff=request.staff, by=request.actor)
    except NotFound:
        raise
    except AppError as error:
        return desk_page(request, access.office_ticket(request.staff, public_id), error=error)
    address = settings.PUBLIC_URL + reverse("access:pin")
    drawing = segno.make(address, error="m").svg_inline(scale=4, border=2, svgclass="qr", lineclass="qr-line")
    context = {
        "ticket": row,
        "pin": pin,
        "address": address,
        "qr": mark_safe(drawing),  # noqa: S308 - made by us from our own address
        "until": clock.now() + pins.LIFETIME,
    }
    return render(request, "triage/pin_slip.html", context)
