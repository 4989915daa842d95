"""Who else is here."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import NotFound
from statuspage.actions import presence
from statuspage.enums import EventKind
from statuspage.queries import desk
from statuspage.views.console import frame

NEW = {"new": EventKind.INCIDENT, "plan": EventKind.MAINTENANCE}  # where something new is written


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def people(request: StaffRequest) -> HttpResponse:
    """The colleagues at `?place=`, and what they are writing."""
    place = request.GET.get("place", "")
    if not presence.usable(place):
        raise NotFound
    return frame.part(request, "presence", here(request, place))


def here(request: StaffRequest, place: str) -> dict[str, object]:
    """Context for the line about colleagues."""
    event_id = place.partition("-")[2]
    me = request.actor.id
    there = presence.who([place], but=me)[place]
    typing = {person.id for person in there if person.typing}
    kind = NEW.get(place, "")
    writing = (
        desk.being_written(incident_id=event_id, practice_id=request.staff.practice_id, kind=kind, but=me)
        if event_id or kind
        else []
    )
    return {"people": there, "writing": [row for row in writing if row.by_id not in typing], "place": place}
