"""What somebody is about to publish: kept as typed, published by a press or at a time, exactly once.

`content` is JSON; what publishing reads of it, all optional but the texts:
an incident: name, body, status, components {id: status}, impact_override, next_update_at, deliver, texts;
a message about one: status, body, components, impact_override ("computed" withdraws it), next_update_at, deliver,
texts, seen;
a maintenance: name, body, component_ids, scheduled_for, scheduled_until, component_status, auto_start, auto_complete,
reminders, silent, texts; a message about one: status, body, deliver, texts, seen.
Moments are ISO 8601 with an offset, `texts` rows of {audience, body, office_id}. Other keys are kept and not read.
"""

import datetime as dt
import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.kernel.enums import ActorKind
from portal_core.kernel.errors import AppError
from portal_core.kernel.realtime.push import push
from statuspage import queries
from statuspage.actions import incidents, maintenances, pages, publication
from statuspage.contracts import AudienceWording, IncidentSummary
from statuspage.enums import COMPUTED, DRAFT_MOVES, ComponentStatus, DraftState, EventKind, IncidentStatus
from statuspage.errors import DraftClosed, DraftIncomplete, DraftNotFound, PublishTimePast, StatusUnknown
from statuspage.models import Draft, Page

logger = logging.getLogger(__name__)

CONTENT_MAX = 200_000
LATEST = dt.timedelta(hours=1)  # news that waited longer than this is looked at by a person first


@transaction.atomic
def save(
    *, content: Mapping[str, Any], kind: str = EventKind.INCIDENT, incident_id: str = "", draft_id: str = "", by: Actor
) -> str:
    """Keep a draft, new or changed, whatever is missing in it; return its id. `incident_id` is the event the message
    belongs to, empty for a new one.

    A draft that waits for its time must be taken back first: half a sentence must not be published. Raises
    DraftNotFound, DraftClosed, StatusUnknown, IncidentNotFound, DraftIncomplete (too large).
    """
    now = clock.now()
    if kind not in EventKind.values:
        raise StatusUnknown
    if len(json.dumps(dict(content))) > CONTENT_MAX:
        raise DraftIncomplete
    page = pages.locked_page()
    if draft_id:
        draft = _for_change(page, draft_id, by)
        if draft.state != DraftState.DRAFT:
            raise DraftClosed(
                _("This draft waits for its time. Take it back before you change it.")
                if draft.state == DraftState.SCHEDULED
                else None
            )
    else:
        if incident_id:
            kind = queries.incident(incident_id).kind
        draft = Draft(page=page, kind=kind, incident_id=incident_id, practice_id=by.practice_id, created_at=now)
    draft.content, draft.updated_at, draft.refusal = dict(content), now, ""
    draft.by_id, draft.by_label = by.id[:40], by.label[:120]
    draft.save()
    if not draft_id:
        audit.record("draft:begin", by=by, target=draft, at=now, kind=draft.kind, incident=draft.incident_id)
    _tell(draft)
    return str(draft.public_id)


@transaction.atomic
def schedule(*, draft_id: str, publish_at: dt.datetime, by: Actor) -> None:
    """Publish it at that moment, in the name of whoever says so. If somebody posts in between, it is refused then and
    shown as refused. Raises DraftNotFound, DraftClosed, PublishTimePast, and what can be seen now already:
    DraftIncomplete, TextMissing, VariableOpen."""
    now = clock.now()
    if publish_at <= now:
        raise PublishTimePast
    draft = _for_change(pages.locked_page(), draft_id, by)
    _deed(draft, by=by)
    publication.words(str(draft.content.get("body") or ""))
    if not draft.incident_id:
        publication.one_line(str(draft.content.get("name") or ""))
    if draft.incident_id:
        # What the author knows now is what the message was written for.
        draft.content = {"seen": queries.incident(draft.incident_id).update_id, **_without_empty(draft.content, "seen")}
    draft.publish_at, draft.refusal = publish_at, ""
    draft.by_id, draft.by_label = by.id[:40], by.label[:120]
    _move(draft, DraftState.SCHEDULED, now)
    audit.record("draft:schedule", by=by, target=draft, at=now, publish_at=publish_at.isoformat())


@transaction.atomic
def unschedule(*, draft_id: str, by: Actor) -> None:
    """It no longer publishes itself. Raises DraftNotFound, DraftClosed."""
    now = clock.now()
    draft = _for_change(pages.locked_page(), draft_id, by)
    draft.publish_at = None
    _move(draft, DraftState.DRAFT, now)
    audit.record("draft:unschedule", by=by, target=draft, at=now)


@transaction.atomic
def discard(*, draft_id: str, by: Actor) -> None:
    """Put it away; it stays for the record. Raises DraftNotFound, DraftClosed."""
    now = clock.now()
    draft = _for_change(pages.locked_page(), draft_id, by)
    _move(draft, DraftState.DISCARDED, now)
    audit.record("draft:discard", by=by, target=draft, at=now)


@transaction.atomic
def publish(*, draft_id: str, by: Actor) -> IncidentSummary:
    """Publish it now, whether or not it waits for a time. A second press, or a colleague a moment later, lands on what
    the first one published. Raises DraftNotFound, DraftClosed (discarded), DraftIncomplete, and what the actions of
    incidents and maintenances refuse; then the draft stays as it was."""
    page = pages.locked_page()
    draft = _for_change(page, draft_id, by)
    if draft.state == DraftState.PUBLISHED:
        return queries.incident(draft.incident_id)
    return _publish(draft, clock.now(), by=by)


def publish_due() -> int:
    """Publish every draft whose time has come; return how many. One that cannot be published goes back to its author
    with the reason. Safe to run late, twice, and in two workers at once."""
    now, done = clock.now(), 0
    due = Draft.objects.filter(state=DraftState.SCHEDULED, publish_at__lte=now).order_by("publish_at", "pk")
    for draft_id in due.values_list("public_id", flat=True):
        try:
            done += _publish_at_its_time(draft_id)
        except Exception:
            logger.exception("a draft could not be published", extra={"id": draft_id})
    return done


@transaction.atomic
def _publish_at_its_time(draft_id: str) -> int:
    draft = _for_change(pages.locked_page(), draft_id, SYSTEM)
    now = clock.now()
    # Again, under the lock: another worker may have published it, a person may have taken it back.
    if draft.state != DraftState.SCHEDULED or draft.publish_at is None or draft.publish_at > now:
        return 0
    try:
        if now - draft.publish_at > LATEST:
            raise PublishTimePast(_("We were not running when its time came. Read it again, then publish it yourself."))
        with transaction.atomic():
            _publish(draft, now, by=_author(draft))
    except AppError as refusal:
        draft.refresh_from_db()
        draft.refusal = str(refusal)[:300]
        _move(draft, DraftState.DRAFT, now)
        audit.record("draft:refused", by=SYSTEM, target=draft, at=now, code=refusal.code)
        return 0
    return 1


def _publish(draft: Draft, now: dt.datetime, *, by: Actor) -> IncidentSummary:
    _refuse_closed(draft, DraftState.PUBLISHED)
    summary = _deed(draft, by=by)()
    draft.incident_id, draft.refusal = summary.id, ""
    _move(draft, DraftState.PUBLISHED, now)
    audit.record("draft:publish", by=by, target=draft, at=now, incident=summary.id)
    return summary


class _Content:
    """Reading what was typed; a TypeError or ValueError says that it cannot be read."""

    def __init__(self, typed: Mapping[str, Any]) -> None:
        self.typed = typed

    def text(self, key: str, default: str = "") -> str:
        value = self.typed.get(key)
        if value is not None and not isinstance(value, str):
            raise TypeError(key)
        return value or default

    def flag(self, key: str, default: bool) -> bool:
        value = self.typed.get(key, default)
        if not isinstance(value, bool):
            raise TypeError(key)
        return value

    def mapping(self, key: str) -> dict[str, str]:
        return {str(name): str(value) for name, value in dict(self.typed.get(key) or {}).items() if value}

    def moment(self, key: str) -> dt.datetime | None:
        text = self.text(key)
        if not text:
            return None
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(key)
        return moment

    def needed(self, key: str) -> dt.datetime:
        moment = self.moment(key)
        if moment is None:
            raise ValueError(key)
        return moment

    def texts(self) -> list[AudienceWording]:
        rows = self.typed.get("texts") or []
        return [
            AudienceWording(audience=row["audience"], body=row["body"], office_id=row.get("office_id", ""))
            for row in rows
            if row["body"].strip()
        ]


def _deed(draft: Draft, *, by: Actor) -> Callable[[], IncidentSummary]:
    """What publishing this draft would do. Raises DraftIncomplete: it is whatever a form held when somebody left."""
    try:
        return _read(draft, _Content(draft.content), by=by)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise DraftIncomplete from error


def _read(draft: Draft, typed: _Content, *, by: Actor) -> Callable[[], IncidentSummary]:
    key = f"draft:{draft.public_id}"
    if draft.kind == EventKind.MAINTENANCE:
        if draft.incident_id:
            return partial(
                maintenances.post_update,
                incident_id=draft.incident_id, status=typed.text("status"), body=typed.text("body"),
                seen=typed.text("seen"), deliver=typed.flag("deliver", True), texts=typed.texts(), key=key, by=by,
            )  # fmt: skip
        if typed.text("repeat"):
            raise ValueError("repeat")  # a series is begun from its form; a single date is not what was meant
        return partial(
            maintenances.schedule,
            name=typed.text("name"), body=typed.text("body"),
            component_ids=[str(row) for row in typed.typed.get("component_ids") or []],
            scheduled_for=typed.needed("scheduled_for"), scheduled_until=typed.needed("scheduled_until"),
            component_status=str(typed.typed.get("component_status", ComponentStatus.MAINTENANCE)),
            auto_start=typed.flag("auto_start", True), auto_complete=typed.flag("auto_complete", True),
            reminders=[int(minutes) for minutes in typed.typed.get("reminders", (1440, 60))],
            silent=typed.flag("silent", False), texts=typed.texts(), key=key, by=by,
        )  # fmt: skip
    if draft.incident_id:
        return partial(
            incidents.post_update,
            incident_id=draft.incident_id, status=typed.text("status"), body=typed.text("body"),
            components=typed.mapping("components"), seen=typed.text("seen"),
            next_update_at=typed.moment("next_update_at"), deliver=typed.flag("deliver", True), texts=typed.texts(),
            impact_override=override_of(typed.text("impact_override")), key=key, by=by,
        )  # fmt: skip
    return partial(
        incidents.declare,
        name=typed.text("name"), body=typed.text("body"), components=typed.mapping("components"),
        status=typed.text("status", IncidentStatus.INVESTIGATING), impact_override=typed.text("impact_override"),
        next_update_at=typed.moment("next_update_at"), deliver=typed.flag("deliver", True), texts=typed.texts(),
        key=key, by=by,
    )  # fmt: skip


def override_of(chosen: str) -> str | None:
    """What `incidents.post_update` takes for a choice: nothing chosen leaves the impact, COMPUTED frees it."""
    return None if not chosen else "" if chosen == COMPUTED else chosen


def _without_empty(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != key or value}


def _author(draft: Draft) -> Actor:
    return Actor(kind=ActorKind.STAFF, id=draft.by_id, label=draft.by_label, practice_id=draft.practice_id)


def _for_change(page: Page, draft_id: str, by: Actor) -> Draft:
    drafts = Draft.objects.select_for_update(of=("self",)).seen_by(by.practice_id)
    draft = drafts.filter(page=page, public_id=draft_id).first()
    if draft is None:
        raise DraftNotFound
    return draft


def _refuse_closed(draft: Draft, state: DraftState) -> None:
    if state not in DRAFT_MOVES[DraftState(draft.state)]:
        raise DraftClosed


def _move(draft: Draft, state: DraftState, at: dt.datetime) -> None:
    _refuse_closed(draft, state)
    draft.state, draft.updated_at = state, at
    draft.save()
    _tell(draft)


def _tell(draft: Draft) -> None:
    push(pages.CONSOLE_GROUP, {"type": "draft.changed", "id": draft.public_id})
