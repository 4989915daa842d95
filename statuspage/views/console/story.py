"""One event from its first word to its last: messages with their corrections, states set by hand, deeds, deliveries."""

from collections.abc import Iterator, Mapping
from typing import Any

from portal_core.kernel import clock
from portal_core.notify.enums import DeliveryState
from portal_core.notify.queries import progress
from statuspage.enums import EVENT_LABELS, OVER, Audience, ComponentStatus, PublicationKind
from statuspage.models import Incident, IncidentUpdate
from statuspage.queries import desk
from statuspage.queries.desk import Entry
from statuspage.rules.derive import TONES
from statuspage.views.console import sentences

SPOKEN = ("incident:declare", "incident:update", "incident:resolve", "maintenance:update")  # the messages say these


def of(event_id: str, offices: Mapping[str, str], *, practice_id: int) -> dict[str, Any]:
    """Context for the story of an event, as staff of this practice read it."""
    row = desk.event_row(event_id)
    messages = desk.messages(row, practice_id=practice_id)
    entries = [*_messages(messages, offices), *_states(row), *_deeds(row)]
    return {"event": row, "entries": sorted(entries, key=lambda entry: entry.at, reverse=True)}


def _messages(messages: list[IncidentUpdate], offices: Mapping[str, str]) -> Iterator[Entry]:
    reached = told([update.public_id for update in messages])
    for update in messages:
        edits = desk.edits(update)
        newest = list(update.revisions.all())
        yield Entry(
            at=update.display_at,
            kind="message",
            title=_title(update),
            by=update.by_label,
            tone="ok" if update.status in OVER else "info",
            body=newest[-1].body if newest else update.body,
            update_id=update.public_id,
            published_as=update.kind,
            edits=edits,
            texts=tuple((_audience(text.audience, text.office_id, offices), text.body) for text in update.texts.all()),
            changes=tuple(_changes(update)),
            told=reached.get(update.public_id, "" if update.deliver_notifications else "Nobody was mailed"),
        )


def _title(update: IncidentUpdate) -> str:
    if update.kind in (PublicationKind.CREATED, PublicationKind.UPDATED, PublicationKind.RESOLVED):
        return str(EVENT_LABELS[update.status])
    return str(PublicationKind(update.kind).label)


def _audience(audience: str, office_id: str, offices: Mapping[str, str]) -> str:
    return offices.get(office_id, "One office") if office_id else str(Audience(audience).label)


def _changes(update: IncidentUpdate) -> Iterator[str]:
    for row in update.affected_components:
        if row["old_status"] != row["new_status"]:
            old, new = (ComponentStatus(row[key]).label for key in ("old_status", "new_status"))
            yield f"{row['name']}: {old} → {new}"


def _states(row: Incident) -> Iterator[Entry]:
    for change in desk.state_changes(row):
        yield Entry(
            at=change.started_at,
            kind="state",
            title=f"{change.component.name}: {ComponentStatus(change.new_status).label}",
            by=change.actor_label,
            tone=TONES[change.new_status],
        )


def _deeds(row: Incident) -> Iterator[Entry]:
    for line in desk.audit_of(row)[:100]:
        if line.action not in SPOKEN:
            yield Entry(at=line.at, kind="deed", title=sentences.of(line), by=line.actor_label)


def told(update_ids: list[str]) -> dict[str, str]:
    """How far the telling of each message has come, in words; no word where nobody was told."""
    causes = {f"incident-update:{public_id}": public_id for public_id in update_ids}
    found = {}
    for cause, figures in progress(list(causes), now=clock.now()).items():
        states = figures.states
        total = sum(states.values())
        if total:
            gone = sum(states[state] for state in DeliveryState.left)
            failed = states[DeliveryState.FAILED]
            words = f"{gone:,} of {total:,} messages sent"
            found[causes[cause]] = f"{words}, {failed:,} failed" if failed else words
    return found
