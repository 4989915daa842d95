"""What other apps and the console may know. The public page itself is derived from `facts` (statuspage.rules.derive)."""

from django.db.models import Prefetch, QuerySet

from statuspage.contracts import ComponentSummary, IncidentSummary
from statuspage.enums import UNRESOLVED, ComponentStatus, IncidentStatus
from statuspage.errors import IncidentNotFound
from statuspage.models import Component, Incident, IncidentComponent, IncidentUpdate


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
