from django.db import transaction

from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import Actor
from statuspage.actions import pages
from statuspage.contracts import ComponentChanged, ComponentSummary
from statuspage.enums import CLAIMING, ComponentStatus, StateCause
from statuspage.errors import ComponentUnknown, StatusUnknown
from statuspage.models import Component
from statuspage.queries import summarise_component


@transaction.atomic
def set_state(*, component_id: str, status: str, by: Actor) -> ComponentSummary:
    """Set one component's state by hand and publish it. Setting the state it already has changes and publishes
    nothing. Raises ComponentUnknown, StatusUnknown."""
    if status not in ComponentStatus.values:
        raise StatusUnknown
    now = clock.now()
    page = pages.locked_page()
    component = (
        Component.objects.select_for_update(of=("self",))
        .select_related("group")
        .filter(page=page, public_id=component_id, retired_at=None)
        .first()
    )
    if component is None:
        raise ComponentUnknown
    old = component.status
    # What was set by hand is what the open incidents say from now on: else their next update would undo it.
    # A maintenance that leaves its components as they are says nothing, now or later.
    claiming = component.claims.filter(incident__status__in=CLAIMING).exclude(incident__component_status="")
    claiming.update(status=status)
    if component.change(status, at=now, cause=StateCause.MANUAL, by=by.label):
        audit.record("component:set_state", by=by, target=component, at=now, old=old, new=status)
        outbox.publish(ComponentChanged(component_id=component_id, old_status=old, new_status=status, at=now))
        pages.publish_state(page, cause=f"component:{component_id}", at=now)
    return summarise_component(component)
