"""What the machine decides across products: a part that fails becomes the draft of an incident, or, where that was
chosen (STATUS_AUTO_PUBLISH), an incident.

An episode begins with the first failure and ends with ten answers in a row: what flaps within ten minutes is one
episode and gets one draft. Within it three failures mean failing and two successes mean working again.
"""

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from portal_core.kernel import clock, idempotency
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from portal_core.kernel.errors import AppError
from statuspage import queries
from statuspage.actions import drafts, incidents
from statuspage.contracts import ComponentSummary
from statuspage.enums import UNRESOLVED, ComponentStatus, DraftState, IncidentStatus
from statuspage.queries import authoring
from statuspage.queries.measurements import answers

logger = logging.getLogger(__name__)

MACHINE = Actor(kind=ActorKind.SYSTEM, id="probe", label="Automatic check")
SCOPE = "ops.probe"
FAILURES, SUCCESSES, CALM = 3, 2, 10
KNOWN_FOR = dt.timedelta(hours=47)  # older answers are being forgotten: an episode's beginning may be gone


@dataclass(frozen=True, slots=True)
class Episode:
    """One run of trouble of one part. `failing`: three failures in a row at its end; `over`: ten answers in a row."""

    start: dt.datetime
    failing: bool
    answering: bool
    over: bool


def episode_of(rows: Sequence[tuple[dt.datetime, bool]]) -> Episode | None:
    """The newest episode in these answers (newest first); None when there is none."""
    start, calm = None, 0
    for at, ok in rows:
        calm = calm + 1 if ok else 0
        if ok and calm >= CALM and start is not None:
            break
        if not ok:
            start = at
    if start is None:
        return None
    newest = [ok for _at, ok in rows]
    return Episode(
        start=start,
        failing=len(newest) >= FAILURES and not any(newest[:FAILURES]),
        answering=len(newest) >= SUCCESSES and all(newest[:SUCCESSES]),
        over=len(newest) >= CALM and all(newest[:CALM]),
    )


def look_after(slugs: Sequence[str]) -> int:
    """Judge these parts by their newest answers and do what follows; return how many things were done."""
    known = {row.slug: row for row in queries.components()}
    done = 0
    for slug in slugs:
        if slug in known:
            try:
                done += _one(known[slug])
            except AppError as refusal:  # somebody was quicker, or the part is gone: the next round sees it
                logger.info("probe: %s was refused: %s", slug, refusal.code)
    return done


@transaction.atomic
def _one(part: ComponentSummary) -> int:
    episode = episode_of(answers(part.slug))
    if episode is None:
        return 0
    key = f"{part.slug}:{episode.start:%Y%m%dT%H%M%S}"
    opened = idempotency.result(SCOPE, key)
    if opened is None:
        too_old = clock.now() - episode.start > KNOWN_FOR
        if not episode.failing or too_old or part.status != ComponentStatus.OPERATIONAL or _is_known(part):
            return 0
        idempotency.once(SCOPE, key, lambda: _open(part, key))
        return 1
    kind, _, public_id = opened.partition(" ")
    return _follow_draft(public_id, episode) if kind == "draft" else _follow_incident(part, public_id, episode)


def _open(part: ComponentSummary, key: str) -> str:
    name = f"{part.name} does not answer"
    body = f"{part.name} has not answered our checks for some minutes. We are looking into it."
    components = {part.id: str(ComponentStatus.MAJOR_OUTAGE)}
    if part.slug in settings.STATUS_AUTO_PUBLISH:
        declared = incidents.declare(name=name, body=body, components=components, by=MACHINE, key=f"probe-{key}"[:64])
        return f"incident {declared.id}"
    content = {"name": name, "body": body, "status": "investigating", "components": components, "probe": part.slug}
    return f"draft {drafts.save(content=content, by=MACHINE)}"


def _is_known(part: ComponentSummary) -> bool:
    """Somebody has declared it already."""
    return any(part.id in row.component_ids for row in queries.active_incidents())


def _follow_draft(draft_id: str, episode: Episode) -> int:
    """A draft that nobody touched goes away when the trouble did."""
    if not episode.over:
        return 0
    draft = authoring.draft(draft_id)
    if draft.state != DraftState.DRAFT or draft.by_id != MACHINE.id:
        return 0
    drafts.discard(draft_id=draft_id, by=MACHINE)
    return 1


def _follow_incident(part: ComponentSummary, incident_id: str, episode: Episode) -> int:
    """Say that it answers again, or does not after all, and end it; not once a person has said anything about it."""
    incident = queries.incident(incident_id)
    if incident.status not in UNRESOLVED or any(row.by_id != MACHINE.id for row in queries.updates_of(incident_id)):
        return 0
    monitoring = incident.status == IncidentStatus.MONITORING
    if episode.over:
        body = f"{part.name} has answered all our checks for {CALM} minutes."
        incidents.resolve(incident_id=incident_id, body=body, by=MACHINE, seen=incident.update_id)
    elif episode.answering and not monitoring:
        _say(part, incident_id, IncidentStatus.MONITORING, f"{part.name} answers again. We keep watching.")
    elif episode.failing and monitoring:
        _say(part, incident_id, IncidentStatus.INVESTIGATING, f"{part.name} does not answer again.")
    else:
        return 0
    return 1


def _say(part: ComponentSummary, incident_id: str, status: IncidentStatus, body: str) -> None:
    works = status == IncidentStatus.MONITORING
    state = ComponentStatus.OPERATIONAL if works else ComponentStatus.MAJOR_OUTAGE
    incidents.post_update(incident_id=incident_id, status=status, body=body, components={part.id: state}, by=MACHINE)
