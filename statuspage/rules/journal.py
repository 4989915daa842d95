"""What was said while the database was away: entries of the journal, and what they make of the facts.

The same words go through the ordinary actions as soon as the database is back; until then every snapshot is drawn from
the last facts with the waiting entries laid over them.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from statuspage.enums import CLAIMING, UNRESOLVED, ComponentStatus, IncidentStatus
from statuspage.rules.facts import ComponentFacts, Facts, IncidentFacts, Interval, UpdateFacts
from statuspage.rules.rollup import impact_of, worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing said. `id` is also the incident's id until the database gives it one; `components`: slug → status.

    `incident_id` is empty for a new incident, else the id of an incident or of the entry that began it. `via` says
    through which door it came ("command", "break-glass"), `by` who says to have written it.
    """

    id: str
    at: dt.datetime
    by: str
    via: str
    status: str
    body: str
    name: str = ""
    incident_id: str = ""
    components: Mapping[str, str]


def lay_over(facts: Facts, entries: Iterable[Entry]) -> Facts:
    """The facts as they are with these entries, oldest first. One that no longer fits changes nothing."""
    for entry in entries:
        facts = _one(facts, entry)
    return facts


def _one(facts: Facts, entry: Entry) -> Facts:
    known = next((row for row in facts.incidents if row.id == entry.incident_id), None)
    if entry.incident_id and (known is None or known.status not in UNRESOLVED):
        return facts
    wanted = _wanted(facts, entry, known)
    components = tuple(
        _changed(row, wanted[row.slug], entry.at) if row.slug in wanted else row for row in facts.components
    )
    touched = [(old, new) for old, new in zip(facts.components, components, strict=True) if new.slug in wanted]
    groups = {group.id: group.name for group in facts.groups}
    update = UpdateFacts(
        id=entry.id,
        status=entry.status,
        body=entry.body,
        affected=tuple(
            {
                "code": new.id,
                "name": f"{groups[new.group_id]} - {new.name}" if new.group_id in groups else new.name,
                "old_status": old.status,
                "new_status": new.status,
            }
            for old, new in touched
        ),
        deliver_notifications=True,
        created_at=entry.at,
        display_at=entry.at,
    )
    row = _begun(entry) if known is None else known
    resolved = entry.status == IncidentStatus.RESOLVED
    row = replace(
        row,
        status=entry.status,
        impact=row.impact_override
        or impact_of(() if resolved else (new.status for _old, new in touched), floor=[row.impact] if known else ()),
        updated_at=entry.at,
        monitoring_at=entry.at if entry.status == IncidentStatus.MONITORING else row.monitoring_at,
        resolved_at=entry.at if resolved else row.resolved_at,
        component_ids=tuple(dict.fromkeys((*row.component_ids, *(new.id for _old, new in touched)))),
        claims=_claims(row, entry, facts),
        updates=(update, *row.updates),
    )
    rest = tuple(other for other in facts.incidents if other.id != row.id)
    newest_first = sorted((row, *rest), key=lambda one: one.started_at, reverse=True)
    return replace(
        facts,
        page=replace(facts.page, updated_at=max(facts.page.updated_at, entry.at)),
        components=components,
        incidents=tuple(newest_first),
    )


def _claims(row: IncidentFacts, entry: Entry, facts: Facts) -> dict[str, str]:
    if entry.status == IncidentStatus.RESOLVED:
        return dict.fromkeys(row.component_ids, str(ComponentStatus.OPERATIONAL))
    ids = {component.slug: component.id for component in facts.components}
    return {**row.claims, **{ids[slug]: status for slug, status in entry.components.items() if slug in ids}}


def _begun(entry: Entry) -> IncidentFacts:
    return IncidentFacts(
        number=int(entry.at.timestamp()),
        id=entry.id,
        name=entry.name,
        status=entry.status,
        impact="none",
        created_at=entry.at,
        started_at=entry.at,
        monitoring_at=None,
        resolved_at=None,
        updated_at=entry.at,
        component_ids=(),
        updates=(),
    )


def _wanted(facts: Facts, entry: Entry, known: IncidentFacts | None) -> dict[str, str]:
    """Slug → the worst that this entry and the other active events say, as the actions will find. Ending an incident
    takes back what it said itself."""
    said = dict(entry.components)
    if known is not None and entry.status == IncidentStatus.RESOLVED:
        said = {row.slug: str(ComponentStatus.OPERATIONAL) for row in facts.components if row.id in known.component_ids}
    others = [
        row
        for row in (*facts.incidents, *facts.maintenances)
        if row.status in CLAIMING and (known is None or row.id != known.id)
    ]

    def claimed(row: ComponentFacts) -> list[str]:
        return [other.claims.get(row.id, row.status) for other in others if row.id in other.component_ids]

    return {row.slug: worst([said[row.slug], *claimed(row)]) for row in facts.components if row.slug in said}


def _changed(row: ComponentFacts, status: str, at: dt.datetime) -> ComponentFacts:
    if status == row.status:
        return row
    closed = tuple(
        replace(interval, end=max(at, interval.start)) if interval.end is None else interval
        for interval in row.intervals
    )
    since = max((interval.start for interval in row.intervals if interval.end is None), default=at)
    return replace(
        row, status=status, updated_at=at, intervals=(*closed, Interval(status=status, start=max(at, since), end=None))
    )
