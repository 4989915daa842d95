"""Declaring an incident, saying more about it, and ending it. One publish path for the console, triage and machines."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from portal_core.kernel import audit, clock, idempotency, outbox
from portal_core.kernel.contracts import Actor
from statuspage import access, queries
from statuspage.actions import pages
from statuspage.contracts import IncidentPublished, IncidentSummary
from statuspage.enums import (
    CLAIMING,
    UNRESOLVED,
    ComponentStatus,
    Impact,
    IncidentStatus,
    PublicationKind,
    StateCause,
)
from statuspage.errors import ComponentUnknown, IncidentMoved, StatusUnknown, TextMissing
from statuspage.models import Component, Incident, IncidentComponent, IncidentUpdate, Page
from statuspage.rules.rollup import impact_of, worst

NAME_MAX, BODY_MAX = 255, 25_000


@transaction.atomic
def declare(
    *,
    name: str,
    body: str,
    components: Mapping[str, str],
    status: str = IncidentStatus.INVESTIGATING,
    impact_override: str = "",
    by: Actor,
    key: str,
) -> IncidentSummary:
    """Open an incident and publish it (SP-01, SP-02).

    `components` maps component ids to statuses; `key` makes a second press, or a second person working from the same
    proposal, land on the first incident. Raises TextMissing, StatusUnknown, ComponentUnknown.
    """
    incident_id = idempotency.once(
        "statuspage.declare",
        key,
        lambda: _declare(_one_line(name), body, components, status, impact_override, by),
    )
    return queries.incident(incident_id)


def _declare(name: str, body: str, components: Mapping[str, str], status: str, impact_override: str, by: Actor) -> str:
    now = clock.now()
    if not name or len(name) > NAME_MAX:
        raise TextMissing
    if status not in UNRESOLVED or impact_override not in ("", *Impact.values):
        raise StatusUnknown
    page = pages.locked_page()
    incident = Incident.objects.create(
        page=page, name=name, status=status, impact_override=impact_override, created_at=now, started_at=now,
        updated_at=now, monitoring_at=now if status == IncidentStatus.MONITORING else None,
    )  # fmt: skip
    audit.record("incident:declare", by=by, target=incident, at=now, status=status, components=dict(components))
    _publish(page, incident, PublicationKind.CREATED, body, components, by=by, at=now)
    return str(incident.public_id)


@transaction.atomic
def post_update(
    *, incident_id: str, status: str, body: str, components: Mapping[str, str], by: Actor, seen: str = "", key: str = ""
) -> IncidentSummary:
    """Publish another message about an open incident; `components` names only what changes.

    `seen` is the newest update the author had on screen: if there is a newer one, IncidentMoved. A `key` makes a
    second press land on the first. Raises also IncidentNotFound, IncidentAlreadyResolved, StatusUnknown,
    ComponentUnknown, TextMissing.
    """

    def deed() -> str:
        if status not in IncidentStatus.values:
            raise StatusUnknown
        return _post(incident_id, IncidentStatus(status), body, components, by=by, seen=seen)

    if key:
        idempotency.once("statuspage.update", key, deed)
    else:
        deed()
    return queries.incident(incident_id)


@transaction.atomic
def resolve(*, incident_id: str, body: str, by: Actor, seen: str = "", key: str = "") -> IncidentSummary:
    """End the incident: its components go back to operational unless another incident still holds them.

    The second of two people gets IncidentAlreadyResolved and nothing is published twice.
    """
    return post_update(
        incident_id=incident_id, status=IncidentStatus.RESOLVED, body=body, components={}, by=by, seen=seen, key=key
    )


def _one_line(name: str) -> str:
    """A name goes into subjects and feeds: no line breaks, nothing invisible."""
    return "".join(letter for letter in " ".join(name.split()) if letter.isprintable())


def _post(
    incident_id: str, status: IncidentStatus, body: str, components: Mapping[str, str], *, by: Actor, seen: str
) -> str:
    now = clock.now()
    page = pages.locked_page()
    incident = access.incident_for_change(page, incident_id)
    # Before the check of `seen`: whoever comes too late to resolve is told that it is over, not that it moved.
    incident.move(status, at=now)
    newest = incident.updates.first()
    if seen and newest is not None and newest.public_id != seen:
        raise IncidentMoved
    resolved = status == IncidentStatus.RESOLVED
    verb, kind = (
        ("incident:resolve", PublicationKind.RESOLVED) if resolved else ("incident:update", PublicationKind.UPDATED)
    )
    audit.record(verb, by=by, target=incident, at=now, status=str(status), components=dict(components))
    return _publish(page, incident, kind, body, components, by=by, at=now)


def _publish(
    page: Page,
    incident: Incident,
    kind: PublicationKind,
    body: str,
    components: Mapping[str, str],
    *,
    by: Actor,
    at: dt.datetime,
) -> str:
    """Claims, component states, impact, the immutable update, the event and the snapshot: all or nothing."""
    body = body.replace("\0", "").strip()
    if not body or len(body) > BODY_MAX:
        raise TextMissing
    _claim(page, incident, components, resolved=kind == PublicationKind.RESOLVED)
    affected = _apply(page, incident, by=by, at=at)
    before = [] if kind == PublicationKind.CREATED else [incident.impact_computed]
    incident.impact_computed = impact_of(
        [row["new_status"] for row in affected if kind != PublicationKind.RESOLVED], floor=before
    )
    incident.save(
        update_fields=["status", "impact_computed", "monitoring_at", "resolved_at", "updated_at"],
    )
    update = IncidentUpdate.objects.create(
        incident=incident, status=incident.status, body=body, affected_components=affected, created_at=at,
        display_at=at, by_id=by.id, by_label=by.label[:120],
    )  # fmt: skip
    outbox.publish(IncidentPublished(incident_id=incident.public_id, update_id=update.public_id, kind=str(kind), at=at))
    pages.publish_state(page, cause=f"incident-update:{update.public_id}", at=at)
    return str(update.public_id)


def _claim(page: Page, incident: Incident, components: Mapping[str, str], *, resolved: bool) -> None:
    """Write down what this incident says about its components."""
    if any(status not in ComponentStatus.values for status in components.values()):
        raise StatusUnknown
    found = {row.public_id: row for row in Component.objects.filter(page=page, public_id__in=list(components))}
    if len(found) != len(components):
        raise ComponentUnknown
    for public_id, status in components.items():
        IncidentComponent.objects.update_or_create(
            incident=incident, component=found[public_id], defaults={"status": status}
        )
    if resolved:
        incident.claims.update(status=ComponentStatus.OPERATIONAL)


def _apply(page: Page, incident: Incident, *, by: Actor, at: dt.datetime) -> list[dict[str, str]]:
    """Put each component of the incident into the worst state that any active incident claims; return the rows that
    the update keeps (`affected_components` of the v2 API)."""
    members = list(
        Component.objects.select_for_update(of=("self",))
        .filter(claims__incident=incident)
        .select_related("group")
        .order_by("group__position", "position", "pk")
    )
    claims: dict[int, list[str]] = {}
    others = IncidentComponent.objects.filter(component__in=members, incident__status__in=CLAIMING)
    own = dict(incident.claims.values_list("component_id", "status"))
    for component_id, status in others.exclude(incident=incident).values_list("component_id", "status"):
        claims.setdefault(component_id, []).append(status)
    affected = []
    for component in members:
        old = component.status
        component.change(
            worst([own[component.pk], *claims.get(component.pk, [])]),
            at=at, cause=StateCause.INCIDENT, by=by.label, incident_id=incident.pk,
        )  # fmt: skip
        affected.append(
            {
                "code": component.public_id,
                "name": component.full_name,
                "old_status": old,
                "new_status": component.status,
            }
        )
    return affected
