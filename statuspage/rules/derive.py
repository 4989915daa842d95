"""One function from facts to everything that is shown: page, API, feeds and banner are drawn from the same `View`.

That is why no view can say "all well" while another shows an incident.
"""

import datetime as dt
from dataclasses import dataclass

from statuspage.enums import EVENT_LABELS, UNDERWAY, UNRESOLVED, UPCOMING, ComponentStatus, Impact
from statuspage.rules.facts import ComponentFacts, Facts, GroupFacts, IncidentFacts, UpdateFacts
from statuspage.rules.rollup import rollup, worst
from statuspage.rules.uptime import Day, days, percent

WINDOW_DAYS = 90
HISTORY_DAYS = 14

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
    """`days` oldest first, `uptime` in percent over the window, None when it was not watched."""

    facts: ComponentFacts
    label: str
    tone: str
    days: tuple[Day, ...]
    uptime: float | None


@dataclass(frozen=True, slots=True)
class GroupView:
    """Components under one heading; `facts` is None for those outside any group."""

    facts: GroupFacts | None
    status: str
    components: tuple[ComponentView, ...]


@dataclass(frozen=True, slots=True)
class UpdateView:
    """`label` says "Update" when the state stayed the same, as the feeds' readers expect."""

    facts: UpdateFacts
    label: str


@dataclass(frozen=True, slots=True)
class IncidentView:
    facts: IncidentFacts
    label: str
    tone: str
    impact_label: str
    active: bool
    updates: tuple[UpdateView, ...]
    components: tuple[ComponentFacts, ...]


@dataclass(frozen=True, slots=True)
class View:
    """What is shown at `as_of`. `headline` is for people, (`indicator`, `description`) are Statuspage's words.

    `active` and `recent` are incidents; `underway` and `upcoming` maintenances, the next one first.
    """

    snapshot: int
    as_of: dt.datetime
    facts: Facts
    indicator: str
    description: str
    headline: str
    tone: str
    groups: tuple[GroupView, ...]
    incidents: tuple[IncidentView, ...]
    active: tuple[IncidentView, ...]
    recent: tuple[IncidentView, ...]
    maintenances: tuple[IncidentView, ...] = ()
    underway: tuple[IncidentView, ...] = ()
    upcoming: tuple[IncidentView, ...] = ()

    @property
    def calm(self) -> bool:
        """Nothing is wrong and no incident is open (SP-03)."""
        return self.indicator == Impact.NONE and not self.active


def derive(facts: Facts, *, now: dt.datetime, snapshot: int) -> View:
    """Everything the public sees of these facts at `now`."""
    incidents = tuple(_incident(row, facts) for row in facts.incidents)
    active = tuple(row for row in incidents if row.active)
    maintenances = tuple(_incident(row, facts) for row in facts.maintenances)
    total = rollup([row.status for row in facts.components], [row.facts.impact for row in active])
    since = now - dt.timedelta(days=HISTORY_DAYS)
    return View(
        snapshot=snapshot,
        as_of=now,
        facts=facts,
        indicator=total.indicator,
        description=total.description,
        headline=_headline(total.indicator, total.description, len(active)),
        tone=_tone(total.indicator, bool(active)),
        groups=_groups(facts, now),
        incidents=incidents,
        active=active,
        recent=tuple(row for row in incidents if row.facts.resolved_at is not None and row.facts.resolved_at >= since),
        maintenances=maintenances,
        underway=tuple(row for row in maintenances if row.facts.status in UNDERWAY),
        upcoming=tuple(sorted((row for row in maintenances if row.facts.status in UPCOMING), key=_start)),
    )


def derive_incident(row: IncidentFacts, facts: Facts) -> IncidentView:
    """One incident alone: for those too old to be in the snapshot."""
    return _incident(row, facts)


def _start(row: IncidentView) -> dt.datetime:
    return row.facts.scheduled_for or row.facts.started_at


def _headline(indicator: str, description: str, active: int) -> str:
    if indicator != Impact.NONE:
        return description
    return "We are looking into a problem" if active else "No ongoing issues"


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
    return ComponentView(
        facts=row,
        label=str(ComponentStatus(row.status).label),
        tone=TONES[row.status],
        days=tuple(days(row.intervals, now=now, zone=zone, count=WINDOW_DAYS)),
        uptime=percent(row.intervals, since=now - dt.timedelta(days=WINDOW_DAYS), now=now),
    )


def _incident(row: IncidentFacts, facts: Facts) -> IncidentView:
    members = set(row.component_ids)
    active = row.status in (*UNRESOLVED, *UNDERWAY)
    return IncidentView(
        facts=row,
        label=str(EVENT_LABELS[row.status]),
        tone=("info" if row.impact == Impact.NONE else TONES[row.impact]) if active else "ok",
        impact_label=str(Impact(row.impact).label),
        active=active,
        updates=tuple(_updates(row.updates)),
        components=tuple(component for component in facts.components if component.id in members),
    )


def _updates(updates: tuple[UpdateFacts, ...]) -> list[UpdateView]:
    rows = []
    for place, update in enumerate(updates):
        before = updates[place + 1] if place + 1 < len(updates) else None
        same = before is not None and before.status == update.status
        rows.append(UpdateView(update, "Update" if same else str(EVENT_LABELS[update.status])))
    return rows
