"""The first page of the console: what is open, what comes, what waits to be published, and who is here."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from statuspage import queries
from statuspage.actions import presence
from statuspage.enums import UNDERWAY, UPCOMING, ComponentStatus
from statuspage.queries import authoring, desk
from statuspage.views.console import frame
from statuspage.views.console.composing import promise_passed

PLACE = "now"


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def console(request: StaffRequest) -> HttpResponse:
    return frame.page(request, "now", {"place": PLACE, "zone": desk.page_zone(), **_state(request)})


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def state(request: StaffRequest) -> HttpResponse:
    """The part of it that moves by itself."""
    return frame.part(request, "now", {"zone": desk.page_zone(), **_state(request)})


def _state(request: StaffRequest) -> dict[str, object]:
    now, active, components = clock.now(), queries.active_incidents(), queries.components()
    planned = [row for row in queries.maintenances() if row.status in (*UPCOMING, *UNDERWAY)]
    planned.sort(key=lambda row: row.scheduled_for or now)
    people = presence.who([place_of(row.id) for row in [*active, *planned]], but=request.actor.id)
    return {
        "active": [(row, people[place_of(row.id)], promise_passed(row, now)) for row in active],
        "planned": [
            (row, people[place_of(row.id)]) for row in sorted(planned, key=lambda row: row.scheduled_for or now)
        ],
        "drafts": authoring.drafts(request.staff.practice_id),
        "components": components,
        "troubled": [row for row in components if row.status != ComponentStatus.OPERATIONAL],
        "statuses": ComponentStatus.choices,
        "recent": [row for row in queries.recent_incidents(limit=8) if row.resolved_at is not None],
        "now": now,
    }


def place_of(event_id: str) -> str:
    """Where somebody is who has this event open."""
    return f"event-{event_id}"
