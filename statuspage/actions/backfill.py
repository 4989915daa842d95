"""Writing down what happened before: past incidents, without telling anybody."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import Q

from portal_core.kernel import audit
from portal_core.kernel.contracts import Actor
from statuspage import queries
from statuspage.actions import pages
from statuspage.contracts import IncidentSummary
from statuspage.enums import ComponentStatus, IncidentStatus, StateCause
from statuspage.errors import ComponentUnknown, PastNotFree, StatusUnknown, TextMissing
from statuspage.models import (
    Component,
    ComponentStateChange,
    Incident,
    IncidentComponent,
    IncidentUpdate,
)
from statuspage.rules.rollup import impact_of


@transaction.atomic
def past_incident(
    *,
    name: str,
    components: Mapping[str, str],
    updates: Sequence[tuple[dt.datetime, str, str]],
    by: Actor,
) -> IncidentSummary:
    """Add a finished incident: `updates` are (moment, status, body), oldest first, the last one `resolved`.

    Its components were in the given states from the first moment to the last; their history is split accordingly.
    Nobody is mailed and no event is published. Raises TextMissing, StatusUnknown, ComponentUnknown, PastNotFree (the
    component was not simply in one state all that time).
    """
    if not name.strip() or not updates:
        raise TextMissing
    statuses = [status for _at, status, _body in updates]
    if any(status not in IncidentStatus.values for status in statuses) or statuses[-1] != IncidentStatus.RESOLVED:
        raise StatusUnknown
    page = pages.locked_page()
    start, end = updates[0][0], updates[-1][0]
    members = {row.public_id: row for row in Component.objects.filter(page=page, public_id__in=list(components))}
    if len(members) != len(components):
        raise ComponentUnknown
    incident = Incident.objects.create(
        page=page, name=name.strip(), status=IncidentStatus.RESOLVED, impact_computed=impact_of(components.values()),
        backfilled=True, created_at=start, started_at=start, updated_at=end, resolved_at=end,
        monitoring_at=next((at for at, status, _body in updates if status == IncidentStatus.MONITORING), None),
    )  # fmt: skip
    for public_id, status in components.items():
        _split(members[public_id], status, start, end, incident)
        IncidentComponent.objects.create(
            incident=incident, component=members[public_id], status=ComponentStatus.OPERATIONAL
        )
    for at, status, body in updates:
        _post(incident, members, components, at=at, status=status, body=body, first=at == start, by=by)
    audit.record("incident:backfill", by=by, target=incident, components=dict(components))
    pages.publish_state(page, cause=f"backfill:{incident.public_id}", at=max(end, page.updated_at))
    return queries.incident(incident.public_id)


def _split(component: Component, status: str, start: dt.datetime, end: dt.datetime, incident: Incident) -> None:
    around = (
        component.state_changes.filter(Q(ended_at=None) | Q(ended_at__gte=end), started_at__lte=start)
        .order_by("-started_at")
        .first()
    )
    if around is None or end < start:
        raise PastNotFree
    old_end = around.ended_at
    around.ended_at = start
    around.save(update_fields=["ended_at"])
    shared = {"component": component, "cause": StateCause.INCIDENT, "incident": incident, "actor_label": "Backfill"}
    ComponentStateChange.objects.create(
        old_status=around.new_status, new_status=status, started_at=start, ended_at=end, **shared
    )
    ComponentStateChange.objects.create(
        old_status=status, new_status=around.new_status, started_at=end, ended_at=old_end, **shared
    )


def _post(
    incident: Incident,
    members: Mapping[str, Component],
    components: Mapping[str, str],
    *,
    at: dt.datetime,
    status: str,
    body: str,
    first: bool,
    by: Actor,
) -> None:
    over = status == IncidentStatus.RESOLVED
    IncidentUpdate.objects.create(
        incident=incident, status=status, body=body, deliver_notifications=False, created_at=at, display_at=at,
        by_id=by.id, by_label=by.label[:120],
        affected_components=[
            {
                "code": public_id,
                "name": members[public_id].full_name,
                "old_status": ComponentStatus.OPERATIONAL if first else state,
                "new_status": ComponentStatus.OPERATIONAL if over else state,
            }
            for public_id, state in components.items()
        ],
    )  # fmt: skip
