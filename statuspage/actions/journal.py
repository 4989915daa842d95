"""Publishing while the database is away, and working it in when it is back.

`publish` touches files only: the entry is on the disk before it is on the page. `work_in` runs before each refresh of
the snapshot and puts every waiting entry through the ordinary actions, once, with the time at which it was said.
"""

import logging
from collections.abc import Mapping
from typing import TypedDict

from django.db import transaction

from portal_core.kernel import audit, clock, idempotency
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from portal_core.kernel.errors import AppError
from portal_core.kernel.ids import new_short_id
from portal_core.kernel.realtime.push import send_now
from statuspage import queries
from statuspage.actions import incidents, pages, snapshots
from statuspage.enums import UNRESOLVED, ComponentStatus, IncidentStatus
from statuspage.errors import (
    ComponentUnknown,
    IncidentAlreadyResolved,
    IncidentNotFound,
    NothingPublishedYet,
    StatusUnknown,
    TextMissing,
)
from statuspage.rules import facts_json
from statuspage.rules.facts import Facts
from statuspage.rules.journal import Entry, lay_over
from statuspage.snapshot import journal, memory, store

logger = logging.getLogger(__name__)

NAME_MAX, BODY_MAX, BY_MAX = 255, 25_000, 80


class Said(TypedDict):
    """What `publish` and `check` take of a message; `components`: slug → status."""

    name: str
    body: str
    components: Mapping[str, str]
    status: str
    incident_id: str


def last_facts() -> Facts:
    """What was known last, with what the journal says since. Raises NothingPublishedYet."""
    return lay_over(_base(), journal.waiting())


def publish(
    *,
    name: str = "",
    body: str,
    components: Mapping[str, str],
    status: str,
    incident_id: str = "",
    by: str,
    via: str,
) -> Entry:
    """Write one thing down and show it, without a database. `components`: slug → status.

    With an `incident_id` it is an update of that incident, else a new one called `name`. Raises NothingPublishedYet,
    TextMissing, StatusUnknown, ComponentUnknown, IncidentNotFound, IncidentAlreadyResolved; OSError when the disk
    refuses, and then nothing was said.
    """
    name, body = " ".join(name.split()), body.replace("\0", "").strip()
    check(name=name, body=body, components=components, status=status, incident_id=incident_id)
    entry = Entry(
        id=new_short_id(), at=clock.now(), by=" ".join(by.split())[:BY_MAX], via=via, status=status, body=body,
        name=name, incident_id=incident_id, components=dict(components),
    )  # fmt: skip
    journal.append(entry)
    redraw()
    return entry


def redraw() -> None:
    """Draw the page from the last facts and the journal, and tell open pages."""
    loaded = memory.current()
    snapshots.draw(_base(), journal.waiting(), now=clock.now(), snapshot=loaded.snapshot if loaded is not None else 0)
    try:
        send_now(pages.LIVE_GROUP, '{"type":"status.changed","snapshot":0}')
    except Exception:
        logger.warning("the journal's page stands, but open pages could not be told", exc_info=True)


def work_in() -> int:
    """Put every waiting entry through the ordinary actions; return how many were settled.

    An entry and its mark in the database are one transaction, so a crash at any step, or a second worker, finds either
    nothing done or all of it. The line in the journal follows. One that fails otherwise than by a refusal stays for the
    next run, and so do those about the same incident; nothing else waits for it.
    """
    settled = 0
    stuck: set[str] = set()
    for entry in journal.waiting():
        if entry.incident_id in stuck:
            continue
        try:
            incident_id, refusal = _work_in(entry), ""
        except AppError as error:
            logger.error("an entry of the status journal was refused", extra={"entry": entry.id, "code": error.code})
            incident_id, refusal = "", error.code
        except Exception:
            logger.exception("an entry of the status journal could not be worked in", extra={"entry": entry.id})
            stuck.add(entry.incident_id or entry.id)
            continue
        journal.settle(journal.Outcome(entry_id=entry.id, incident_id=incident_id, refusal=refusal, at=clock.now()))
        if refusal:
            _draw_without_it(entry)
        settled += 1
    return settled


@transaction.atomic
def _draw_without_it(entry: Entry) -> None:
    pages.publish_state(pages.locked_page(), cause=f"journal-refused:{entry.id}", at=clock.now())


def _work_in(entry: Entry) -> str:
    with transaction.atomic():
        return idempotency.once(journal.SCOPE, entry.id, lambda: _through_the_actions(entry))


def _through_the_actions(entry: Entry) -> str:
    by = Actor(kind=ActorKind.SYSTEM, id="journal", label=f"{entry.by} (while the database was away)")
    page = pages.locked_page()
    audit.record(
        "status_journal:work_in", by=by, target=page, entry=entry.id, via=entry.via, said_at=entry.at.isoformat()
    )
    ids = {row.slug: row.id for row in queries.components()}
    if any(slug not in ids for slug in entry.components):
        raise ComponentUnknown
    components = {ids[slug]: status for slug, status in entry.components.items()}
    # Never before what is in the rows already: a part's intervals follow one another.
    with clock.at(max(entry.at, page.updated_at)):
        if not entry.incident_id:
            return incidents.declare(
                name=entry.name, body=entry.body, components=components, status=entry.status, by=by,
                key=f"journal-{entry.id}",
            ).id  # fmt: skip
        incident_id = idempotency.result(journal.SCOPE, entry.incident_id) or entry.incident_id
        if entry.status == IncidentStatus.RESOLVED:
            return incidents.resolve(incident_id=incident_id, body=entry.body, by=by, key=f"journal-{entry.id}").id
        return incidents.post_update(
            incident_id=incident_id, status=entry.status, body=entry.body, components=components, by=by,
            key=f"journal-{entry.id}",
        ).id  # fmt: skip


def _base() -> Facts:
    text = store.facts_text()
    if text is None:
        raise NothingPublishedYet
    return facts_json.load(text)


def check(*, name: str, body: str, components: Mapping[str, str], status: str, incident_id: str) -> None:
    """Raise what `publish` would raise; nothing is written."""
    facts = last_facts()
    known = next((row for row in facts.incidents if row.id == incident_id), None)
    if not body or len(body) > BODY_MAX or len(name) > NAME_MAX or not (name or incident_id):
        raise TextMissing
    if incident_id and known is None:
        raise IncidentNotFound
    if known is not None and known.status not in UNRESOLVED:
        raise IncidentAlreadyResolved
    if status not in (*UNRESOLVED, *((IncidentStatus.RESOLVED,) if incident_id else ())):
        raise StatusUnknown
    if any(value not in ComponentStatus.values for value in components.values()):
        raise StatusUnknown
    if not set(components) <= {row.slug for row in facts.components}:
        raise ComponentUnknown
