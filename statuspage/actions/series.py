"""Work that comes back: its occurrences are ordinary maintenances, made ahead of time."""

import datetime as dt
import logging
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.db import transaction

from portal_core.kernel import audit, clock, idempotency
from portal_core.kernel.contracts import SYSTEM, Actor
from statuspage import access
from statuspage.actions import maintenances, occurrences, pages, publication
from statuspage.actions.occurrences import Plan
from statuspage.enums import ComponentStatus, EventKind, MaintenanceStatus
from statuspage.errors import (
    ComponentUnknown,
    EventChanged,
    IncidentNotFound,
    RemindersInvalid,
    RuleInvalid,
    SeriesEnded,
    SeriesNotFound,
    StatusUnknown,
    WindowInvalid,
)
from statuspage.models import Component, Incident, MaintenanceSeries, Page
from statuspage.queries import authoring
from statuspage.rules import recurrence, windows

logger = logging.getLogger(__name__)

AHEAD = dt.timedelta(days=60)
MOST_MINUTES = 7 * 24 * 60
NOT_ANY_MORE = "This work will not take place on this date."


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
        members = _members(page, component_ids)
        if recurrence.first(series.rule, first_at=first_at, zone=zone, after=_not_over(series, now)) is None:
            raise RuleInvalid
        series.save()
        series.components.set(members)
        audit.record("series:create", by=by, target=series, at=now, rule=series.rule, minutes=minutes)
        _make(series, now, by=by)
        return str(series.public_id)

    asked = [name, body, rule, time_zone, first_at, minutes, sorted(component_ids), component_status]
    return idempotency.once("statuspage.series", key, deed, of=asked)


@transaction.atomic
def change(
    *,
    series_id: str,
    from_id: str,
    plan: Plan,
    rule: str,
    first_at: dt.datetime,
    minutes: int,
    notice: str = "",
    seen: int | None = None,
    by: Actor,
    key: str,
) -> str:
    """Change a series from one of its dates on; return its id. Dates before it stay as they are.

    `from_id` is that maintenance ("": everything that is yet to begin), `first_at` its new start, in the time zone of
    the series. With the same rule and start, dates that somebody moved by hand keep their times; else every date that
    is yet to begin takes the place the rule gives it, what is too many is called off and what lacks is planned.
    `notice` is mailed once, with the first date that changes ("": nobody is mailed). `seen`: the `version` its author
    looked at. Raises SeriesNotFound, SeriesEnded, EventChanged, IncidentNotFound, MaintenanceBegun, MaintenanceOver
    and what `create` raises.
    """

    def deed() -> str:
        now, whole = clock.now(), plan.checked()
        page = pages.locked_page()
        row = _open(page, series_id)
        if seen is not None and row.version != seen:
            raise EventChanged
        slot = authoring.next_slot(row, now)
        if from_id:
            begin = access.incident_for_change(page, from_id, EventKind.MAINTENANCE)
            if begin.series_id != row.pk or begin.series_slot is None:
                raise IncidentNotFound
            occurrences.refuse_begun(begin)
            slot = begin.series_slot
        if not 0 < minutes <= MOST_MINUTES:
            raise WindowInvalid
        members = _members(page, whole.component_ids)
        following, was = _following(row, slot), dt.timedelta(minutes=row.minutes)
        new_rule = recurrence.normal(rule)
        timely = (new_rule, first_at) == (row.rule, slot)
        shifted = new_rule == row.rule
        row.rule, row.first_at = _from_there(row, new_rule, slot, first_at, counted=shifted), first_at
        row.name, row.body, row.minutes, row.silent = whole.name, whole.body, minutes, whole.silent
        row.component_status, row.reminders = whole.component_status, list(whole.reminders)
        row.version += 1
        if recurrence.first(row.rule, first_at=first_at, zone=row.time_zone, after=_not_over(row, now)) is None:
            raise RuleInvalid
        told = _Telling(notice)
        if timely:
            for one in _upcoming(following):
                start, until = _times(one)
                length = dt.timedelta(minutes=minutes) if until - start == was else until - start
                told.by(occurrences.apply(page, one, whole, start, start + length, notice=told.words, by=by, at=now))
        else:
            _take_places(page, row, following, whole, told, by=by, at=now)
        row.save()
        row.components.set(members)
        audit.record("series:edit", by=by, target=row, at=now, rule=row.rule, minutes=minutes, told=bool(notice))
        return str(row.public_id)

    return idempotency.once(
        "statuspage.series.change", key, deed, of=[series_id, from_id, plan, rule, first_at, minutes, notice]
    )


class _Telling:
    """A notice that goes out once: with the first date that takes it."""

    def __init__(self, words: str) -> None:
        self.words = words

    def by(self, done: bool) -> None:
        if done:
            self.words = ""


def _take_places(
    page: Page,
    row: MaintenanceSeries,
    dates: Sequence[Incident],
    plan: Plan,
    told: _Telling,
    *,
    by: Actor,
    at: dt.datetime,
) -> None:
    """Bring the dates to where the rule has them: who stands right stays, the others take the free places in order.
    What lacks is planned; what is too many is called off and belongs to the series no more."""
    horizon, length = at + AHEAD, dt.timedelta(minutes=row.minutes)
    after = max(row.first_at - dt.timedelta(seconds=1), _not_over(row, at))
    places = recurrence.occurrences(row.rule, first_at=row.first_at, zone=row.time_zone, after=after, until=horizon)
    standing = {one.series_slot: one for one in dates if one.series_slot in places}
    spare = [one for one in dates if one.series_slot not in standing]
    for place in places:
        one = standing.get(place) or (spare.pop(0) if spare else None)
        if one is None:
            _plan(row, place, by=by, deliver=False, members=plan.component_ids)
            continue
        _give(one, place)
        if one.status == MaintenanceStatus.SCHEDULED:
            told.by(occurrences.apply(page, one, plan, place, place + length, notice=told.words, by=by, at=at))
    for one in _upcoming(spare):
        words = told.words or NOT_ANY_MORE
        maintenances.cancel(incident_id=one.public_id, body=words, by=by, key="", deliver=bool(told.words))
        told.by(True)
        _give(one, None)
    row.made_until = horizon


def _give(one: Incident, slot: dt.datetime | None) -> None:
    one.series_slot = slot
    one.save(update_fields=["series_slot"])


def _following(row: MaintenanceSeries, slot: dt.datetime) -> list[Incident]:
    """The dates of a series from one on, as the rule had them; called off ones too."""
    rows = Incident.objects.select_for_update(of=("self",)).filter(series=row, series_slot__gte=slot)
    return list(rows.order_by("series_slot", "pk"))


def _upcoming(rows: Sequence[Incident]) -> list[Incident]:
    return [one for one in rows if one.status == MaintenanceStatus.SCHEDULED]


def _times(one: Incident) -> tuple[dt.datetime, dt.datetime]:
    assert one.scheduled_for is not None
    assert one.scheduled_until is not None
    return one.scheduled_for, one.scheduled_until


def _from_there(row: MaintenanceSeries, rule: str, slot: dt.datetime, first_at: dt.datetime, *, counted: bool) -> str:
    """The rule as it counts from its new first date. A rule the author wrote anew counts as it says."""
    if not counted or "COUNT=" not in rule:
        return rule
    just_before = slot - dt.timedelta(seconds=1)
    done = recurrence.occurrences(row.rule, first_at=row.first_at, zone=row.time_zone, after=None, until=just_before)
    return recurrence.rest(rule, done=len(done))


def _members(page: Page, component_ids: Sequence[str]) -> list[Component]:
    members = list(Component.objects.filter(page=page, public_id__in=list(component_ids), retired_at=None))
    if len(members) != len(set(component_ids)):
        raise ComponentUnknown
    return members


def _open(page: Page, series_id: str) -> MaintenanceSeries:
    row = MaintenanceSeries.objects.select_for_update().filter(page=page, public_id=series_id).first()
    if row is None:
        raise SeriesNotFound
    if row.ended_at is not None:
        raise SeriesEnded
    return row


@transaction.atomic
def end(*, series_id: str, body: str, by: Actor) -> int:
    """End a series and call off its occurrences that have not begun; return how many. Subscribers are told once, with
    the next one of them. Raises SeriesNotFound, SeriesEnded, TextMissing."""
    now = clock.now()
    page = pages.locked_page()
    series = _open(page, series_id)
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
        _plan(series, start, by=by, deliver=told, members=members)
    series.made_until = horizon
    series.save(update_fields=["made_until"])
    return len(starts)


def _plan(series: MaintenanceSeries, start: dt.datetime, *, by: Actor, deliver: bool, members: Sequence[str]) -> None:
    """One date of it. An edited series may come back to a place it has left: the key says in which version."""
    edition = f"{series.version}:" if series.version else ""
    maintenances.schedule(
        name=series.name, body=series.body, component_ids=members, scheduled_for=start,
        scheduled_until=start + dt.timedelta(minutes=series.minutes), component_status=series.component_status,
        reminders=series.reminders, silent=series.silent, series_id=series.public_id,
        key=f"series:{series.public_id}:{edition}{start:%Y%m%dT%H%M}", by=by, deliver=deliver,
    )  # fmt: skip


def _not_over(series: MaintenanceSeries, now: dt.datetime) -> dt.datetime:
    """An occurrence that began before this is over: it is not made afterwards."""
    return now - dt.timedelta(minutes=series.minutes)


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError) as error:
        raise RuleInvalid from error
