"""The facts the public page is derived from: what the database knows, as plain values. Times are aware, in UTC."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """`url` is the page's full public address; `time_zone` an IANA name."""

    id: str
    name: str
    url: str
    time_zone: str
    updated_at: dt.datetime
    support_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFacts:
    id: str
    name: str
    description: str
    position: int
    created_at: dt.datetime
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """In `status` from `start` until `end` (None: still)."""

    status: str
    start: dt.datetime
    end: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPointFacts:
    """Another way while a component is affected; `kind` and `health` as in the enums."""

    id: str
    kind: str
    title: str
    target: str
    text: str
    health: str
    checked_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HourFacts:
    """Mean response time in the hour from `start`; None when nothing answered."""

    start: dt.datetime
    milliseconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentFacts:
    """`intervals` and `hours` (the last 24) oldest first; `group_id` is None outside any group."""

    id: str
    name: str
    slug: str
    description: str
    status: str
    position: int
    showcase: bool
    start_date: dt.date | None
    group_id: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    only_show_if_degraded: bool = False
    clinical_priority: int = 3
    intervals: tuple[Interval, ...] = ()
    entry_points: tuple[EntryPointFacts, ...] = ()
    hours: tuple[HourFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateFacts:
    """`affected`: rows of {"code", "name", "old_status", "new_status"}."""

    id: str
    status: str
    body: str
    affected: tuple[Mapping[str, str], ...]
    deliver_notifications: bool
    created_at: dt.datetime
    display_at: dt.datetime
    edited_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostmortemFacts:
    """A published one."""

    body: str
    published_at: dt.datetime
    updated_at: dt.datetime
    notified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFacts:
    """An incident or a maintenance. `updates` newest first; `number` is the row's own number, only for feed tags.
    `claims`: component id → the state this event says it is in; a component's own state is the worst of all of them.
    `reminders`: minutes before the start; `reminded_at`: the last one that went out."""

    number: int
    id: str
    name: str
    status: str
    impact: str
    created_at: dt.datetime
    started_at: dt.datetime
    monitoring_at: dt.datetime | None
    resolved_at: dt.datetime | None
    updated_at: dt.datetime
    component_ids: tuple[str, ...]
    updates: tuple[UpdateFacts, ...]
    kind: str = "incident"
    backfilled: bool = False
    impact_override: str = ""
    next_update_at: dt.datetime | None = None
    scheduled_for: dt.datetime | None = None
    scheduled_until: dt.datetime | None = None
    cancelled_at: dt.datetime | None = None
    sequence: int = 0
    postmortem: PostmortemFacts | None = None
    claims: Mapping[str, str] = field(default_factory=dict)
    auto_start: bool = True
    auto_complete: bool = True
    reminders: tuple[int, ...] = ()
    reminded_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`incidents` newest first: the most recent, and every unresolved one however old. `maintenances` likewise.
    `past`: what else of either kind began within the year that the history shows."""

    page: PageFacts
    groups: tuple[GroupFacts, ...]
    components: tuple[ComponentFacts, ...]
    incidents: tuple[IncidentFacts, ...]
    maintenances: tuple[IncidentFacts, ...] = ()
    past: tuple[IncidentFacts, ...] = ()
