"""What other apps and the console may know. The public page itself is derived from `facts`."""

import datetime as dt

from django.db.models import Prefetch, Q, QuerySet

from statuspage.contracts import ComponentSummary, IncidentSummary
from statuspage.enums import EVENT_LABELS, UNDERWAY, UNRESOLVED, UPCOMING, ComponentStatus, EventKind
from statuspage.errors import IncidentNotFound
from statuspage.models import (
    Component,
    ComponentGroup,
    ComponentStateChange,
    EntryPoint,
    Incident,
    IncidentComponent,
    IncidentUpdate,
    Page,
    UpdateRevision,
)
from statuspage.rules.derive import WINDOW_DAYS
from statuspage.rules.facts import (
    ComponentFacts,
    EntryPointFacts,
    Facts,
    GroupFacts,
    IncidentFacts,
    Interval,
    PageFacts,
    PostmortemFacts,
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
    return [summarise_incident(row) for row in _incidents().filter(kind=EventKind.INCIDENT)[:limit]]


def maintenances(limit: int = 50) -> list[IncidentSummary]:
    """Maintenances of any state, the latest start first."""
    rows = _incidents().filter(kind=EventKind.MAINTENANCE).order_by("-scheduled_for", "-pk")
    return [summarise_incident(row) for row in rows[:limit]]


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
    return (
        Incident.objects.prefetch_related(
            Prefetch("updates", IncidentUpdate.objects.order_by("-display_at", "-pk")),
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
        body=_words(newest)[0],
        update_id=newest.public_id,
        started_at=row.started_at,
        updated_at=row.updated_at,
        resolved_at=row.resolved_at,
        next_update_at=row.next_update_at,
        scheduled_for=row.scheduled_for,
        scheduled_until=row.scheduled_until,
    )


def _words(update: IncidentUpdate) -> tuple[str, dt.datetime | None]:
    """The wording that stands: the newest correction and when it was made, else the first wording."""
    newest = next(iter(update.revisions.all()), None)
    return (newest.body, newest.edited_at) if newest is not None else (update.body, None)


def facts(*, now: dt.datetime) -> Facts | None:
    """Everything the public page is derived from, in a fixed number of queries; None while there is no page."""
    page = Page.objects.filter(slug="main").first()
    if page is None:
        return None
    since = now - dt.timedelta(days=WINDOW_DAYS + 1)
    changes = ComponentStateChange.objects.filter(Q(ended_at=None) | Q(ended_at__gte=since)).order_by(
        "started_at", "pk"
    )
    rows = page.components.select_related("group").prefetch_related(
        Prefetch("state_changes", changes), Prefetch("entry_points", EntryPoint.objects.order_by("position", "pk"))
    )
    events = _incidents().filter(page=page)
    recent = list(events.filter(kind=EventKind.INCIDENT)[:RECENT])
    known = {row.pk for row in recent}
    older = events.filter(status__in=UNRESOLVED).exclude(pk__in=known) if len(recent) == RECENT else []
    planned = list(events.filter(kind=EventKind.MAINTENANCE).order_by("-scheduled_for", "-pk")[:RECENT])
    later = events.filter(status__in=[*UPCOMING, *UNDERWAY]).exclude(pk__in={row.pk for row in planned})
    return Facts(
        page=PageFacts(
            id=page.public_id,
            name=page.name,
            url=page.url,
            time_zone=page.time_zone,
            updated_at=page.updated_at,
            support_text=page.support_text,
        ),
        groups=tuple(_group_facts(row) for row in page.groups.order_by("position", "pk")),
        components=tuple(_component_facts(row) for row in rows.order_by("group__position", "position", "pk")),
        incidents=tuple(_incident_facts(row) for row in [*recent, *older]),
        maintenances=tuple(_incident_facts(row) for row in [*planned, *(later if len(planned) == RECENT else [])]),
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
        only_show_if_degraded=row.only_show_if_degraded,
        clinical_priority=row.clinical_priority,
        group_id=row.group.public_id if row.group is not None else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
        intervals=tuple(
            Interval(status=change.new_status, start=change.started_at, end=change.ended_at)
            for change in row.state_changes.all()
        ),
        entry_points=tuple(
            EntryPointFacts(
                id=point.public_id,
                kind=point.kind,
                title=point.title,
                target=point.target,
                text=point.text,
                health=point.health,
                checked_at=point.checked_at,
            )
            for point in row.entry_points.all()
        ),
    )


def _incident_facts(row: Incident) -> IncidentFacts:
    return IncidentFacts(
        number=row.pk,
        id=row.public_id,
        kind=row.kind,
        name=row.name,
        status=row.status,
        impact=row.impact,
        created_at=row.created_at,
        started_at=row.started_at,
        monitoring_at=row.monitoring_at,
        resolved_at=row.resolved_at,
        updated_at=row.updated_at,
        backfilled=row.backfilled,
        impact_override=row.impact_override,
        next_update_at=row.next_update_at,
        scheduled_for=row.scheduled_for,
        scheduled_until=row.scheduled_until,
        cancelled_at=row.cancelled_at,
        sequence=row.sequence,
        postmortem=_postmortem_facts(row),
        component_ids=tuple(claim.component.public_id for claim in row.claims.all()),
        updates=tuple(_update_facts(update) for update in row.updates.all()),
    )


def _update_facts(update: IncidentUpdate) -> UpdateFacts:
    body, edited_at = _words(update)
    return UpdateFacts(
        id=update.public_id,
        status=update.status,
        body=body,
        edited_at=edited_at,
        affected=tuple(update.affected_components),
        deliver_notifications=update.deliver_notifications,
        created_at=update.created_at,
        display_at=update.display_at,
    )


def _postmortem_facts(row: Incident) -> PostmortemFacts | None:
    """Only what is published; a draft is nobody's business."""
    postmortem = getattr(row, "postmortem", None)
    if postmortem is None or postmortem.published_at is None:
        return None
    return PostmortemFacts(
        body=postmortem.body,
        published_at=postmortem.published_at,
        updated_at=postmortem.updated_at,
        notified=postmortem.notified,
    )
