"""Components, incidents and maintenances as summaries."""

import datetime as dt

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from statuspage.contracts import ComponentSummary, IncidentSummary
from statuspage.enums import EVENT_LABELS, UNRESOLVED, ComponentStatus, EventKind, PublicationKind
from statuspage.errors import IncidentNotFound
from statuspage.models import Component, Incident, IncidentComponent, IncidentUpdate, UpdateRevision


def components() -> list[ComponentSummary]:
    """All components in page order; one query. Retired ones are left out."""
    rows = Component.objects.filter(retired_at=None).select_related("group")
    rows = rows.order_by("group__position", "position", "pk")
    return [summarise_component(row) for row in rows]


def active_incidents() -> list[IncidentSummary]:
    """Unresolved incidents, newest first; three queries."""
    return [summarise_incident(row) for row in incident_rows().filter(status__in=UNRESOLVED)]


def recent_incidents(limit: int = 20) -> list[IncidentSummary]:
    """Incidents of any state, newest first; three queries."""
    return [summarise_incident(row) for row in incident_rows().filter(kind=EventKind.INCIDENT)[:limit]]


def maintenances(limit: int = 50) -> list[IncidentSummary]:
    """Maintenances of any state, the latest start first."""
    rows = incident_rows().filter(kind=EventKind.MAINTENANCE).order_by("-scheduled_for", "-pk")
    return [summarise_incident(row) for row in rows[:limit]]


def incident(public_id: str) -> IncidentSummary:
    """One incident. Raises IncidentNotFound."""
    row = incident_rows().filter(public_id=public_id).first()
    if row is None:
        raise IncidentNotFound
    return summarise_incident(row)


def updates_of(public_id: str) -> list[IncidentUpdate]:
    """The messages of an incident, newest first."""
    return list(IncidentUpdate.objects.filter(incident__public_id=public_id).order_by("-display_at", "-pk"))


def incident_rows() -> QuerySet[Incident]:
    """Events with all that `summarise_incident` and the facts read; newest first. Reminders are for subscribers alone
    and stand on no page; only when the last one went out is told (`reminded_at`)."""
    shown = IncidentUpdate.objects.exclude(kind=PublicationKind.REMINDER)
    reminders = IncidentUpdate.objects.filter(incident=OuterRef("pk"), kind=PublicationKind.REMINDER)
    return (
        Incident.objects.annotate(
            reminded_at=Subquery(reminders.order_by("-display_at", "-pk").values("display_at")[:1])
        )
        .prefetch_related(
            Prefetch("updates", shown.order_by("-display_at", "-pk")),
            Prefetch("updates__revisions", UpdateRevision.objects.order_by("-edited_at", "-pk")),
            Prefetch("claims", IncidentComponent.objects.select_related("component").order_by("component__position")),
        )
        .select_related("postmortem")
        .order_by("-started_at", "-pk")
    )


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
        kind=row.kind,
        status=row.status,
        label=str(EVENT_LABELS[row.status]),
        impact=row.impact,
        url=f"/status/incidents/{row.public_id}/",
        component_ids=tuple(member.public_id for member in members),
        components=tuple(member.name for member in members),
        body=words_of(newest)[0],
        update_id=newest.public_id,
        started_at=row.started_at,
        updated_at=row.updated_at,
        resolved_at=row.resolved_at,
        next_update_at=row.next_update_at,
        scheduled_for=row.scheduled_for,
        scheduled_until=row.scheduled_until,
    )


def words_of(update: IncidentUpdate) -> tuple[str, dt.datetime | None]:
    """The wording that stands: the newest correction and when it was made, else the first wording."""
    newest = next(iter(update.revisions.all()), None)
    return (newest.body, newest.edited_at) if newest is not None else (update.body, None)
