"""Declaring an incident, saying more about it, correcting what was said, and ending it. The same door for the console,
triage and machines."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction

from portal_core.kernel import audit, clock, idempotency
from portal_core.kernel.contracts import Actor
from statuspage import access, queries
from statuspage.actions import pages, publication
from statuspage.contracts import AudienceWording, IncidentSummary
from statuspage.enums import UNRESOLVED, EventKind, Impact, IncidentStatus, PublicationKind
from statuspage.errors import PromisePast, StatusUnknown, UpdateNotFound
from statuspage.models import Incident, IncidentUpdate, UpdateRevision
from statuspage.rules.rollup import impact_of


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
    next_update_at: dt.datetime | None = None,
    deliver: bool = True,
    texts: Sequence[AudienceWording] = (),
) -> IncidentSummary:
    """Open an incident and publish it (SP-01, SP-02).

    `components` maps component ids to statuses; `key` makes a second press, or a second person working from the same
    proposal, land on the first incident. `next_update_at` is a promise to readers; `deliver=False` shows it without
    telling subscribers; `texts` are for internal readers only. Raises TextMissing, StatusUnknown, ComponentUnknown,
    PromisePast, AudienceUnknown, VariableOpen.
    """

    def deed() -> str:
        now = clock.now()
        line = publication.one_line(name)
        if status not in UNRESOLVED or impact_override not in ("", *Impact.values):
            raise StatusUnknown
        page = pages.locked_page()
        incident = Incident.objects.create(
            page=page, name=line, status=status, impact_override=impact_override, created_at=now, started_at=now,
            updated_at=now, monitoring_at=now if status == IncidentStatus.MONITORING else None,
            next_update_at=_promise(next_update_at, now),
        )  # fmt: skip
        audit.record("incident:declare", by=by, target=incident, at=now, status=status, components=dict(components))
        publication.claim(page, incident, components)
        affected = publication.apply(incident, by=by, at=now)
        incident.impact_computed = impact_of(row["new_status"] for row in affected)
        publication.publish(
            page, incident, PublicationKind.CREATED, body, affected, by=by, at=now, deliver=deliver, texts=texts
        )
        return str(incident.public_id)

    asked = [name, body, status, dict(components), texts]
    return queries.incident(idempotency.once("statuspage.declare", key, deed, of=asked))


@transaction.atomic
def post_update(
    *,
    incident_id: str,
    status: str,
    body: str,
    components: Mapping[str, str],
    by: Actor,
    seen: str = "",
    key: str = "",
    next_update_at: dt.datetime | None = None,
    deliver: bool = True,
    texts: Sequence[AudienceWording] = (),
    impact_override: str | None = None,
) -> IncidentSummary:
    """Publish another message about an open incident; `components` names only what changes.

    `seen` is the newest update the author had on screen: if there is a newer one, IncidentMoved. A `key` makes a
    second press land on the first. `next_update_at` replaces the promise that stood; None withdraws it, since this
    message keeps it. `impact_override` None leaves it, "" lets the components speak again. Raises also
    IncidentNotFound, IncidentAlreadyResolved, StatusUnknown, ComponentUnknown, TextMissing, PromisePast,
    AudienceUnknown, VariableOpen.
    """

    def deed() -> str:
        if status not in (*UNRESOLVED, IncidentStatus.RESOLVED) or impact_override not in (None, "", *Impact.values):
            raise StatusUnknown
        now = clock.now()
        page = pages.locked_page()
        incident = access.incident_for_change(page, incident_id, EventKind.INCIDENT)
        # Before the check of `seen`: whoever comes too late to resolve is told that it is over, not that it moved.
        incident.move(status, at=now)
        publication.refuse_if_moved(incident, seen)
        over = status == IncidentStatus.RESOLVED
        incident.next_update_at = None if over else _promise(next_update_at, now)
        if impact_override is not None:
            incident.impact_override = impact_override
        verb = "incident:resolve" if over else "incident:update"
        audit.record(verb, by=by, target=incident, at=now, status=str(status), components=dict(components))
        publication.claim(page, incident, components)
        if over:
            publication.release(incident)
        affected = publication.apply(incident, by=by, at=now)
        reached = [] if over else [row["new_status"] for row in affected]
        incident.impact_computed = impact_of(reached, floor=[incident.impact_computed])
        kind = PublicationKind.RESOLVED if over else PublicationKind.UPDATED
        return publication.publish(
            page, incident, kind, body, affected, by=by, at=now, deliver=deliver, texts=texts
        )  # fmt: skip

    if key:
        idempotency.once("statuspage.update", key, deed, of=[incident_id, status, body, dict(components), texts])
    else:
        deed()
    return queries.incident(incident_id)


@transaction.atomic
def resolve(
    *,
    incident_id: str,
    body: str,
    by: Actor,
    seen: str = "",
    key: str = "",
    deliver: bool = True,
    texts: Sequence[AudienceWording] = (),
) -> IncidentSummary:
    """End the incident: its components go back to operational unless another event still holds them.

    The second of two people gets IncidentAlreadyResolved and nothing is published twice.
    """
    return post_update(
        incident_id=incident_id, status=IncidentStatus.RESOLVED, body=body, components={}, by=by, seen=seen, key=key,
        deliver=deliver, texts=texts,
    )  # fmt: skip


@transaction.atomic
def correct(*, update_id: str, body: str, by: Actor) -> UpdateRevision | None:
    """Put another wording on a published message, of an incident or a maintenance; the first one is kept, nobody is
    mailed, the page says that it was edited. The wording that stands already: nothing happens, None.

    Raises UpdateNotFound, TextMissing, VariableOpen.
    """
    now = clock.now()
    publication.words(body)
    page = pages.locked_page()
    rows = IncidentUpdate.objects.filter(incident__page=page, public_id=update_id)
    update = rows.exclude(kind=PublicationKind.REMINDER).prefetch_related("revisions").first()
    if update is None:
        raise UpdateNotFound
    revision = publication.reword(update, body, by=by, at=now)
    if revision is None:
        return None
    audit.record("incident:correct", by=by, target=update, at=now, incident=update.incident.public_id)
    pages.publish_state(page, cause=f"correction:{update_id}", at=now)
    publication.push_changed(update.incident)
    return revision


def _promise(moment: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
    if moment is not None and moment <= now:
        raise PromisePast
    return moment
