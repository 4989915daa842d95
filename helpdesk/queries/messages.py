"""The conversations of one patient in the portal, and what of them is unread."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, F, Max, Q, QuerySet

from helpdesk.access import left
from helpdesk.enums import IN_PORTAL, Author, RequesterKind, Side, TicketState, Visibility
from helpdesk.models import Ticket, TicketMessage
from helpdesk.queries.queues import cursor
from portal_core.access.enums import PortalState
from portal_core.kernel import clock

if TYPE_CHECKING:
    from portal_core.access.contracts import PortalStatus
    from portal_core.directory.models import Patient

CONVERSATIONS = 20
OURS = (Author.OFFICE, Author.IT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation in a list; `unread` counts what the patient has yet to open, `last_at` is of the newest
    message, `mine` whether the patient wrote it, `reads_here` whether it is known what they read."""

    ticket: Ticket
    unread: int
    last_at: dt.datetime
    mine: bool
    reads_here: bool


@dataclass(frozen=True, slots=True)
class Conversations:
    """One page of them, newest first; `after` is the cursor of the next one, empty at the end."""

    rows: list[Conversation]
    after: str


def reads_in_portal(ticket: Ticket) -> bool:
    """Whether the patient reads this conversation behind their sign-in, so that it is known what they read."""
    return ticket.channel in IN_PORTAL


def can_read_messages(patient: "Patient", status: "PortalStatus") -> bool:
    """Whether a message would ever be read: portal access is on, and the patient can sign in or get a link to. With a
    password set by hand they can although no e-mail is on file (C3)."""
    if patient.deceased or not status.enabled:
        return False
    return status.state != PortalState.INACTIVE or patient.user_id is not None


def conversations(patient: "Patient", *, after: str = "", limit: int = CONVERSATIONS) -> Conversations:
    """What a patient and their office wrote to each other, whichever way it came; one query, and one more for who wrote
    last. What may yet be taken back is not there."""
    now = clock.now()
    rows = (
        _of(patient)
        .annotate(
            last_at=Max("messages__at", filter=_visible("messages__", now) & theirs("messages__", "")),
            unread=Count(
                "messages",
                filter=_unread("messages__", now) & theirs("messages__", "") & Q(channel__in=IN_PORTAL),
            ),
        )
        .filter(last_at__isnull=False)
    )
    if (place := cursor(after)) is not None:
        moment, pk = place
        rows = rows.filter(Q(last_at__lt=moment) | Q(last_at=moment, pk__lt=pk))
    found = list(rows.select_related("office").order_by(F("last_at").desc(), "-pk")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    last = TicketMessage.objects.filter(_visible("", now), theirs(), ticket__in=[row.pk for row in found])
    authors = {
        (pk, at): kind for pk, at, kind in last.order_by("at", "pk").values_list("ticket_id", "at", "author_kind")
    }
    listed = [
        Conversation(
            ticket=row,
            reads_here=reads_in_portal(row),
            unread=row.unread,
            last_at=row.last_at,
            mine=authors.get((row.pk, row.last_at)) == Author.REQUESTER,
        )
        for row in found
    ]
    return Conversations(listed, f"{listed[-1].last_at.isoformat()}_{found[-1].pk}" if more else "")


def unread_count(patient: "Patient") -> int:
    """How many messages of the office this patient has yet to open; one query."""
    rows = TicketMessage.objects.filter(_unread("", clock.now()), theirs(), ticket__patient=patient)
    return rows.filter(ticket__channel__in=IN_PORTAL).count()


def unread_messages(ticket: Ticket) -> QuerySet[TicketMessage]:
    """What the office wrote here, or in a ticket joined with it, and the patient has yet to open."""
    return TicketMessage.objects.filter(_unread("", clock.now()), _in(ticket), theirs())


def _of(patient: "Patient") -> QuerySet[Ticket]:
    rows = Ticket.objects.filter(patient=patient, requester_kind=RequesterKind.PATIENT, side=Side.OFFICE)
    return rows.exclude(state=TicketState.MERGED)


def _in(ticket: Ticket) -> Q:
    joined = Ticket.objects.filter(merged_into=ticket, patient_id=ticket.patient_id or 0)
    return Q(ticket=ticket) | Q(ticket__in=joined.values("pk"))


def theirs(path: str = "", ticket: str = "ticket__") -> Q:
    """Messages since the ticket is about whom it is about: what was written while it was matched with somebody else is
    not this patient's to read."""
    return Q(**{f"{ticket}patient_since": None}) | Q(**{f"{path}at__gte": F(f"{ticket}patient_since")})


def _visible(path: str, now: dt.datetime) -> Q:
    return Q(**{f"{path}visibility": Visibility.PATIENT}) & left(now, path)


def _unread(path: str, now: dt.datetime) -> Q:
    return _visible(path, now) & Q(**{f"{path}author_kind__in": OURS, f"{path}receipt": None})
