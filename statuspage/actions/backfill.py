"""Writing down what happened before, incidents and maintenances, without telling anybody."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import Q

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from statuspage import queries
from statuspage.actions import pages, publication
from statuspage.actions.maintenances import COMPLETED
from statuspage.contracts import IncidentSummary
from statuspage.enums import (
    OVER,
    UNDERWAY,
    ComponentStatus,
    EventKind,
    Impact,
    IncidentStatus,
    MaintenanceStatus,
    PublicationKind,
    StateCause,
)
from statuspage.errors import ComponentUnknown, PastNotFree, StatusUnknown, TextMissing, WindowInvalid
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
    Nobody is mailed and no event is published. Raises TextMissing, VariableOpen, StatusUnknown, ComponentUnknown,
    PastNotFree (the component was not simply in one state all that time).
    """
    name = publication.one_line(name)
    updates = [(at, status, publication.words(body)) for at, status, body in updates]
    if not updates:
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
        page=page, name=name, status=IncidentStatus.RESOLVED, impact_computed=impact_of(components.values()),
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


@transaction.atomic
def past_maintenance(
    *, name: str, body: str, component_ids: Sequence[str], started_at: dt.datetime, ended_at: dt.datetime, by: Actor
) -> IncidentSummary:
    """Add work that took place: its components were under maintenance from `started_at` to `ended_at`.

    Nobody is mailed and no event is published. Raises TextMissing, ComponentUnknown, WindowInvalid (it must be over),
    PastNotFree.
    """
    if not started_at < ended_at <= clock.now():
        raise WindowInvalid
    page = pages.locked_page()
    members = {row.public_id: row for row in Component.objects.filter(page=page, public_id__in=list(component_ids))}
    if len(members) != len(set(component_ids)):
        raise ComponentUnknown
    incident = Incident.objects.create(
        page=page, kind=EventKind.MAINTENANCE, name=publication.one_line(name), status=MaintenanceStatus.COMPLETED,
        impact_computed=Impact.MAINTENANCE, backfilled=True, created_at=started_at, started_at=started_at,
        updated_at=ended_at, resolved_at=ended_at, scheduled_for=started_at, scheduled_until=ended_at, silent=True,
    )  # fmt: skip
    states = dict.fromkeys(members, str(ComponentStatus.MAINTENANCE))
    for public_id, status in states.items():
        _split(members[public_id], status, started_at, ended_at, incident, cause=StateCause.MAINTENANCE)
        IncidentComponent.objects.create(
            incident=incident, component=members[public_id], status=ComponentStatus.OPERATIONAL
        )
    begun, done = MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.COMPLETED
    _post(incident, members, states, at=started_at, status=begun, body=publication.words(body), first=True, by=by)
    _post(incident, members, states, at=ended_at, status=done, body=COMPLETED, first=False, by=by)
    audit.record("maintenance:backfill", by=by, target=incident, components=sorted(states))
    pages.publish_state(page, cause=f"backfill:{incident.public_id}", at=max(ended_at, page.updated_at))
    return queries.incident(incident.public_id)


def _split(
    component: Component,
    status: str,
    start: dt.datetime,
    end: dt.datetime,
    incident: Incident,
    *,
    cause: StateCause = StateCause.INCIDENT,
) -> None:
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
    shared = {"component": component, "cause": cause, "incident": incident, "actor_label": "Backfill"}
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
    over = status in OVER
    IncidentUpdate.objects.create(
        incident=incident, kind=_kind(status, first=first), status=status, body=body, deliver_notifications=False,
        created_at=at, display_at=at,
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


def _kind(status: str, *, first: bool) -> PublicationKind:
    if status in UNDERWAY:
        return PublicationKind.STARTED
    if status == MaintenanceStatus.COMPLETED:
        return PublicationKind.COMPLETED
    if status == IncidentStatus.RESOLVED:
        return PublicationKind.RESOLVED
    return PublicationKind.CREATED if first else PublicationKind.UPDATED
