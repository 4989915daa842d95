"""What is wrong right now, for any signed-in member of staff: the public words and those for their own audience."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal_core.directory import queries as directory
from portal_core.directory.enums import Hat
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from statuspage.queries import inside as queries
from statuspage.snapshot import memory

TONES = {"none": "info", "maintenance": "info", "minor": "warning", "major": "warning", "critical": "danger"}


@require_safe
@staff_page()
def inside(request: StaffRequest) -> HttpResponse:
    """SP-05: texts for all staff, for the offices this person works in, and for IT in the IT hat."""
    now = clock.now()
    offices = _offices(request)
    events = queries.events(
        practice_id=request.staff.practice_id, office_ids=list(offices), it=request.staff.hat == Hat.IT, now=now
    )
    loaded = memory.current()
    return render(
        request,
        "statuspage/inside.html",
        {
            "rows": [
                {
                    "event": row.event,
                    "tone": TONES[row.event.impact],
                    "words": [
                        {"heading": offices.get(word.office_id, word.audience), "body": word.body, "at": word.at}
                        for word in row.words
                    ],
                }
                for row in events
            ],
            "detours": queries.detours(),
            "now": now,
            "confirmed_at": loaded.written_at if loaded is not None else None,
        },
    )


def _offices(request: StaffRequest) -> dict[str, str]:
    """Public id → name of the offices this person works in; none in the IT hat."""
    if request.staff.hat == Hat.IT:
        return {}
    own = {row.office_id for row in request.staff.assignments}
    rows = directory.offices(request.staff.practice_id)
    return {row.public_id: row.name for row in rows if None in own or row.pk in own}
