"""Work that comes back: its occurrences are ordinary maintenances, made ahead of time."""

import datetime as dt
import logging
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.db import transaction

from portal_core.kernel import audit, clock, idempotency
from portal_core.kernel.contracts import SYSTEM, Actor
from statuspage.actions import maintenances, pages, publication
from statuspage.enums import ComponentStatus, EventKind, MaintenanceStatus
from statuspage.errors import (
    ComponentUnknown,
    RemindersInvalid,
    RuleInvalid,
    SeriesEnded,
    SeriesNotFound,
    StatusUnknown,
    WindowInvalid,
)
from statuspage.models import Component, Incident, MaintenanceSeries
from statuspage.rules import recurrence, windows

logger = logging.getLogger(__name__)

AHEAD = dt.timedelta(days=60)
MOST_MINUTES = 7 * 24 * 60


@transaction.atomic
def create(
    *,
    name: str,
    body: str,
    rule: str,
    first_at: dt.datetime,
    minutes: int,
    component_ids: Sequence[str],
    time_zone: str = "",
    component_status: str = ComponentStatus.MAINTENANCE,
    reminders: Sequence[int] = (1440, 60),
    silent: bool = False,
    deliver: bool = True,
    by: Actor,
    key: str,
) -> str:
    """Begin a series and make the occurrences of the next 60 days; return its id.

    `rule` is an RRULE ("FREQ=WEEKLY;BYDAY=SU") in the wall time of `time_zone` (default: the page's); `first_at` is
    the earliest start and gives the time of day. Subscribers are mailed about the first occurrence unless `deliver` is
    False; the others are shown, and reminded of. `key` makes a second press land on the first. Raises TextMissing,
    RuleInvalid (also when nothing would ever take place), WindowInvalid, RemindersInvalid, StatusUnknown,
    ComponentUnknown, VariableOpen.
    """

    def deed() -> str:
        now = clock.now()
        page = pages.locked_page()
        zone = _zone(time_zone or page.time_zone)
        series = MaintenanceSeries(
            page=page, name=publication.one_line(name), body=publication.words(body), rule=recurrence.normal(rule),
            time_zone=zone, first_at=first_at, minutes=minutes, component_status=component_status,
            reminders=sorted(set(reminders), reverse=True), silent=silent, announced=deliver, created_at=now,
        )  # fmt: skip
        if not 0 < minutes <= MOST_MINUTES:
            raise WindowInvalid
        if component_status not in ("", *ComponentStatus.values):
            raise StatusUnknown
        if not windows.usable_reminders(series.reminders):
            raise RemindersInvalid
        members = list(Component.objects.filter(page=page, public_id__in=list(component_ids), retired_at=None))
        if len(members) != len(set(component_ids)):
            raise ComponentUnknown
        if recurrence.first(series.rule, first_at=first_at, zone=zone, after=_not_over(series, now)) is None:
            raise RuleInvalid
        series.save()
        series.components.set(members)
        audit.record("series:create", by=by, target=series, at=now, rule=series.rule, minutes=minutes)
        _make(series, now, by=by)
        return str(series.public_id)

    return idempotency.once("statuspage.series", key, deed)


@transaction.atomic
def end(*, series_id: str, body: str, by: Actor) -> int:
    """End a series and call off its occurrences that have not begun; return how many. Subscribers are told once, with
    the next one of them. Raises SeriesNotFound, SeriesEnded, TextMissing."""
    now = clock.now()
    page = pages.locked_page()
    series = MaintenanceSeries.objects.select_for_update().filter(page=page, public_id=series_id).first()
    if series is None:
        raise SeriesNotFound
    if series.ended_at is not None:
        raise SeriesEnded
    body = publication.words(body)
    series.ended_at = now
    series.save(update_fields=["ended_at"])
    audit.record("series:end", by=by, target=series, at=now)
    open_ones = Incident.objects.filter(
        series=series, kind=EventKind.MAINTENANCE, status=MaintenanceStatus.SCHEDULED
    ).order_by("scheduled_for", "pk")
    ids = list(open_ones.values_list("public_id", flat=True))
    for place, incident_id in enumerate(ids):
        maintenances.cancel(incident_id=incident_id, body=body, by=by, key="", deliver=place == 0)
    return len(ids)


def make_ahead() -> int:
    """Make the occurrences that have come within 60 days; return how many. Safe to run twice, late, and at once: how
    far a series is made is kept in its row, in the same transaction."""
    now, made = clock.now(), 0
    for series_id in MaintenanceSeries.objects.filter(ended_at=None).order_by("pk").values_list("pk", flat=True):
        try:
            made += _make_locked(series_id, now)
        except Exception:
            logger.exception("a series of maintenances could not be made ahead", extra={"id": series_id})
    return made


@transaction.atomic
def _make_locked(series_pk: int, now: dt.datetime) -> int:
    pages.locked_page()
    series = MaintenanceSeries.objects.select_for_update().filter(pk=series_pk, ended_at=None).first()
    return _make(series, now, by=SYSTEM) if series is not None else 0


def _make(series: MaintenanceSeries, now: dt.datetime, *, by: Actor) -> int:
    horizon = now + AHEAD
    if series.made_until is not None and series.made_until >= horizon:
        return 0
    is_new = not Incident.objects.filter(series=series).exists()
    after = max(filter(None, (series.made_until, _not_over(series, now))))
    members = list(series.components.filter(retired_at=None).values_list("public_id", flat=True))
    starts = recurrence.occurrences(
        series.rule, first_at=series.first_at, zone=series.time_zone, after=after, until=horizon
    )
    for place, start in enumerate(starts):
        told = series.announced and is_new and place == 0
        maintenances.schedule(
            name=series.name, body=series.body, component_ids=members, scheduled_for=start,
            scheduled_until=start + dt.timedelta(minutes=series.minutes), component_status=series.component_status,
            reminders=series.reminders, silent=series.silent, series_id=series.public_id,
            key=f"series:{series.public_id}:{start:%Y%m%dT%H%M}", by=by, deliver=told,
        )  # fmt: skip
    series.made_until = horizon
    series.save(update_fields=["made_until"])
    return len(starts)


def _not_over(series: MaintenanceSeries, now: dt.datetime) -> dt.datetime:
    """An occurrence that began before this is over: it is not made afterwards."""
    return now - dt.timedelta(minutes=series.minutes)


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError) as error:
        raise RuleInvalid from error
