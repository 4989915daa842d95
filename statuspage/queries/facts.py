"""Everything the public page is derived from. Internal texts (AudienceText) are never selected here."""

import datetime as dt

from django.db.models import Avg, Prefetch, Q
from django.db.models.functions import TruncHour

from statuspage.enums import OVER, UNDERWAY, UNRESOLVED, UPCOMING, EventKind
from statuspage.models import (
    Component,
    ComponentGroup,
    ComponentStateChange,
    EntryPoint,
    Incident,
    IncidentUpdate,
    Measurement,
    Page,
)
from statuspage.queries.events import incident_rows, words_of
from statuspage.rules.derive import MONTHS
from statuspage.rules.facts import (
    ComponentFacts,
    EntryPointFacts,
    Facts,
    GroupFacts,
    HourFacts,
    IncidentFacts,
    Interval,
    PageFacts,
    PostmortemFacts,
    UpdateFacts,
)

RECENT = 50
PAST_MAX = 400
HOURS = 24


def incident_facts(public_id: str) -> IncidentFacts | None:
    """One incident, however old, as the public page sees it."""
    row = incident_rows().filter(public_id=public_id).first()
    return _incident_facts(row) if row is not None else None


def facts(*, now: dt.datetime) -> Facts | None:
    """Everything the public page is derived from, in a fixed number of queries; None while there is no page."""
    page = Page.objects.filter(slug="main").first()
    if page is None:
        return None
    since = first_month(now)
    changes = ComponentStateChange.objects.filter(Q(ended_at=None) | Q(ended_at__gte=since)).order_by(
        "started_at", "pk"
    )
    rows = (
        page.components.filter(retired_at=None)
        .select_related("group")
        .prefetch_related(
            Prefetch("state_changes", changes), Prefetch("entry_points", EntryPoint.objects.order_by("position", "pk"))
        )
    )
    events = incident_rows().filter(page=page)
    recent = list(events.filter(kind=EventKind.INCIDENT)[:RECENT])
    planned = list(events.filter(kind=EventKind.MAINTENANCE).order_by("-scheduled_for", "-pk")[:RECENT])
    known = {row.pk for row in (*recent, *planned)}
    older: list[Incident] = []
    later: list[Incident] = []
    past: list[Incident] = []
    if len(recent) == RECENT or len(planned) == RECENT:
        others = events.exclude(pk__in=known)
        older = list(others.filter(status__in=UNRESOLVED))
        later = list(others.filter(status__in=[*UPCOMING, *UNDERWAY]))
        past = list(others.filter(status__in=OVER, started_at__gte=since)[:PAST_MAX])
    hours = _hours(page, now)
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
        components=tuple(
            _component_facts(row, hours.get(row.pk, ())) for row in rows.order_by("group__position", "position", "pk")
        ),
        incidents=tuple(_incident_facts(row) for row in [*recent, *older]),
        maintenances=tuple(_incident_facts(row) for row in [*planned, *later]),
        past=tuple(_incident_facts(row) for row in past),
    )


def month_facts(start: dt.datetime, end: dt.datetime) -> tuple[IncidentFacts, ...]:
    """What began from `start` up to `end`, newest first: for months older than the snapshot holds."""
    rows = incident_rows().filter(started_at__gte=start, started_at__lt=end).exclude(status__in=UPCOMING)
    return tuple(_incident_facts(row) for row in rows)


def first_month(now: dt.datetime) -> dt.datetime:
    """Before the oldest month that is published, in any zone."""
    return now - dt.timedelta(days=31 * MONTHS + 1)


def _hours(page: Page, now: dt.datetime) -> dict[int, tuple[HourFacts, ...]]:
    """Component → its mean response times by hour; one query however often the probes ask."""
    since = now.replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=HOURS - 1)
    rows = (
        Measurement.objects.filter(component__page=page, taken_at__gte=since)
        .annotate(hour=TruncHour("taken_at", tzinfo=dt.UTC))
        .values_list("component_id", "hour")
        .annotate(mean=Avg("milliseconds"))
        .order_by("hour")
    )
    found: dict[int, tuple[HourFacts, ...]] = {}
    for component_id, hour, mean in rows:
        fact = HourFacts(start=hour, milliseconds=round(mean) if mean is not None else None)
        found[component_id] = (*found.get(component_id, ()), fact)
    return found


def _group_facts(row: ComponentGroup) -> GroupFacts:
    return GroupFacts(
        id=row.public_id,
        name=row.name,
        description=row.description,
        position=row.position,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _component_facts(row: Component, hours: tuple[HourFacts, ...]) -> ComponentFacts:
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
        hours=hours,
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
        claims={claim.component.public_id: claim.status for claim in row.claims.all()},
        auto_start=row.auto_start,
        auto_complete=row.auto_complete,
        reminders=tuple(row.reminders),
        reminded_at=getattr(row, "reminded_at", None),
        updates=tuple(_update_facts(update) for update in row.updates.all()),
    )


def _update_facts(update: IncidentUpdate) -> UpdateFacts:
    body, edited_at = words_of(update)
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
