"""Statuspage's public API v2, field by field (research §2.1 to §2.4). Every function returns plain JSON values.

Keys stand in the order of real payloads. Times carry milliseconds and the page's offset, `Z` for UTC. One key is ours:
`alternatives` of a component, there only while it is affected and another way works (SP-05, TH-31).
"""

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from statuspage.enums import UNRESOLVED, EventKind
from statuspage.rules.derive import GroupView, IncidentView, View
from statuspage.rules.facts import ComponentFacts, EntryPointFacts, GroupFacts, IncidentFacts, UpdateFacts
from statuspage.rules.ways import alternatives

Json = dict[str, Any]
EVENTS_MAX = 50


def documents(view: View) -> dict[str, Json]:
    """Path under the root → body of every read endpoint."""
    head = {"page": page(view)}
    status = {"status": {"indicator": view.indicator, "description": view.description}}
    made = {row.facts.id: event(row, view) for row in (*view.incidents, *view.maintenances)}

    def rows(events: Iterable[IncidentView]) -> list[Json]:
        return [made[row.facts.id] for row in events]

    unresolved = rows(row for row in view.incidents if row.facts.status in UNRESOLVED)
    underway, upcoming = rows(view.underway), rows(view.upcoming)
    parts = components(view)
    return {
        "api/v2/summary.json": {
            **head,
            "components": parts,
            "incidents": unresolved,
            "scheduled_maintenances": [*underway, *upcoming],
            **status,
        },
        "api/v2/status.json": {**head, **status},
        "api/v2/components.json": {**head, "components": parts},
        "api/v2/incidents.json": {**head, "incidents": rows(view.incidents[:EVENTS_MAX])},
        "api/v2/incidents/unresolved.json": {**head, "incidents": unresolved},
        "api/v2/scheduled-maintenances.json": {
            **head,
            "scheduled_maintenances": rows(view.maintenances[:EVENTS_MAX]),
        },
        "api/v2/scheduled-maintenances/upcoming.json": {**head, "scheduled_maintenances": upcoming},
        "api/v2/scheduled-maintenances/active.json": {**head, "scheduled_maintenances": underway},
    }


@lru_cache(maxsize=4096)  # the same moments stand in every document
def moment(at: dt.datetime, zone: str) -> str:
    """`2022-02-15T13:37:37.407-08:00`"""
    text = at.astimezone(ZoneInfo(zone)).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") and _is_utc(zone) else text


def moment_or_none(at: dt.datetime | None, zone: str) -> str | None:
    return moment(at, zone) if at is not None else None


def _is_utc(zone: str) -> bool:
    return zone in ("UTC", "Etc/UTC", "Etc/Universal", "Etc/Zulu", "Universal", "Zulu")


def page(view: View) -> Json:
    facts = view.facts.page
    return {
        "id": facts.id,
        "name": facts.name,
        "url": facts.url,
        "time_zone": facts.time_zone,
        "updated_at": moment(facts.updated_at, facts.time_zone),
    }


def components(view: View) -> list[Json]:
    """Every component, and each group as a container of its own."""
    rows: list[Json] = []
    for group in view.groups:
        if group.facts is not None:
            rows.append(_container(group.facts, group, view))
        rows.extend(component(member.facts, view) for member in group.components)
    return rows


def component(row: ComponentFacts, view: View) -> Json:
    zone = view.facts.page.time_zone
    ways = [_way(way) for way in alternatives(row)]
    return {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "created_at": moment(row.created_at, zone),
        "updated_at": moment(row.updated_at, zone),
        "position": row.position,
        "description": row.description or None,
        "showcase": row.showcase,
        "start_date": row.start_date.isoformat() if row.start_date else None,
        "group_id": row.group_id,
        "page_id": view.facts.page.id,
        "group": False,
        "only_show_if_degraded": row.only_show_if_degraded,
        **({"alternatives": ways} if ways else {}),
    }


def _way(way: EntryPointFacts) -> Json:
    return {"kind": way.kind, "title": way.title, "target": way.target or None, "text": way.text or None}


def _container(facts: GroupFacts, group: GroupView, view: View) -> Json:
    zone = view.facts.page.time_zone
    return {
        "id": facts.id,
        "name": facts.name,
        "status": group.status,
        "created_at": moment(facts.created_at, zone),
        "updated_at": moment(facts.updated_at, zone),
        "position": facts.position,
        "description": facts.description or None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": view.facts.page.id,
        "group": True,
        "only_show_if_degraded": False,
        "components": [member.facts.id for member in group.components],
    }


def event(row: IncidentView, view: View) -> Json:
    """An incident; a maintenance has its window besides."""
    facts, zone = row.facts, view.facts.page.time_zone
    window = {
        "scheduled_for": moment_or_none(facts.scheduled_for, zone),
        "scheduled_until": moment_or_none(facts.scheduled_until, zone),
    }
    return {
        "id": facts.id,
        "name": facts.name,
        "status": facts.status,
        "created_at": moment(facts.created_at, zone),
        "updated_at": moment(revised_at(facts), zone),
        "monitoring_at": moment_or_none(facts.monitoring_at, zone),
        "resolved_at": moment_or_none(facts.resolved_at, zone),
        "impact": facts.impact,
        "shortlink": incident_url(view, facts.id),
        "started_at": moment(facts.started_at, zone),
        "page_id": view.facts.page.id,
        "incident_updates": [_update(update.facts, facts.id, zone) for update in row.updates],
        "components": [component(member, view) for member in row.components],
        "reminder_intervals": None,
        **(window if facts.kind == EventKind.MAINTENANCE else {}),
    }


def _update(row: UpdateFacts, incident_id: str, zone: str) -> Json:
    return {
        "id": row.id,
        "status": row.status,
        "body": row.body,
        "incident_id": incident_id,
        "created_at": moment(row.created_at, zone),
        "updated_at": moment(row.edited_at or row.created_at, zone),
        "display_at": moment(row.display_at, zone),
        "affected_components": [dict(member) for member in row.affected] or None,
        "deliver_notifications": row.deliver_notifications,
        "custom_tweet": None,
        "tweet_id": None,
    }


def revised_at(facts: IncidentFacts) -> dt.datetime:
    """When a reader would last have seen something change: corrections count."""
    return max([facts.updated_at, *(update.edited_at for update in facts.updates if update.edited_at is not None)])


def documentation_url(view: View) -> str:
    """The page that explains the API, the feeds and the webhooks to programmers."""
    return f"{view.facts.page.url.rstrip('/')}/api/"


def incident_url(view: View, incident_id: str) -> str:
    """The full address of an event's page."""
    return f"{view.facts.page.url.rstrip('/')}/incidents/{incident_id}/"
