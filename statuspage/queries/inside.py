"""What staff read beside the public page: the words for them, and what to do meanwhile. Never part of a snapshot."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Prefetch, Q

from statuspage.contracts import ComponentSummary, IncidentSummary
from statuspage.enums import CLAIMING, UPCOMING, Audience, ComponentStatus
from statuspage.models import AudienceText, Component, EntryPoint
from statuspage.queries.events import incident_rows, summarise_component, summarise_incident
from statuspage.rules.entry_points import WayView, ways
from statuspage.rules.facts import EntryPointFacts

SOON = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class InsideWord:
    """One internal text. `audience` is its label; `office_id` only for one office."""

    audience: str
    office_id: str
    body: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InsideEvent:
    """An event that is open or near, with the words for this reader, newest first."""

    event: IncidentSummary
    words: tuple[InsideWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detour:
    """A part that is affected, and the ways around it: those that work first."""

    facts: ComponentSummary
    ways: tuple[WayView, ...]


def events(*, practice_id: int, office_ids: Collection[str], it: bool, now: dt.datetime) -> list[InsideEvent]:
    """Open incidents, and maintenances that are under way or begin within a week; the newest first.

    The words are those of the reader's practice and of the installation; `office_ids` are the offices (public ids) this
    reader works in. Seven queries, however many there are.
    """
    reader = Q(audience=Audience.STAFF) | Q(audience=Audience.OFFICE, office_id__in=list(office_ids))
    if it:
        reader |= Q(audience=Audience.IT)
    near = Q(status__in=CLAIMING) | Q(status__in=UPCOMING, scheduled_for__lte=now + SOON)
    rows = incident_rows().filter(near)
    rows = rows.prefetch_related(
        Prefetch("updates__texts", AudienceText.objects.seen_by(practice_id).filter(reader).order_by("pk"))
    )
    found = []
    for row in rows:
        words = tuple(
            InsideWord(
                audience=str(Audience(text.audience).label),
                office_id=text.office_id,
                body=text.body,
                at=update.display_at,
            )
            for update in row.updates.all()
            for text in update.texts.all()
        )
        found.append(InsideEvent(event=summarise_incident(row), words=words))
    return found


def detours() -> list[Detour]:
    """Affected parts in the order in which care depends on them, each with its ways around; two queries."""
    rows = (
        Component.objects.filter(retired_at=None)
        .exclude(status=ComponentStatus.OPERATIONAL)
        .select_related("group")
        .prefetch_related(Prefetch("entry_points", EntryPoint.objects.order_by("position", "pk")))
        .order_by("clinical_priority", "group__position", "position", "pk")
    )
    return [
        Detour(facts=summarise_component(row), ways=ways([_way(point) for point in row.entry_points.all()]))
        for row in rows
    ]


def has_entry_points(component_id: str) -> bool:
    return EntryPoint.objects.filter(component__public_id=component_id).exists()


def _way(point: EntryPoint) -> EntryPointFacts:
    return EntryPointFacts(
        id=point.public_id, kind=point.kind, title=point.title, target=point.target, text=point.text,
        health=point.health, checked_at=point.checked_at,
    )  # fmt: skip
