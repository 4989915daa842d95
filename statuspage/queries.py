"""What other apps and the console may know. The public page itself is derived from `facts`."""

import datetime as dt

from django.db.models import Prefetch, Q, QuerySet

from statuspage.contracts import ComponentSummary, IncidentSummary
from statuspage.enums import UNRESOLVED, ComponentStatus, IncidentStatus
from statuspage.errors import IncidentNotFound
from statuspage.models import (
    Component,
    ComponentGroup,
    ComponentStateChange,
    Incident,
    IncidentComponent,
    IncidentUpdate,
    Page,
)
from statuspage.rules.derive import WINDOW_DAYS
from statuspage.rules.facts import (
    ComponentFacts,
    Facts,
    GroupFacts,
    IncidentFacts,
    Interval,
    PageFacts,
    UpdateFacts,
)

RECENT = 50


def components() -> list[ComponentSummary]:
    """All components in page order; one query."""
    rows = Component.objects.select_related("group").order_by("group__position", "position", "pk")
    return [summarise_component(row) for row in rows]


def active_incidents() -> list[IncidentSummary]:
    """Unresolved incidents, newest first; three queries."""
    return [summarise_incident(row) for row in _incidents().filter(status__in=UNRESOLVED)]


def recent_incidents(limit: int = 20) -> list[IncidentSummary]:
    """Incidents of any state, newest first; three queries."""
    return [summarise_incident(row) for row in _incidents()[:limit]]


def incident(public_id: str) -> IncidentSummary:
    """One incident. Raises IncidentNotFound."""
    row = _incidents().filter(public_id=public_id).first()
    if row is None:
        raise IncidentNotFound
    return summarise_incident(row)


def incident_facts(public_id: str) -> IncidentFacts | None:
    """One incident, however old, as the public page sees it."""
    row = _incidents().filter(public_id=public_id).first()
    return _incident_facts(row) if row is not None else None


def updates_of(public_id: str) -> list[IncidentUpdate]:
    """The messages of an incident, newest first."""
    return list(IncidentUpdate.objects.filter(incident__public_id=public_id).order_by("-display_at", "-pk"))


def _incidents() -> QuerySet[Incident]:
    return Incident.objects.prefetch_related(
        Prefetch("updates", IncidentUpdate.objects.order_by("-display_at", "-pk")),
        Prefetch("claims", IncidentComponent.objects.select_related("component").order_by("component__position")),
    ).order_by("-started_at", "-pk")


def summarise_component(row: Component) -> ComponentSummary:
    return ComponentSummary(
        id=row.public_id,
        slug=row.slug,
        name=row.name,
        group=row.group.name if row.group is not None else "",
        status=row.status,
        label=str(ComponentStatus(row.status).label),
    )


def summarise_incident(row: Incident) -> IncidentSummary:
    newest = next(iter(row.updates.all()))
    members = [claim.component for claim in row.claims.all()]
    return IncidentSummary(
        id=row.public_id,
        name=row.name,
        status=row.status,
        label=str(IncidentStatus(row.status).label),
        impact=row.impact,
        url=f"/status/incidents/{row.public_id}/",
        component_ids=tuple(member.public_id for member in members),
        components=tuple(member.name for member in members),
        body=newest.body,
        update_id=newest.public_id,
        started_at=row.started_at,
        updated_at=row.updated_at,
        resolved_at=row.resolved_at,
    )


def facts(*, now: dt.datetime) -> Facts | None:
    """Everything the public page is derived from, in seven queries; None while there is no page."""
    page = Page.objects.filter(slug="main").first()
    if page is None:
        return None
    since = now - dt.timedelta(days=WINDOW_DAYS + 1)
    changes = ComponentStateChange.objects.filter(Q(ended_at=None) | Q(ended_at__gte=since)).order_by(
        "started_at", "pk"
    )
    rows = page.components.select_related("group").prefetch_related(Prefetch("state_changes", changes))
    recent = list(_incidents().filter(page=page)[:RECENT])
    known = {row.pk for row in recent}
    older = _incidents().filter(page=page, status__in=UNRESOLVED).exclude(pk__in=known) if len(recent) == RECENT else []
    return Facts(
        page=PageFacts(
            id=page.public_id, name=page.name, url=page.url, time_zone=page.time_zone, updated_at=page.updated_at
        ),
        groups=tuple(_group_facts(row) for row in page.groups.order_by("position", "pk")),
        components=tuple(_component_facts(row) for row in rows.order_by("group__position", "position", "pk")),
        incidents=tuple(_incident_facts(row) for row in [*recent, *older]),
    )


def _group_facts(row: ComponentGroup) -> GroupFacts:
    return GroupFacts(
        id=row.public_id,
        name=row.name,
        description=row.description,
        position=row.position,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _component_facts(row: Component) -> ComponentFacts:
    return ComponentFacts(
        id=row.public_id,
        name=row.name,
        slug=row.slug,
        description=row.description,
        status=row.status,
        position=row.position,
        showcase=row.showcase,
        start_date=row.start_date,
        group_id=row.group.public_id if row.group is not None else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
        intervals=tuple(
            Interval(status=change.new_status, start=change.started_at, end=change.ended_at)
            for change in row.state_changes.all()
        ),
    )


def _incident_facts(row: Incident) -> IncidentFacts:
    return IncidentFacts(
        number=row.pk,
        id=row.public_id,
        name=row.name,
        status=row.status,
        impact=row.impact,
        created_at=row.created_at,
        started_at=row.started_at,
        monitoring_at=row.monitoring_at,
        resolved_at=row.resolved_at,
        updated_at=row.updated_at,
        component_ids=tuple(claim.component.public_id for claim in row.claims.all()),
        updates=tuple(
            UpdateFacts(
                id=update.public_id,
                status=update.status,
                body=update.body,
                affected=tuple(update.affected_components),
                deliver_notifications=update.deliver_notifications,
                created_at=update.created_at,
                display_at=update.display_at,
            )
            for update in row.updates.all()
        ),
    )
