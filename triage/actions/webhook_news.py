"""What a practice's webhooks hear: what happened to which ticket or flag, and never a word about a person.

The facts are taken when it happens, inside the deed's transaction, so a message that leaves late still says what was
true then. Sending, repeating and giving up is notify's; an answer that fails for long stops the address.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from helpdesk.contracts import TicketOpened, TicketSolved
from portal_core import notify
from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import SYSTEM, Event
from portal_core.kernel.ids import new_public_id
from portal_core.kernel.sealing import Unreadable
from portal_core.notify.rules.quarantine import Verdict, judge
from triage.contracts import PracticeNews, WebhookStopped
from triage.enums import ENDPOINT_LISTENS, TEST_NEWS, EndpointState, NewsKind
from triage.models import Escalation, WebhookEndpoint

if TYPE_CHECKING:
    from helpdesk.models import Ticket

TEMPLATE: Final = "triage/webhook_event"
OURS_ALONE: Final = frozenset({"ticket:alert", "ticket:snooze", "ticket:unsnooze"})  # how a desk orders its own work
FLAG_NEWS: Final = {
    "flag:relay": NewsKind.FLAG_SENT,
    "flag:accept": NewsKind.FLAG_ACCEPTED,
    "flag:decline": NewsKind.FLAG_RETURNED,
    "flag:answer": NewsKind.FLAG_ANSWERED,
}


# --- what happened ----------------------------------------------------------------------------------------------------
def of_ticket(
    ticket: "Ticket", action: str, *, events: Sequence[Event], at: dt.datetime, not_before: dt.datetime | None
) -> list[str]:
    """A deed was done to a ticket (`helpdesk.actions.tickets.after_deed`). One query where nobody listens."""
    if action in OURS_ALONE:
        return []
    kind = _kind(action, events)
    if not _is_wanted(ticket.practice_id, kind):
        return []
    data = {"ticket": _ticket(ticket), "change": action.partition(":")[2]}
    return [_publish(ticket.practice_id, kind, data, at=at, not_before=not_before)]


def of_flag(flag: Escalation, action: str, *, at: dt.datetime) -> None:
    """A deed was done to a flag. Only those that other systems ask for."""
    kind = FLAG_NEWS.get(action)
    if kind is None or not _is_wanted(flag.practice_id, kind):
        return
    facts = {
        "id": flag.public_id,
        "state": str(flag.state),
        "category": str(flag.category),
        "reason": str(flag.reason),
        "refusal": str(flag.refusal),
        "incident": flag.incident_id,
        "office": {"id": flag.office.public_id, "name": flag.office.name},
        "ticket": {"id": flag.ticket.public_id, "reference": flag.ticket.reference},
        "created_at": _moment(flag.created_at),
        "changed_at": _moment(flag.changed_at),
    }
    _publish(flag.practice_id, kind, {"flag": facts}, at=at)


def test_for(endpoint: WebhookEndpoint, *, at: dt.datetime) -> None:
    """A message that says nothing, for one address alone."""
    _publish(endpoint.practice_id, TEST_NEWS, {"endpoint": endpoint.public_id}, at=at, only=endpoint.public_id)


def _kind(action: str, events: Sequence[Event]) -> NewsKind:
    if any(isinstance(event, TicketOpened) for event in events):
        return NewsKind.TICKET_CREATED
    if any(isinstance(event, TicketSolved) for event in events):
        return NewsKind.TICKET_SOLVED
    return NewsKind.TICKET_CLOSED if action == "ticket:close" else NewsKind.TICKET_UPDATED


def _ticket(ticket: "Ticket") -> dict[str, Any]:
    """No name, no address, no subject, no words: whoever may know more has the id."""
    return {
        "id": ticket.public_id,
        "reference": ticket.reference,
        "version": ticket.version,
        "category": str(ticket.category),
        "state": str(ticket.state),
        "turn": str(ticket.turn),
        "side": str(ticket.side),
        "office": {"id": ticket.office.public_id, "name": ticket.office.name},
        "incident": ticket.incident_id,
        "resolution": str(ticket.resolution),
        "created_at": _moment(ticket.created_at),
        "updated_at": _moment(ticket.updated_at),
        "due_at": _moment(ticket.due_at) if ticket.due_at is not None else None,
    }


def _moment(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _is_wanted(practice_id: int, kind: NewsKind) -> bool:
    rows = WebhookEndpoint.objects.filter(practice_id=practice_id, state__in=ENDPOINT_LISTENS)
    return any(kind in events for events in rows.values_list("events", flat=True))


def _publish(
    practice_id: int,
    kind: str,
    data: Mapping[str, Any],
    *,
    at: dt.datetime,
    not_before: dt.datetime | None = None,
    only: str = "",
) -> str:
    event = PracticeNews(
        id=new_public_id(), practice_id=practice_id, kind=str(kind), data=json.dumps(data), at=at, only=only
    )
    return outbox.publish(event, not_before=not_before)


# --- promising and sending --------------------------------------------------------------------------------------------
@transaction.atomic
def promise(event: PracticeNews) -> int:
    """Promise it to every address that wants to hear of it; return to how many. Twice is once."""
    rows = WebhookEndpoint.objects.filter(practice_id=event.practice_id, state__in=ENDPOINT_LISTENS).order_by("pk")
    if event.only:
        chosen = list(rows.filter(public_id=event.only))
    else:
        chosen = [row for row in rows if event.kind in row.events]
    payload = {"type": event.kind, "timestamp": _moment(event.at), "id": event.id, "data": json.loads(event.data)}
    for row in chosen:
        send(row, payload, cause=f"webhook:{event.id}")
    return len(chosen)


def send(endpoint: WebhookEndpoint, payload: Mapping[str, Any], *, cause: str) -> None:
    """Promise one message to one address; once per cause."""
    to = notify.Recipient(key=endpoint.key, resolve=True)
    notify.send(TEMPLATE, to=to, cause=cause, context={}, channels=["webhook"], payloads={"webhook": payload})


def where(keys: frozenset[str]) -> Mapping[str, notify.Reached | None]:
    """Addresses for notify, right before sending. What is off, stopped or removed is left out: such a message ends as
    cancelled, and can be sent again."""
    ids = [key.partition(":")[2] for key in keys]
    now, found = clock.now(), dict[str, notify.Reached | None]()
    for row in WebhookEndpoint.objects.filter(public_id__in=ids, state=EndpointState.ACTIVE):
        try:
            found[row.key] = notify.Reached(address=row.url, secret=row.secrets(now))
        except Unreadable:
            found[row.key] = None
    return found


@transaction.atomic
def note_failure(*, keys: frozenset[str], channel: str, code: str, permanent: bool) -> None:
    """A message was given up. 410, or five in a row over at least a day: the address is stopped and people are told."""
    now, ids = clock.now(), [key.partition(":")[2] for key in keys]
    rows = WebhookEndpoint.objects.select_for_update().filter(public_id__in=ids, state=EndpointState.ACTIVE)
    for row in rows.order_by("pk"):
        verdict = judge(
            channel=channel, code=code, permanent=permanent, failures=row.failures, failing_since=row.failing_since,
            now=now,
        )  # fmt: skip
        row.failures, row.failing_since = min(row.failures + 1, 30_000), row.failing_since or now
        if verdict is Verdict.COUNT:
            row.save(update_fields=["failures", "failing_since"])
            continue
        row.move(EndpointState.STOPPED, at=now)
        row.stopped_code = code[:60]
        row.save_moved("failures", "failing_since")
        audit.record("webhook:stop", by=SYSTEM, target=row, practice_id=row.practice_id, at=now, code=code[:60])
        outbox.publish(WebhookStopped(endpoint_id=row.public_id, at=now))


@transaction.atomic
def note_success(*, keys: frozenset[str], channel: str) -> None:
    """It was taken: failures are no longer in a row."""
    ids = [key.partition(":")[2] for key in keys]
    WebhookEndpoint.objects.filter(public_id__in=ids, failures__gt=0).update(failures=0, failing_since=None)
