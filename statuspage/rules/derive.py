"""One function from facts to everything that is shown: page, API, feeds and banner are drawn from the same `View`.

That is why no view can say "all well" while another shows an incident. A view holds states; its words (`label`,
`headline`) are put into the language that is active when they are read, so one view serves all languages.
"""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext

from statuspage.enums import EVENT_LABELS, OVER, UNDERWAY, UNRESOLVED, UPCOMING, ComponentStatus, EventKind, Impact
from statuspage.rules.entry_points import WayView, ways
from statuspage.rules.facts import ComponentFacts, Facts, GroupFacts, IncidentFacts, UpdateFacts
from statuspage.rules.rollup import rollup, tells, worst
from statuspage.rules.sentences import in_language
from statuspage.rules.uptime import Day, counted, days, percent

WINDOW_DAYS = 90
HISTORY_DAYS = 14
MONTHS = 12  # of history, and of uptime by month, that a snapshot holds
CARE = 2  # up to this clinical priority a component is part of patients' care: 1 stops it, 2 hinders it

TONES: dict[str, str] = {
    ComponentStatus.OPERATIONAL: "ok",
    ComponentStatus.MAINTENANCE: "info",
    ComponentStatus.DEGRADED: "warning",
    ComponentStatus.PARTIAL_OUTAGE: "warning",
    ComponentStatus.MAJOR_OUTAGE: "danger",
    Impact.NONE: "ok",
    Impact.MINOR: "warning",
    Impact.MAJOR: "warning",
    Impact.CRITICAL: "danger",
    # Impact.MAINTENANCE has a word of its own below: its value differs from the component state's.
    Impact.MAINTENANCE: "info",
}


@dataclass(frozen=True, slots=True)
class ComponentView:
    """`days` oldest first, `uptime` in percent over the window, None when it was not watched. `ways`: what to do
    instead, only while the component is affected."""

    facts: ComponentFacts
    days: tuple[Day, ...]
    uptime: float | None
    ways: tuple[WayView, ...] = ()

    @property
    def label(self) -> str:
        return str(ComponentStatus(self.facts.status).label)

    @property
    def tone(self) -> str:
        return TONES[self.facts.status]

    @property
    def affected(self) -> bool:
        return self.facts.status != ComponentStatus.OPERATIONAL

    @property
    def shown(self) -> bool:
        """Whether the page lists it: some are only worth a line while they are not well."""
        return self.affected or not self.facts.only_show_if_degraded


@dataclass(frozen=True, slots=True)
class GroupView:
    """Components under one heading; `facts` is None for those outside any group. `status` is the worst of them."""

    facts: GroupFacts | None
    status: str
    components: tuple[ComponentView, ...]

    @property
    def label(self) -> str:
        return str(ComponentStatus(self.status).label)

    @property
    def tone(self) -> str:
        return TONES[self.status]

    @property
    def shown(self) -> tuple[ComponentView, ...]:
        return tuple(row for row in self.components if row.shown)


@dataclass(frozen=True, slots=True)
class UpdateView:
    """`label` says "Update" when the state stayed the same (`repeats`), as the feeds' readers expect."""

    facts: UpdateFacts
    repeats: bool

    @property
    def label(self) -> str:
        return gettext("Update") if self.repeats else str(EVENT_LABELS[self.facts.status])

    @property
    def words(self) -> str:
        """The message as people read it; ours in their language."""
        return in_language(self.facts.body)


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident or a maintenance. `late`: the promised time of the next update has passed."""

    facts: IncidentFacts
    tone: str
    active: bool
    late: bool
    updates: tuple[UpdateView, ...]
    components: tuple[ComponentFacts, ...]

    @property
    def label(self) -> str:
        return gettext("Cancelled") if self.facts.cancelled_at is not None else str(EVENT_LABELS[self.facts.status])

    @property
    def impact_label(self) -> str:
        return str(Impact(self.facts.impact).label)

    @property
    def is_maintenance(self) -> bool:
        return self.facts.kind == EventKind.MAINTENANCE

    @property
    def is_over(self) -> bool:
        return self.facts.status in OVER

    @property
    def starts_at(self) -> dt.datetime:
        """When it began, or will begin."""
        return self.facts.scheduled_for or self.facts.started_at

    @property
    def promised_at(self) -> dt.datetime | None:
        """When readers may expect the next message; None when nothing was promised or it is over."""
        return None if self.is_over else self.facts.next_update_at


@dataclass(frozen=True, slots=True)
class View:
    """What is shown at `as_of`. `headline` is for people, (`indicator`, `description`) are Statuspage's words.

    `active` and `recent` are incidents; `underway` and `upcoming` maintenances, the next one first; `done` those that
    ended lately. `past` is everything of either kind that has begun, newest first.
    """

    snapshot: int
    as_of: dt.datetime
    facts: Facts
    indicator: str
    description: str
    tone: str
    groups: tuple[GroupView, ...]
    incidents: tuple[IncidentView, ...]
    active: tuple[IncidentView, ...]
    recent: tuple[IncidentView, ...]
    maintenances: tuple[IncidentView, ...] = ()
    underway: tuple[IncidentView, ...] = ()
    upcoming: tuple[IncidentView, ...] = ()
    done: tuple[IncidentView, ...] = ()
    past: tuple[IncidentView, ...] = ()

    @property
    def headline(self) -> str:
        if self.indicator != Impact.NONE:
            return gettext(self.description)
        return gettext("We are looking into a problem") if self.active else gettext("No ongoing issues")

    @property
    def calm(self) -> bool:
        """Nothing is wrong and no incident is open (SP-03)."""
        return self.indicator == Impact.NONE and not self.active

    @property
    def promised_at(self) -> dt.datetime | None:
        """The next message that was promised and can still come in time."""
        kept = [row.promised_at for row in self.active if row.promised_at is not None and not row.late]
        return min(kept, default=None)

    @property
    def components(self) -> tuple[ComponentView, ...]:
        """All of them, in page order."""
        return tuple(row for group in self.groups for row in group.components)

    @property
    def affected(self) -> tuple[ComponentView, ...]:
        """Components that are not well, those that care depends on first."""
        rows = [row for row in self.components if row.affected]
        return tuple(sorted(rows, key=lambda row: row.facts.clinical_priority))

    @property
    def care_affected(self) -> bool:
        """Whether patients' care depends on something that is not well."""
        return any(row.facts.clinical_priority <= CARE for row in self.affected)


def derive(facts: Facts, *, now: dt.datetime, snapshot: int) -> View:
    """Everything the public sees of these facts at `now`."""
    incidents = tuple(_event(row, facts, now) for row in facts.incidents)
    active = tuple(row for row in incidents if row.active)
    maintenances = tuple(_event(row, facts, now) for row in facts.maintenances)
    earlier = tuple(_event(row, facts, now) for row in facts.past)
    telling = [row for row in active if tells(row.facts.impact_override, [part.status for part in row.components])]
    total = rollup([row.status for row in facts.components], [row.facts.impact for row in telling])
    since = now - dt.timedelta(days=HISTORY_DAYS)
    begun = [row for row in (*incidents, *maintenances, *earlier) if row.facts.status not in UPCOMING]
    return View(
        snapshot=snapshot,
        as_of=now,
        facts=facts,
        indicator=total.indicator,
        description=total.description,
        tone=_tone(total.indicator, bool(active)),
        groups=_groups(facts, now),
        incidents=incidents,
        active=active,
        recent=tuple(row for row in incidents if _ended_since(row, since)),
        maintenances=maintenances,
        underway=tuple(row for row in maintenances if row.facts.status in UNDERWAY),
        upcoming=tuple(
            sorted((row for row in maintenances if row.facts.status in UPCOMING), key=lambda row: row.starts_at)
        ),
        done=tuple(row for row in maintenances if _ended_since(row, since)),
        past=tuple(sorted(begun, key=lambda row: row.starts_at, reverse=True)),
    )


def derive_incident(row: IncidentFacts, facts: Facts, *, now: dt.datetime) -> IncidentView:
    """One event alone: for those too old to be in the snapshot."""
    return _event(row, facts, now)


def _ended_since(row: IncidentView, since: dt.datetime) -> bool:
    return row.facts.resolved_at is not None and row.facts.resolved_at >= since


def _tone(indicator: str, any_active: bool) -> str:
    return "info" if indicator == Impact.NONE and any_active else TONES[indicator]


def _groups(facts: Facts, now: dt.datetime) -> tuple[GroupView, ...]:
    members: dict[str | None, list[ComponentView]] = {}
    for row in facts.components:
        members.setdefault(row.group_id, []).append(_component(row, facts.page.time_zone, now))
    known: list[tuple[GroupFacts | None, list[ComponentView]]] = [
        (group, members.get(group.id, [])) for group in facts.groups
    ]
    known.append((None, members.get(None, [])))
    return tuple(
        GroupView(group, worst(row.facts.status for row in rows), tuple(rows)) for group, rows in known if rows
    )


def _component(row: ComponentFacts, zone: str, now: dt.datetime) -> ComponentView:
    affected = row.status != ComponentStatus.OPERATIONAL
    intervals = counted(row.intervals, since=row.start_date, zone=zone)
    return ComponentView(
        facts=row,
        days=tuple(days(intervals, now=now, zone=zone, count=WINDOW_DAYS)),
        uptime=percent(intervals, since=now - dt.timedelta(days=WINDOW_DAYS), now=now),
        ways=ways(row.entry_points) if affected else (),
    )


def _event(row: IncidentFacts, facts: Facts, now: dt.datetime) -> IncidentView:
    members = set(row.component_ids)
    active = row.status in (*UNRESOLVED, *UNDERWAY)
    tone = "ok"
    if row.kind == EventKind.MAINTENANCE:
        tone = "neutral" if row.cancelled_at is not None else "ok" if row.status in OVER else "info"
    elif active:
        tone = "info" if row.impact == Impact.NONE else TONES[row.impact]
    return IncidentView(
        facts=row,
        tone=tone,
        active=active,
        late=active and row.next_update_at is not None and row.next_update_at < now,
        updates=tuple(_updates(row.updates)),
        components=tuple(component for component in facts.components if component.id in members),
    )


def _updates(updates: tuple[UpdateFacts, ...]) -> list[UpdateView]:
    rows = []
    for place, update in enumerate(updates):
        before = updates[place + 1] if place + 1 < len(updates) else None
        rows.append(UpdateView(update, before is not None and before.status == update.status))
    return rows
