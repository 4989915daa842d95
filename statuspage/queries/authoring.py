"""What operators work with: drafts, templates, series, postmortems, groups. Nothing of this is public."""

import datetime as dt

from django.db.models import Prefetch

from portal_core.kernel import clock
from statuspage.enums import DraftState, MaintenanceStatus, PublicationKind
from statuspage.errors import DraftNotFound, SeriesNotFound, TemplateNotFound
from statuspage.models import (
    ComponentGroup,
    Draft,
    Incident,
    MaintenanceSeries,
    Postmortem,
    Template,
    UpdateRevision,
)
from statuspage.queries.events import words_of
from statuspage.rules import recurrence


def drafts(practice_id: int | None = None) -> list[Draft]:
    """Drafts of this practice (None: of all) that wait for a person or their time: the next to be published first,
    then the newest."""
    rows = Draft.objects.seen_by(practice_id).order_by("-updated_at", "-pk")
    timed = rows.filter(state=DraftState.SCHEDULED).order_by("publish_at", "pk")
    return [*timed, *rows.filter(state=DraftState.DRAFT)]


def draft(draft_id: str, practice_id: int | None = None) -> Draft:
    """Raises DraftNotFound, also for another practice's."""
    row = Draft.objects.seen_by(practice_id).filter(public_id=draft_id).first()
    if row is None:
        raise DraftNotFound
    return row


def templates(kind: str = "") -> list[Template]:
    """Those on the list, of one kind or all, by title."""
    rows = Template.objects.filter(archived_at=None).order_by("title", "pk")
    return list(rows.filter(kind=kind) if kind else rows)


def template(template_id: str) -> Template:
    """Raises TemplateNotFound."""
    row = Template.objects.filter(public_id=template_id).first()
    if row is None:
        raise TemplateNotFound
    return row


def series() -> list[MaintenanceSeries]:
    """Series that go on, by name."""
    rows = MaintenanceSeries.objects.filter(ended_at=None).prefetch_related("components")
    return list(rows.order_by("name", "pk"))


def one_series(series_id: str) -> MaintenanceSeries:
    """Raises SeriesNotFound."""
    row = MaintenanceSeries.objects.filter(public_id=series_id).prefetch_related("components").first()
    if row is None:
        raise SeriesNotFound
    return row


def next_date(row: MaintenanceSeries) -> Incident | None:
    """The first of its dates that is yet to begin, by its place in the rule."""
    rows = Incident.objects.filter(series=row, status=MaintenanceStatus.SCHEDULED, series_slot__gt=clock.now())
    return rows.order_by("series_slot", "pk").first()


def next_slot(row: MaintenanceSeries, now: dt.datetime) -> dt.datetime:
    """When the rule of a series has it next; `now` when it has run out."""
    return recurrence.first(row.rule, first_at=row.first_at, zone=row.time_zone, after=now) or now


def announced_words(row: Incident) -> str:
    """What was said when it was planned, in the wording that stands; "" where nothing was."""
    updates = row.updates.filter(kind=PublicationKind.SCHEDULED).order_by("pk")
    newest = UpdateRevision.objects.order_by("-edited_at", "-pk")
    first = updates.prefetch_related(Prefetch("revisions", newest)).first()
    return words_of(first)[0] if first is not None else ""


def postmortem(incident_id: str) -> Postmortem | None:
    """Draft or published; None if nobody has begun one."""
    return Postmortem.objects.filter(incident__public_id=incident_id).first()


def groups() -> list[ComponentGroup]:
    """In page order."""
    return list(ComponentGroup.objects.order_by("position", "pk"))
