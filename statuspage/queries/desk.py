"""What operators see and readers do not: settings, drafts, templates, the whole story of an event."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q

from portal_core.kernel import audit, clock
from statuspage.enums import DraftState, StateCause
from statuspage.errors import IncidentNotFound, UpdateNotFound
from statuspage.models import (
    AudienceText,
    Component,
    ComponentGroup,
    ComponentStateChange,
    Draft,
    EntryPoint,
    Incident,
    IncidentUpdate,
    Page,
    Template,
    UpdateRevision,
)
from statuspage.queries import authoring
from statuspage.rules.differences import Piece, pieces

WRITING = dt.timedelta(minutes=2)  # a draft that changed this lately is being written now


def page() -> Page | None:
    """The page's own row; None before it was set up."""
    return Page.objects.filter(slug="main").first()


def page_zone() -> str:
    return Page.objects.filter(slug="main").values_list("time_zone", flat=True).first() or "Etc/UTC"


# --- components -----------------------------------------------------------------------------------------------------
def groups() -> list[ComponentGroup]:
    """Groups in page order, each with its components that are not retired, and how many other ways they have."""
    return list(
        ComponentGroup.objects.order_by("position", "pk").prefetch_related(Prefetch("components", _component_rows()))
    )


def ungrouped() -> list[Component]:
    return list(_component_rows().filter(group=None))


def retired() -> list[Component]:
    return list(Component.objects.exclude(retired_at=None).order_by("-retired_at"))


def component_row(component_id: str) -> Component | None:
    return Component.objects.select_related("group").filter(public_id=component_id).first()


def group_row(group_id: str) -> ComponentGroup | None:
    return ComponentGroup.objects.filter(public_id=group_id).first()


def entry_points(component_id: str) -> list[EntryPoint]:
    rows = EntryPoint.objects.filter(component__public_id=component_id)
    return list(rows.order_by("position", "pk"))


def _component_rows() -> Any:
    rows = Component.objects.filter(retired_at=None).order_by("position", "pk")
    return rows.annotate(ways=Count("entry_points"))


# --- templates and drafts -------------------------------------------------------------------------------------------
def template_called(words: str, kind: str) -> Template | None:
    """The template an operator means by what they typed: its title, else the only or first title that holds it."""
    wanted = words.strip().casefold()
    if not wanted:
        return None
    rows = authoring.templates(kind)
    exact = [row for row in rows if row.title.casefold() == wanted]
    starting = [row for row in rows if row.title.casefold().startswith(wanted)]
    holding = [row for row in rows if wanted in row.title.casefold()]
    return next(iter([*exact, *starting, *holding]), None)


def own_draft(*, incident_id: str, by_id: str) -> Draft | None:
    """What this person was writing about that event when they left."""
    rows = Draft.objects.filter(state=DraftState.DRAFT, incident_id=incident_id, by_id=by_id)
    return rows.order_by("-updated_at", "-pk").first()


def being_written(*, incident_id: str, practice_id: int, kind: str = "", but: str) -> list[Draft]:
    """Drafts others are typing at this moment; of new events (`incident_id` empty) those of one kind."""
    rows = (
        Draft.objects.seen_by(practice_id)
        .filter(state=DraftState.DRAFT, incident_id=incident_id, updated_at__gte=clock.now() - WRITING)
        .exclude(by_id=but)
    )
    return list((rows.filter(kind=kind) if kind else rows).order_by("by_label", "-updated_at"))


# --- one event ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of an event's story, newest first. `kind`: message, state or deed."""

    at: dt.datetime
    kind: str
    title: str
    by: str
    tone: str = "neutral"
    body: str = ""
    update_id: str = ""
    published_as: str = ""
    edits: tuple["Edit", ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    changes: tuple[str, ...] = ()
    told: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    at: dt.datetime
    by: str
    pieces: list[Piece]


def event_row(incident_id: str) -> Incident:
    """Raises IncidentNotFound."""
    row = Incident.objects.select_related("series", "postmortem").filter(public_id=incident_id).first()
    if row is None:
        raise IncidentNotFound
    return row


def update_row(incident_id: str, update_id: str) -> IncidentUpdate:
    """A message that can be corrected. Raises UpdateNotFound."""
    rows = IncidentUpdate.objects.select_related("incident").prefetch_related("revisions")
    row = rows.filter(public_id=update_id, incident__public_id=incident_id).first()
    if row is None:
        raise UpdateNotFound
    return row


def messages(incident: Incident, *, practice_id: int) -> list[IncidentUpdate]:
    """With corrections (oldest first) and the internal texts of this practice and of the installation; four queries
    however many there are."""
    rows = IncidentUpdate.objects.filter(incident=incident).prefetch_related(
        Prefetch("revisions", UpdateRevision.objects.order_by("edited_at", "pk")),
        Prefetch("texts", AudienceText.objects.seen_by(practice_id).order_by("audience", "office_id")),
    )
    return list(rows.order_by("-display_at", "-pk"))


def state_changes(incident: Incident) -> list[ComponentStateChange]:
    """Changes by hand of this event's components while it was open."""
    end = incident.resolved_at or clock.now()
    rows = ComponentStateChange.objects.filter(
        component__claims__incident=incident, cause=StateCause.MANUAL, started_at__gte=incident.created_at,
        started_at__lte=end,
    ).exclude(old_status="")  # fmt: skip
    return list(rows.select_related("component").order_by("-started_at"))


def edits(update: IncidentUpdate) -> tuple[Edit, ...]:
    """What each correction changed, oldest first."""
    found, before = [], update.body
    for row in update.revisions.all():
        found.append(Edit(row.edited_at, row.by_label, pieces(before, row.body)))
        before = row.body
    return tuple(found)


def events(kind: str, *, open_only: bool | None = None, text: str = "") -> Any:
    """Rows for lists, newest first: page through them, then `summarise_incident` each."""
    from statuspage.queries.events import incident_rows

    rows = incident_rows().filter(kind=kind)
    if open_only is not None:
        rows = rows.filter(resolved_at__isnull=open_only)
    return rows.filter(Q(name__icontains=text) | Q(updates__body__icontains=text)).distinct() if text else rows


# --- who did what ---------------------------------------------------------------------------------------------------
SUBJECTS: dict[str, tuple[str, ...]] = {
    "publishing": (
        "statuspage.incident", "statuspage.incidentupdate", "statuspage.draft", "statuspage.maintenanceseries",
        "statuspage.template",
    ),
    "page": ("statuspage.page", "statuspage.component", "statuspage.componentgroup", "statuspage.entrypoint"),
    "subscribers": ("statuspage.subscriber", "statuspage.subscriberimport", "statuspage.fanout"),
}  # fmt: skip


def audit_lines(subject: str = "publishing", *, by: str = "") -> Any:
    """The ledger's lines about the status page, newest first."""
    return audit.lines(SUBJECTS.get(subject, SUBJECTS["publishing"]), by=by)


def audit_of(event: Incident) -> Any:
    """The ledger's lines about one event."""
    return audit.lines(("statuspage.incident",), target_id=event.public_id)
