"""One ticket: what was written, what belongs to it, what hangs on it, and how it stands with its promises."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from helpdesk.access import left
from helpdesk.enums import (
    OURS,
    Author,
    Category,
    Hanging,
    TicketState,
    Visibility,
)
from helpdesk.models import (
    Attachment,
    InboundMail,
    InboundText,
    ServicePromise,
    Ticket,
    TicketLink,
    TicketMessage,
    TicketRating,
    TicketSegment,
)
from helpdesk.queries.hours import calendar_for
from helpdesk.queries.messages import theirs
from helpdesk.rules import sla
from helpdesk.rules.hours import working_minutes
from portal_core.kernel import clock

ORIGINS = {"related": _("Related"), "split": _("Split off into"), "follow_up": _("Followed by")}


def _of(ticket: Ticket) -> Q:
    """Rows of a ticket and of those joined into it. Their keys come first: asking "of this one, or of one joined into
    it" of the rows themselves reads the whole table of them."""
    if not ticket.may_have(Hanging.JOINED):
        return Q(ticket=ticket)
    return Q(ticket__in=Ticket.objects.filter(Q(pk=ticket.pk) | Q(merged_into=ticket)).values("pk"))


def thread(ticket: Ticket) -> list[TicketMessage]:
    """Everything written, oldest first, with what was written in tickets joined into this one; for staff."""
    rows = TicketMessage.objects.filter(_of(ticket)).order_by("at", "id")
    if ticket.may_have(Hanging.JOINED):
        return list(rows.select_related("ticket", "receipt"))
    found = list(rows.select_related("receipt"))
    for message in found:
        message.ticket = ticket
    return found


def public_thread(ticket: Ticket, *, signed_in: bool = False) -> list[TicketMessage]:
    """What this requester may read, oldest first: no reply that may still be taken back. Of a ticket joined with
    another person's, what staff write there from then on; never that person's own words. To a patient who is
    `signed_in`, nothing from before the ticket was about them; whoever holds its link wrote it."""
    mine = Q(ticket=ticket)
    if ticket.requester_email:
        joined = ticket.merged.filter(requester_email__iexact=ticket.requester_email).values_list("pk", flat=True)
        mine = Q(ticket__in=[ticket.pk, *joined])
    if ticket.merged_into_id is not None:
        mine |= Q(ticket_id=ticket.merged_into_id, at__gte=ticket.merged_at) & ~Q(author_kind=Author.REQUESTER)
    rows = TicketMessage.objects.filter(mine, left(clock.now()), visibility=Visibility.PATIENT)
    if signed_in:
        rows = rows.filter(theirs())
    return list(rows.select_related("receipt").order_by("at", "id"))


def went_on_in(ticket: Ticket) -> Ticket | None:
    """The ticket this one was joined with, where it is the same person's: one page for one conversation."""
    into = ticket.merged_into
    if into is None or not ticket.requester_email:
        return None
    return into if into.requester_email.casefold() == ticket.requester_email.casefold() else None


def is_over(ticket: Ticket) -> bool:
    """Closed for good, here or where it was joined: what is written now begins a new one."""
    return (ticket.merged_into or ticket).state == TicketState.CLOSED


def readers(ticket: Ticket) -> list[Ticket]:
    """Whose link leads to this conversation: the ticket itself, and those joined into it that came from another
    address or, without one, another number. Of neither anything is known to be the same."""
    found, seen = [ticket], {_from(ticket)}
    for one in ticket.merged.select_related("office", "practice", "patient").order_by("id"):
        if _from(one) not in seen:
            seen.add(_from(one))
            found.append(one)
    return found


def _from(ticket: Ticket) -> str:
    return ticket.requester_email.casefold() or ticket.requester_phone or ticket.public_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """What belongs to a ticket. `links`: (how the other one stands to it, that ticket)."""

    into: Ticket | None
    joined: list[Ticket]
    links: list[tuple[str, Ticket]]


def relations(ticket: Ticket) -> Relations:
    """Links to tickets of the same desk alone: IT learns nothing of a patient's (TR-01). Three queries at most."""
    links = TicketLink.objects.none()
    if ticket.may_have(Hanging.LINKS):
        links = TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket)).select_related("ticket", "other")
        links = links.filter(ticket__side=ticket.side, other__side=ticket.side)
    named = [
        (row.get_kind_display(), row.other) if row.ticket_id == ticket.pk else (str(ORIGINS[row.kind]), row.ticket)
        for row in links.order_by("id")
    ]
    joined = list(ticket.merged.order_by("id")) if ticket.may_have(Hanging.JOINED) else []
    return Relations(into=ticket.merged_into, joined=joined, links=named)


def last_rating(ticket: Ticket) -> TicketRating | None:
    """What the requester said when last asked whether we solved it."""
    return ticket.ratings.order_by("-round").first() if ticket.may_have(Hanging.RATINGS) else None


def promises(practice_id: int, *, limit: int = 20) -> list[ServicePromise]:
    """What a practice promised, the newest first, which is in force; none while it promises what ships."""
    return list(ServicePromise.objects.filter(practice_id=practice_id).order_by("-number")[:limit])


def promised_to(ticket: Ticket) -> sla.Target:
    """What was promised for this kind of request when the ticket was opened; one query."""
    rows = ServicePromise.objects.filter(practice_id=ticket.practice_id, at__lte=ticket.created_at)
    row = rows.order_by("-number").first()
    return sla.target(Category(ticket.category), row.promises if row is not None else sla.SHIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timekeeping:
    """By when what was promised, in a sentence each, and who had the move until now."""

    first: str
    first_met: bool | None  # None: not answered yet
    resolve: str
    stands_still: bool
    segments: list[TicketSegment]
    used: int  # open minutes that counted so far


def timekeeping(ticket: Ticket, *, now: dt.datetime) -> Timekeeping:
    """Explain the deadlines of a ticket. Four queries."""
    segments = list(ticket.segments.order_by("began_at", "id"))
    promised, used = promised_to(ticket), sum(row.minutes for row in segments if row.ended_at)
    ours = ticket.state in OURS
    calendar, since = calendar_for(ticket, ticket.turn), segments[-1].began_at if segments else ticket.created_at
    answered = ticket.first_response_at
    met = None
    if answered is not None and ticket.first_due_at is not None:
        met = answered <= ticket.first_due_at
    return Timekeeping(
        first="" if answered is not None or not ours else sla.explain(calendar, since, promised.first, used),
        first_met=met,
        resolve=sla.explain(calendar, since, promised.resolve, used) if ours else "",
        stands_still=not ours,
        segments=segments,
        used=used + (working_minutes(calendar, since, now) if ours else 0),
    )


def files_of_ticket(ticket: Ticket) -> list[Attachment]:
    """Files that came with a ticket and those joined into it, oldest first, without their bytes."""
    if not ticket.may_have(Hanging.FILES, Hanging.JOINED):
        return []
    return list(Attachment.objects.filter(_of(ticket)).defer("data").order_by("created_at", "id"))


def mails_of_ticket(ticket: Ticket) -> list[InboundMail]:
    """The e-mails behind a ticket's messages, oldest first, without their bytes."""
    if not ticket.may_have(Hanging.MAILS, Hanging.JOINED):
        return []
    return list(InboundMail.objects.filter(_of(ticket)).defer("raw").order_by("received_at", "id"))


def texts_of_ticket(ticket: Ticket) -> list[InboundText]:
    """The text messages behind a ticket, oldest first, with their files."""
    if not ticket.may_have(Hanging.TEXTS, Hanging.JOINED):
        return []
    return list(InboundText.objects.filter(_of(ticket)).prefetch_related("media").order_by("received_at", "id"))
