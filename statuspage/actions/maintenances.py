"""Planned work: announced, reminded of, begun and ended by the clock or by hand, moved, called off.

`run_due` is the clock. It may run late, twice, or in two workers at once: every step is decided under the page's lock
from the row itself, and is one transaction.
"""

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction

from portal_core.kernel import audit, clock, idempotency
from portal_core.kernel.contracts import SYSTEM, Actor
from statuspage import access, queries
from statuspage.actions import pages, publication
from statuspage.contracts import AudienceWording, IncidentSummary
from statuspage.enums import (
    MAINTENANCE_MOVES,
    UNDERWAY,
    UPCOMING,
    ComponentStatus,
    EventKind,
    Impact,
    MaintenanceStatus,
    PublicationKind,
)
from statuspage.errors import MaintenanceBegun, MaintenanceOver, RemindersInvalid, StatusUnknown, WindowInvalid
from statuspage.models import Incident, MaintenanceSeries, Page
from statuspage.rules import windows
from statuspage.rules.windows import Step, Window

logger = logging.getLogger(__name__)

STARTED = "The announced maintenance has begun."
COMPLETED = "The maintenance is over. You can work as usual again."


@transaction.atomic
def schedule(
    *,
    name: str,
    body: str,
    component_ids: Sequence[str],
    scheduled_for: dt.datetime,
    scheduled_until: dt.datetime,
    component_status: str = ComponentStatus.MAINTENANCE,
    auto_start: bool = True,
    auto_complete: bool = True,
    reminders: Sequence[int] = (1440, 60),
    silent: bool = False,
    series_id: str | None = None,
    texts: Sequence[AudienceWording] = (),
    by: Actor,
    key: str,
    deliver: bool = True,
) -> IncidentSummary:
    """Announce a maintenance.

    While it is under way its components show `component_status` ("": what they show anyway). `reminders` are minutes
    before the start; those whose moment is already over are left out, for this notice says it. `silent`: shown, but
    nobody is ever mailed about it; `deliver=False`: only this notice is not mailed. `key` makes a second press land on
    the first. Raises TextMissing, WindowInvalid, RemindersInvalid, StatusUnknown, ComponentUnknown, AudienceUnknown,
    VariableOpen.
    """

    def deed() -> str:
        now = clock.now()
        line = publication.one_line(name)
        check_window(scheduled_for, scheduled_until, now)
        if component_status not in ("", *ComponentStatus.values):
            raise StatusUnknown
        offsets = sorted(set(reminders), reverse=True)
        if not windows.usable_reminders(offsets):
            raise RemindersInvalid
        page = pages.locked_page()
        series = MaintenanceSeries.objects.filter(page=page, public_id=series_id).first() if series_id else None
        incident = Incident.objects.create(
            page=page, kind=EventKind.MAINTENANCE, name=line, status=MaintenanceStatus.SCHEDULED,
            impact_computed=Impact.MAINTENANCE, created_at=now, started_at=scheduled_for, updated_at=now,
            scheduled_for=scheduled_for, scheduled_until=scheduled_until, component_status=component_status,
            auto_start=auto_start, auto_complete=auto_complete, reminders=offsets,
            reminded=windows.passed(scheduled_for, offsets, now), silent=silent, series=series,
            series_slot=scheduled_for if series is not None else None,
        )  # fmt: skip
        audit.record(
            "maintenance:schedule", by=by, target=incident, at=now, start=scheduled_for.isoformat(),
            end=scheduled_until.isoformat(), components=list(component_ids), silent=silent,
        )  # fmt: skip
        publication.claim(page, incident, dict.fromkeys(component_ids, component_status or ComponentStatus.OPERATIONAL))
        publication.publish(
            page, incident, PublicationKind.SCHEDULED, body, publication.members_as_they_are(incident), by=by, at=now,
            deliver=deliver, texts=texts,
        )  # fmt: skip
        return str(incident.public_id)

    asked = [name, body, scheduled_for, scheduled_until, sorted(component_ids), component_status, texts]
    return queries.incident(idempotency.once("statuspage.schedule", key, deed, of=asked))


@transaction.atomic
def post_update(
    *,
    incident_id: str,
    status: str,
    body: str,
    by: Actor,
    seen: str = "",
    key: str = "",
    deliver: bool = True,
    texts: Sequence[AudienceWording] = (),
) -> IncidentSummary:
    """Say more about a maintenance, or begin, verify or complete it: whatever `status` is.

    The same status again is just another message. Raises IncidentNotFound, StatusUnknown, MaintenanceOver,
    MaintenanceBegun (back to "scheduled"), IncidentMoved (see `seen`), TextMissing, AudienceUnknown, VariableOpen.
    """

    def deed(page: Page, incident: Incident, now: dt.datetime) -> None:
        if status not in MaintenanceStatus.values:
            raise StatusUnknown
        _move(page, incident, MaintenanceStatus(status), body, by=by, at=now, seen=seen, deliver=deliver, texts=texts)

    return _once(incident_id, key, deed, of=[status, body, texts])


@transaction.atomic
def reschedule(
    *,
    incident_id: str,
    scheduled_for: dt.datetime,
    scheduled_until: dt.datetime,
    body: str,
    by: Actor,
    key: str,
    deliver: bool = True,
    texts: Sequence[AudienceWording] = (),
) -> IncidentSummary:
    """Move a maintenance and tell those who heard of it; calendars learn of it by the higher SEQUENCE (RFC 5545).

    Reminders count anew from the new start. Once it has begun only its end moves. Raises IncidentNotFound,
    MaintenanceOver, MaintenanceBegun, WindowInvalid (also when nothing would change), TextMissing.
    """

    def deed(page: Page, incident: Incident, now: dt.datetime) -> None:
        if not MAINTENANCE_MOVES[MaintenanceStatus(incident.status)]:
            raise MaintenanceOver
        begun = incident.status in UNDERWAY
        if begun and scheduled_for != incident.scheduled_for:
            raise MaintenanceBegun
        check_window(scheduled_for, scheduled_until, now)
        if (scheduled_for, scheduled_until) == (incident.scheduled_for, incident.scheduled_until):
            raise WindowInvalid
        if scheduled_for != incident.scheduled_for:
            incident.started_at = scheduled_for
            incident.reminded = windows.passed(scheduled_for, incident.reminders, now)
        incident.scheduled_for, incident.scheduled_until = scheduled_for, scheduled_until
        incident.sequence += 1
        incident.updated_at = now
        audit.record(
            "maintenance:reschedule", by=by, target=incident, at=now, start=scheduled_for.isoformat(),
            end=scheduled_until.isoformat(),
        )  # fmt: skip
        publication.publish(
            page, incident, PublicationKind.RESCHEDULED, body, publication.members_as_they_are(incident), by=by,
            at=now, deliver=deliver, texts=texts,
        )  # fmt: skip

    return _once(incident_id, key, deed, of=[scheduled_for, scheduled_until, body, texts])


@transaction.atomic
def cancel(
    *,
    incident_id: str,
    body: str,
    by: Actor,
    key: str,
    deliver: bool = True,
    texts: Sequence[AudienceWording] = (),
) -> IncidentSummary:
    """Call off a maintenance that has not begun, and tell those who heard of it.

    Raises IncidentNotFound, MaintenanceOver, MaintenanceBegun, TextMissing.
    """

    def deed(page: Page, incident: Incident, now: dt.datetime) -> None:
        if incident.status in UNDERWAY:
            raise MaintenanceBegun
        _over_or(incident, MaintenanceStatus.COMPLETED)
        incident.move(MaintenanceStatus.COMPLETED, at=now)
        incident.cancelled_at = now
        incident.sequence += 1
        audit.record("maintenance:cancel", by=by, target=incident, at=now)
        publication.release(incident)
        publication.publish(
            page, incident, PublicationKind.CANCELLED, body, publication.members_as_they_are(incident), by=by, at=now,
            deliver=deliver, texts=texts,
        )  # fmt: skip

    return _once(incident_id, key, deed, of=[body, texts])


def run_due() -> int:
    """Do what the clock asks for: remind, begin, complete. Returns how many steps were taken.

    Costs one query while nothing is due. A step that fails is logged and tried again at the next run; it keeps nobody
    else's from being done.
    """
    now, done = clock.now(), 0
    rows = Incident.objects.filter(
        kind=EventKind.MAINTENANCE,
        status__in=[*UPCOMING, *UNDERWAY],
        scheduled_for__lte=now + dt.timedelta(minutes=windows.MOST_MINUTES),
    ).order_by("scheduled_for", "pk")
    for incident in rows:
        if windows.next_step(_window(incident), now) is None:
            continue
        try:
            done += _step(incident.public_id)
        except Exception:
            logger.exception("a step of a maintenance failed", extra={"id": incident.public_id})
    return done


@transaction.atomic
def _step(incident_id: str) -> int:
    page = pages.locked_page()
    incident = access.incident_for_change(page, incident_id, EventKind.MAINTENANCE)
    now = clock.now()
    step = windows.next_step(_window(incident), now)  # again, under the lock: another worker may have been here
    if step is None:
        return 0
    if step == Step.REMIND:
        _remind(page, incident, now)
    elif step == Step.START:
        _move(page, incident, MaintenanceStatus.IN_PROGRESS, STARTED, by=SYSTEM, at=now)
    else:
        _move(page, incident, MaintenanceStatus.COMPLETED, COMPLETED, by=SYSTEM, at=now)
    return 1


def _remind(page: Page, incident: Incident, now: dt.datetime) -> None:
    """One reminder covers every offset whose moment has come: after an outage nobody hears "tomorrow" and "in an hour"
    in one minute."""
    start = incident.scheduled_for or incident.started_at
    incident.reminded = sorted({*incident.reminded, *windows.passed(start, incident.reminders, now)}, reverse=True)
    body = f"This maintenance begins in {windows.in_words(start - now)}.\n\n{queries.incident(incident.public_id).body}"
    audit.record("maintenance:remind", by=SYSTEM, target=incident, at=now, reminded=incident.reminded)
    publication.publish(
        page, incident, PublicationKind.REMINDER, body[: publication.BODY_MAX],
        publication.members_as_they_are(incident), by=SYSTEM, at=now,
    )  # fmt: skip


def _move(
    page: Page,
    incident: Incident,
    status: MaintenanceStatus,
    body: str,
    *,
    by: Actor,
    at: dt.datetime,
    seen: str = "",
    deliver: bool = True,
    texts: Sequence[AudienceWording] = (),
) -> None:
    _over_or(incident, status)
    publication.refuse_if_moved(incident, seen)
    was, begins = incident.status in UNDERWAY, status in UNDERWAY
    kind = PublicationKind.UPDATED
    incident.move(status, at=at)
    if begins and not was:
        kind, incident.started_at = PublicationKind.STARTED, at
    if status == MaintenanceStatus.COMPLETED:
        kind = PublicationKind.COMPLETED
        publication.release(incident)
    touches = was != begins and incident.component_status != ""
    deeds = {PublicationKind.STARTED: "maintenance:start", PublicationKind.COMPLETED: "maintenance:complete"}
    audit.record(deeds.get(kind, "maintenance:update"), by=by, target=incident, at=at, status=str(status))
    affected = publication.apply(incident, by=by, at=at) if touches else publication.members_as_they_are(incident)
    publication.publish(page, incident, kind, body, affected, by=by, at=at, deliver=deliver, texts=texts)


def _over_or(incident: Incident, status: MaintenanceStatus) -> None:
    moves = MAINTENANCE_MOVES[MaintenanceStatus(incident.status)]
    if status not in moves:
        raise MaintenanceBegun if moves else MaintenanceOver


def _once(
    incident_id: str, key: str, deed: Callable[[Page, Incident, dt.datetime], None], *, of: list[Any]
) -> IncidentSummary:  # fmt: skip
    """Run `deed` on the locked event, once per key."""

    def run() -> str:
        page = pages.locked_page()
        deed(page, access.incident_for_change(page, incident_id, EventKind.MAINTENANCE), clock.now())
        return incident_id

    if key:
        idempotency.once("statuspage.maintenance", key, run, of=[incident_id, *of])
    else:
        run()
    return queries.incident(incident_id)


def check_window(scheduled_for: dt.datetime, scheduled_until: dt.datetime, now: dt.datetime) -> None:
    """Raises WindowInvalid: it ends before it begins, or is over."""
    if scheduled_until <= scheduled_for or scheduled_until <= now:
        raise WindowInvalid


def _window(incident: Incident) -> Window:
    start, end = incident.scheduled_for, incident.scheduled_until
    assert start is not None
    assert end is not None
    return Window(
        status=incident.status,
        scheduled_for=start,
        scheduled_until=end,
        auto_start=incident.auto_start,
        auto_complete=incident.auto_complete,
        silent=incident.silent,
        reminders=incident.reminders,
        reminded=incident.reminded,
    )
