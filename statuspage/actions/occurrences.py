"""Changing planned work before it begins: its name, words, parts, times. Subscribers hear of it only when asked."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from portal_core.kernel import audit, clock, idempotency
from portal_core.kernel.contracts import Actor
from statuspage import access, queries
from statuspage.actions import maintenances, pages, publication
from statuspage.contracts import IncidentSummary
from statuspage.enums import UPCOMING, ComponentStatus, EventKind, MaintenanceStatus, PublicationKind
from statuspage.errors import EventChanged, MaintenanceBegun, MaintenanceOver, RemindersInvalid, StatusUnknown
from statuspage.models import Incident, Page
from statuspage.rules import windows

MOVED = "This work was moved to another time."


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is planned but for its times. `component_status`: what the parts show meanwhile ("": what they show anyway);
    `reminders`: minutes before the start."""

    name: str
    body: str
    component_ids: Sequence[str]
    component_status: str = ComponentStatus.MAINTENANCE
    reminders: Sequence[int] = (1440, 60)
    silent: bool = False

    def checked(self) -> "Plan":
        """As it is kept. Raises TextMissing, VariableOpen, StatusUnknown, RemindersInvalid."""
        if self.component_status not in ("", *ComponentStatus.values):
            raise StatusUnknown
        reminders = sorted(set(self.reminders), reverse=True)
        if not windows.usable_reminders(reminders):
            raise RemindersInvalid
        return Plan(
            name=publication.one_line(self.name), body=publication.words(self.body), component_ids=self.component_ids,
            component_status=self.component_status, reminders=reminders, silent=self.silent,
        )  # fmt: skip


@transaction.atomic
def edit(
    *,
    incident_id: str,
    plan: Plan,
    scheduled_for: dt.datetime,
    scheduled_until: dt.datetime,
    notice: str = "",
    seen: int | None = None,
    by: Actor,
    key: str,
) -> IncidentSummary:
    """Change one maintenance that has not begun.

    The page and calendars show it at once; the wording that stood is kept and marked as edited. `notice`: what
    subscribers are told ("": nobody is mailed). `seen`: the `sequence` its author looked at; `key`: a second press
    lands on the first. Raises IncidentNotFound, MaintenanceBegun, MaintenanceOver, EventChanged, WindowInvalid,
    TextMissing, VariableOpen, StatusUnknown, RemindersInvalid, ComponentUnknown.
    """

    def deed() -> str:
        now, whole = clock.now(), plan.checked()
        page = pages.locked_page()
        row = access.incident_for_change(page, incident_id, EventKind.MAINTENANCE)
        refuse_begun(row)
        if seen is not None and row.sequence != seen:
            raise EventChanged
        if (scheduled_for, scheduled_until) != (row.scheduled_for, row.scheduled_until):
            maintenances.check_window(scheduled_for, scheduled_until, now)
        apply(page, row, whole, scheduled_for, scheduled_until, notice=notice, by=by, at=now)
        return incident_id

    idempotency.once("statuspage.occurrence", key, deed, of=[incident_id, plan, scheduled_for, scheduled_until, notice])
    return queries.incident(incident_id)


def refuse_begun(row: Incident) -> None:
    """Raises MaintenanceBegun, MaintenanceOver unless it is yet to begin."""
    if row.status not in UPCOMING:
        raise MaintenanceOver if row.status == MaintenanceStatus.COMPLETED else MaintenanceBegun


def apply(
    page: Page,
    row: Incident,
    plan: Plan,
    start: dt.datetime,
    until: dt.datetime,
    *,
    notice: str,
    by: Actor,
    at: dt.datetime,
) -> bool:
    """Bring a locked, upcoming maintenance to this plan and these times; False when nothing was to be done.

    A move is a message on the page, mailed only with a `notice`; other words replace those of the announcement.
    """
    moved = (start, until) != (row.scheduled_for, row.scheduled_until)
    changed = [*_fields(row, plan), *(["time"] if moved else [])]
    if _parts(page, row, plan):
        changed.append("components")
    announced = row.updates.filter(kind=PublicationKind.SCHEDULED).order_by("pk").first()
    if announced is not None and publication.reword(announced, plan.body, by=by, at=at) is not None:
        changed.append("body")
    if not changed and not notice:
        return False
    fresh = start != row.scheduled_for
    row.scheduled_for, row.scheduled_until, row.updated_at = start, until, at
    row.started_at = start
    over = windows.passed(start, plan.reminders, at)
    row.reminded = sorted({*over, *(() if fresh else set(row.reminded) & set(plan.reminders))}, reverse=True)
    row.sequence += 1
    row.save(update_fields=["name", "component_status", "reminders", "silent"])
    audit.record(
        "maintenance:edit", by=by, target=row, at=at, changed=sorted(changed), start=start.isoformat(),
        end=until.isoformat(), told=bool(notice),
    )  # fmt: skip
    if moved or notice:
        publication.publish(
            page, row, PublicationKind.RESCHEDULED if moved else PublicationKind.UPDATED, notice or MOVED,
            publication.members_as_they_are(row), by=by, at=at, deliver=bool(notice),
        )  # fmt: skip
    else:
        publication.keep(row)
        pages.publish_state(page, cause=f"edit:{row.public_id}:{row.sequence}", at=at)
        publication.push_changed(row)
    return True


def _fields(row: Incident, plan: Plan) -> list[str]:
    """Put the plan's values on the row; return the names of those that are new."""
    values = {
        "name": plan.name, "component_status": plan.component_status, "reminders": list(plan.reminders),
        "silent": plan.silent,
    }  # fmt: skip
    found = [name for name, value in values.items() if getattr(row, name) != value]
    for name in found:
        setattr(row, name, values[name])
    return found


def _parts(page: Page, row: Incident, plan: Plan) -> bool:
    """Let it touch the plan's parts and no other; whether that changed anything. Raises ComponentUnknown."""
    claims = dict(row.claims.values_list("component__public_id", "status"))
    shown = plan.component_status or ComponentStatus.OPERATIONAL
    if claims == dict.fromkeys(plan.component_ids, shown):
        return False
    row.claims.exclude(component__public_id__in=list(plan.component_ids)).delete()
    publication.claim(page, row, dict.fromkeys(plan.component_ids, shown))
    return True
