"""The one path on which anything is published, and what an event says about its components.

Whoever calls these holds the page's lock. Every message is one `IncidentUpdate` and one `IncidentPublished`, whatever
its kind: a reminder, a cancellation and a postmortem as well.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import QuerySet

from portal_core.kernel import outbox
from portal_core.kernel.contracts import Actor
from portal_core.kernel.realtime.push import push
from statuspage.actions import pages
from statuspage.contracts import AudienceWording, IncidentPublished
from statuspage.enums import CLAIMING, Audience, ComponentStatus, EventKind, PublicationKind, StateCause
from statuspage.errors import AudienceUnknown, ComponentUnknown, IncidentMoved, StatusUnknown, TextMissing
from statuspage.models import (
    AudienceText,
    Component,
    ComponentStateChange,
    Incident,
    IncidentComponent,
    IncidentUpdate,
    Page,
    UpdateRevision,
)
from statuspage.rules import templating
from statuspage.rules.rollup import worst

NAME_MAX, BODY_MAX = 255, 25_000

_LIFECYCLE = (
    "status", "impact_computed", "impact_override", "monitoring_at", "started_at", "resolved_at", "cancelled_at",
    "updated_at", "next_update_at", "next_update_nudged_at", "scheduled_for", "scheduled_until", "reminded", "sequence",
)  # fmt: skip


def one_line(name: str) -> str:
    """A name goes into subjects and feeds: no line breaks, nothing invisible. Raises TextMissing, VariableOpen."""
    name = "".join(letter for letter in " ".join(name.split()) if letter.isprintable())
    if not name or len(name) > NAME_MAX:
        raise TextMissing
    templating.refuse_open(name)
    return name


def words(body: str, *, most: int = BODY_MAX) -> str:
    """The message as it is kept. Raises TextMissing, VariableOpen."""
    body = body.replace("\0", "").strip()
    if not body or len(body) > most:
        raise TextMissing
    templating.refuse_open(body)
    return body


def publish(
    page: Page,
    incident: Incident,
    kind: PublicationKind,
    body: str,
    affected: Sequence[Mapping[str, str]],
    *,
    by: Actor,
    at: dt.datetime,
    deliver: bool = True,
    texts: Iterable[AudienceWording] = (),
) -> str:
    """Keep the event, write the immutable update and its internal texts, publish the event, promise the snapshot; all
    or nothing. Returns the update's id. `affected` as `members_as_they_are` or `apply` return it."""
    body = words(body)
    incident.next_update_nudged_at = None if kind != PublicationKind.REMINDER else incident.next_update_nudged_at
    keep(incident)
    update = IncidentUpdate.objects.create(
        incident=incident, kind=kind, status=incident.status, body=body, affected_components=list(affected),
        deliver_notifications=deliver and not incident.silent, created_at=at, display_at=at, by_id=by.id,
        by_label=by.label[:120],
    )  # fmt: skip
    _keep_texts(update, texts, by)
    outbox.publish(IncidentPublished(incident_id=incident.public_id, update_id=update.public_id, kind=str(kind), at=at))
    if kind != PublicationKind.REMINDER:  # it is for subscribers alone: the page says the same before and after
        pages.publish_state(page, cause=f"incident-update:{update.public_id}", at=at)
    push_changed(incident)
    return str(update.public_id)


def keep(incident: Incident) -> None:
    """Save where the event stands."""
    incident.save(update_fields=_LIFECYCLE)


def reword(update: IncidentUpdate, body: str, *, by: Actor, at: dt.datetime) -> UpdateRevision | None:
    """Put another wording on a published message; None: it stands there already. Raises TextMissing, VariableOpen."""
    body = words(body)
    newest = update.revisions.order_by("-edited_at", "-pk").first()
    if body == (newest.body if newest is not None else update.body):
        return None
    return UpdateRevision.objects.create(update=update, body=body, edited_at=at, by_label=by.label[:120])


def push_changed(incident: Incident) -> None:
    """Operators who look at this event see it move."""
    push(pages.CONSOLE_GROUP, {"type": "event.changed", "id": incident.public_id})


def _keep_texts(update: IncidentUpdate, texts: Iterable[AudienceWording], by: Actor) -> None:
    rows: dict[tuple[str, str], AudienceText] = {}
    for text in texts:
        body, office = text.body.replace("\0", "").strip(), text.office_id
        known = text.audience in Audience.values and text.audience != Audience.PUBLIC
        if not known or not body or len(body) > BODY_MAX or bool(office) != (text.audience == Audience.OFFICE):
            raise AudienceUnknown
        if (text.audience, office) in rows or len(office) > 40:
            raise AudienceUnknown
        rows[text.audience, office] = AudienceText(
            update=update, audience=text.audience, office_id=office, practice_id=by.practice_id, body=body
        )
    AudienceText.objects.bulk_create(rows.values())


def refuse_if_moved(incident: Incident, seen: str) -> None:
    """`seen` is the newest message the author had on screen; reminders do not count. Raises IncidentMoved."""
    if not seen:
        return
    newest = incident.updates.exclude(kind=PublicationKind.REMINDER).first()
    if newest is not None and newest.public_id != seen:
        raise IncidentMoved


def claim(page: Page, incident: Incident, components: Mapping[str, str]) -> None:
    """Write down what this event says about its components. Raises StatusUnknown, ComponentUnknown."""
    if any(status not in ComponentStatus.values for status in components.values()):
        raise StatusUnknown
    rows = Component.objects.filter(page=page, public_id__in=list(components), retired_at=None)
    found = {row.public_id: row for row in rows}
    if len(found) != len(components):
        raise ComponentUnknown
    for public_id, status in components.items():
        IncidentComponent.objects.update_or_create(
            incident=incident, component=found[public_id], defaults={"status": status}
        )


def release(incident: Incident) -> None:
    """The event is over: it no longer says that anything is wrong."""
    incident.claims.update(status=ComponentStatus.OPERATIONAL)


def members_as_they_are(incident: Incident) -> list[dict[str, str]]:
    """The rows of an update that changes no component."""
    return [_row(component, component.status) for component in _members(incident)]


def apply(incident: Incident, *, by: Actor, at: dt.datetime) -> list[dict[str, str]]:
    """Put each component of the event into the worst state that any active event claims; return the rows that the
    update keeps (`affected_components` of the v2 API).

    A maintenance also leaves alone what somebody set by hand before it began: work that begins by the clock must not
    paint an outage blue, nor green when it ends.
    """
    members = list(_members(incident).select_for_update(of=("self",)))
    planned = incident.kind == EventKind.MAINTENANCE
    claims: dict[int, list[str]] = {}
    others = IncidentComponent.objects.filter(component__in=members, incident__status__in=CLAIMING)
    for component_id, status in others.exclude(incident=incident).values_list("component_id", "status"):
        claims.setdefault(component_id, []).append(status)
    own = dict(incident.claims.values_list("component_id", "status"))
    held = _held_by_hand(incident, members) if planned else {}
    cause = StateCause.MAINTENANCE if planned else StateCause.INCIDENT
    affected = []
    for component in members:
        old, pk = component.status, component.pk
        wanted = worst([own[pk], *claims.get(pk, []), *held.get(pk, [])])
        component.change(wanted, at=at, cause=cause, by=by.label, incident_id=incident.pk)
        affected.append(_row(component, old))
    return affected


def _members(incident: Incident) -> QuerySet[Component]:
    rows = Component.objects.filter(claims__incident=incident, retired_at=None).select_related("group")
    return rows.order_by("group__position", "position", "pk")


def _held_by_hand(incident: Incident, members: Sequence[Component]) -> dict[int, list[str]]:
    rows = ComponentStateChange.objects.filter(
        component__in=members, ended_at=None, cause=StateCause.MANUAL, started_at__lt=incident.started_at
    )
    return {row.component_id: [row.new_status] for row in rows}


def _row(component: Component, old: str) -> dict[str, str]:
    return {
        "code": component.public_id,
        "name": component.full_name,
        "old_status": old,
        "new_status": component.status,
    }
