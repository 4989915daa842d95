"""What every verb of a ticket ends with: the message written, the ledger line, the events, the nudge to open pages."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, Protocol

from helpdesk.actions import received_files, search
from helpdesk.enums import Author, Side, Visibility
from helpdesk.models import Ticket, TicketMessage
from helpdesk.rules.enclosed import Enclosed
from portal_core.directory.enums import Hat
from portal_core.kernel import audit, outbox, realtime
from portal_core.kernel.contracts import Actor, Event
from portal_core.kernel.enums import ActorKind

# After these a ticket is found by the same words as before; some of them happen to thousands at once.
SAME_WORDS: Final = frozenset(
    {
        "ticket:take", "ticket:relay", "ticket:return", "ticket:close_loop", "ticket:close",
        "ticket:alert", "ticket:snooze", "ticket:unsnooze",
    }
)  # fmt: skip


class Follower(Protocol):
    """A storey above that wants to hear of every deed; what it publishes is held back and taken back with the deed."""

    def __call__(
        self, ticket: Ticket, action: str, *, events: Sequence[Event], at: dt.datetime, not_before: dt.datetime | None
    ) -> list[str]: ...


_followers: list[Follower] = []


def after_deed(follower: Follower) -> None:
    """Call `follower` inside the transaction of every deed, after the ticket was saved; it returns the ids of the
    events it published, with `not_before` where the deed may yet be undone. Registered in the app's `ready()`."""
    _followers.append(follower)


def office_group(office_public_id: str) -> str:
    """The realtime group of one office's desk."""
    return f"office:{office_public_id}"


def it_group(practice_public_id: str) -> str:
    """The realtime group of a practice's IT console: tickets of providers and staff."""
    return f"it:{practice_public_id}"


def ticket_group(ticket_public_id: str) -> str:
    """The realtime group of one ticket; its requester listens too, so internal notes are not announced here."""
    return f"ticket:{ticket_public_id}"


def messages_group(patient_public_id: str) -> str:
    """The realtime group of one patient's list of secure messages."""
    return f"messages:{patient_public_id}"


def desk_group(ticket: Ticket) -> str:
    """The group of the desk this ticket stands on."""
    if ticket.side == Side.OFFICE:
        return office_group(ticket.office.public_id)
    return it_group(ticket.practice.public_id)


def is_requester(by: Actor) -> bool:
    return by.kind in (ActorKind.REQUESTER, ActorKind.PATIENT)


def write(
    ticket: Ticket,
    body: str,
    visibility: Visibility,
    *,
    at: dt.datetime,
    by: Actor,
    held_until: dt.datetime | None = None,
) -> TicketMessage:
    """One entry of the conversation, in the name of whoever acts."""
    if is_requester(by):
        kind, label = Author.REQUESTER, ticket.requester_name or "You"
    elif by.kind == ActorKind.SYSTEM:
        kind, label = Author.SYSTEM, by.label
    else:
        kind, label = (Author.IT if by.hat == Hat.IT else Author.OFFICE), by.label
    return TicketMessage.objects.create(
        ticket=ticket, author_kind=kind, author_id=by.id if kind in (Author.OFFICE, Author.IT) else "",
        author_label=label[:160], visibility=visibility, body=body.strip(), at=at,
        held_until=held_until,
    )  # fmt: skip


def keep_of_requester(
    ticket: Ticket, message: TicketMessage, files: Sequence[Enclosed], *, at: dt.datetime, by: Actor
) -> None:
    """Files that came with what the requester wrote. Theirs to open again only where they sit signed in."""
    signed_in = ticket.patient_id if by.kind == ActorKind.PATIENT else None
    received_files.keep(ticket=ticket, message=message, mail=None, files=files, at=at, patient_id=signed_in)


def tell(
    ticket: Ticket,
    action: str,
    *events: Event,
    at: dt.datetime,
    by: Actor,
    quiet: bool = False,
    not_before: dt.datetime | None = None,
    **facts: Any,
) -> list[str]:
    """The words it is found by, ledger line, events, nudges; return the events' ids. `quiet`: not to the requester's
    page. `not_before` holds the events back."""
    if action not in SAME_WORDS:
        search.index(ticket)
    audit.record(action, by=by, target=ticket, practice_id=ticket.practice_id, at=at, **facts)
    ids = [outbox.publish(event, not_before=not_before) for event in events]
    for follower in _followers:
        ids += follower(ticket, action, events=events, at=at, not_before=not_before)
    nudge(ticket, desk_group(ticket))
    if not quiet:
        nudge(ticket, ticket_group(ticket.public_id))
    return ids


def nudge(ticket: Ticket, group: str) -> None:
    realtime.push(group, {"type": "ticket.changed", "id": ticket.public_id})
