"""The letter with a code to the address on file (E8): made to be printed."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import AppError, NotFound
from triage import access
from triage.actions import letters
from triage.identity import words_of
from triage.views.office_page import desk_page, in_practice_time


@require_POST
@never_cache
@staff_page(Permission.VERIFY_PATIENT)
@in_practice_time
def send(request: StaffRequest, public_id: str) -> HttpResponse:
    """The answer is the letter itself: its code stands nowhere else, so there is no page to come back to."""
    row = access.office_ticket(request.staff, public_id)
    try:
        letter, digits = letters.send(ticket=row, staff=request.staff, by=request.actor)
    except NotFound:
        raise
    except AppError as error:
        return desk_page(request, access.office_ticket(request.staff, public_id), error=error)
    half = len(digits) // 2
    context = {
        "ticket": row,
        "letter": letter,
        "patient": letter.patient,
        "office": letter.patient.home_office,
        "code": f"{digits[:half]} {digits[half:]}",
        "call_words": words_of(row),
    }
    return render(request, "triage/letter.html", context)
