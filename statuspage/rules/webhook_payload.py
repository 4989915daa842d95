"""What a webhook subscriber is sent, in Statuspage's form (research §2.6): readers branch on the key `incident` or
`component`, and a maintenance is an `incident` with a window.

Rendered once for all subscribers; the transport puts each one's own address in the place of `UNSUBSCRIBE`.
"""

import datetime as dt
from dataclasses import replace

from statuspage.enums import OVER, EventKind, IncidentStatus
from statuspage.rules import api_v2
from statuspage.rules.api_v2 import Json, moment
from statuspage.rules.derive import IncidentView, View
from statuspage.rules.facts import ComponentFacts, IncidentFacts, UpdateFacts
from statuspage.rules.rollup import impact_of

UNSUBSCRIBE = "{unsubscribe}"


def incident(row: IncidentView, view: View, *, update_id: str = "", at: dt.datetime) -> Json:
    """An incident or a maintenance as of one of its updates (empty: the newest), sent at `at`.

    What came after that update is left out, so the same update gives the same event however late it is built.
    """
    row = _as_of(row, update_id) if update_id else row
    facts, zone = row.facts, view.facts.page.time_zone
    body = {**api_v2.event(row, view), **_manage(facts, zone)}
    body["incident_updates"] = [
        {**update, "wants_twitter_update": False, "twitter_updated_at": None} for update in body["incident_updates"]
    ]
    return {**_head(view, at), "incident": body}


def component(
    row: ComponentFacts, view: View, *, old_status: str, new_status: str, update_id: str, at: dt.datetime
) -> Json:
    """One component went from `old_status` to `new_status` at `at`; `update_id` names this change."""
    shown = api_v2.component(replace(row, status=new_status), view)
    names = (
        "id", "name", "status", "created_at", "updated_at", "position", "description", "showcase", "page_id",
        "group_id",
    )  # fmt: skip
    return {
        **_head(view, at),
        "component": {name: shown[name] for name in names},
        "component_update": {
            "id": update_id,
            "component_id": row.id,
            "component_type": "Component",
            "old_status": old_status,
            "new_status": new_status,
            "created_at": moment(at, view.facts.page.time_zone),
        },
    }


def _head(view: View, at: dt.datetime) -> Json:
    facts = view.facts.page
    return {
        "meta": {
            "unsubscribe": UNSUBSCRIBE,
            "documentation": api_v2.documentation_url(view),
            "generated_at": moment(at, facts.time_zone),
        },
        "page": {
            "id": facts.id,
            "status_indicator": view.indicator,
            "status_description": view.description,
        },
    }


def _manage(facts: IncidentFacts, zone: str) -> Json:
    """The fields that the Manage form has beside the public ones."""
    postmortem = facts.postmortem

    def told(at: dt.datetime | None) -> str | None:
        return moment(at, zone) if at is not None else None

    return {
        "backfilled": facts.backfilled,
        "impact_override": facts.impact_override or None,
        "postmortem_body": postmortem.body if postmortem else None,
        "postmortem_body_last_updated_at": told(postmortem.updated_at) if postmortem else None,
        "postmortem_ignored": False,
        "postmortem_notified_subscribers": postmortem.notified if postmortem else False,
        "postmortem_notified_twitter": False,
        "postmortem_published_at": told(postmortem.published_at) if postmortem else None,
        "scheduled_for": told(facts.scheduled_for),
        "scheduled_until": told(facts.scheduled_until),
        "scheduled_remind_prior": facts.scheduled_for is not None and bool(facts.reminders),
        "scheduled_reminded_at": told(facts.reminded_at),
        "scheduled_auto_in_progress": facts.scheduled_for is not None and facts.auto_start,
        "scheduled_auto_completed": facts.scheduled_for is not None and facts.auto_complete,
    }


def _as_of(row: IncidentView, update_id: str) -> IncidentView:
    """The event as it stood right after that update; as it is, where the update is not known."""
    place = next((place for place, update in enumerate(row.updates) if update.facts.id == update_id), None)
    if not place:
        return row
    kept = row.updates[place:]
    kept_facts = tuple(update.facts for update in kept)
    newest = kept_facts[0]
    reminded_at = row.facts.reminded_at
    over = newest.status in OVER
    facts = replace(
        row.facts,
        status=newest.status,
        impact=_impact(row.facts, kept_facts),
        updated_at=newest.created_at,
        resolved_at=row.facts.resolved_at if over else None,
        monitoring_at=_last(kept_facts, IncidentStatus.MONITORING),
        updates=kept_facts,
        reminded_at=reminded_at if reminded_at is not None and reminded_at <= newest.created_at else None,
        postmortem=row.facts.postmortem if newest.status == IncidentStatus.POSTMORTEM else None,
    )
    return replace(row, facts=facts, updates=kept)


def _impact(facts: IncidentFacts, updates: tuple[UpdateFacts, ...]) -> str:
    """The worst that these updates said of components, as an incident keeps it; what was set by hand stands above."""
    if facts.impact_override or facts.kind == EventKind.MAINTENANCE:
        return facts.impact
    said = [row for update in updates if update.status not in OVER for row in update.affected]
    return impact_of(row["new_status"] for row in said)


def _last(updates: tuple[UpdateFacts, ...], status: str) -> dt.datetime | None:
    return next((update.created_at for update in updates if update.status == status), None)
