"""Two tickets about one thing become one, one about two becomes two, and those that belong together say so."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q, QuerySet

from helpdesk import errors
from helpdesk.actions import search
from helpdesk.actions.tickets import guards
from helpdesk.actions.tickets.clocks import save
from helpdesk.actions.tickets.opening import open_ticket
from helpdesk.actions.tickets.telling import desk_group, nudge, tell
from helpdesk.actions.tickets.undoing import held, remember, snapshot
from helpdesk.contracts import Intake, TicketsJoined
from helpdesk.enums import LIVE, Author, Category, Channel, Deed, LinkKind, RequesterKind, Side, TicketState, UndoKind
from helpdesk.models import Ticket, TicketLink, TicketMessage
from helpdesk.rules.enclosed import Enclosed
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor


@transaction.atomic
def merge(*, ticket: Ticket, into: Ticket, hold: bool = False, by: Actor) -> Ticket:
    """Join a duplicate into another live ticket; return that one. The words stay where they were written and are shown
    together; whoever asked in either reads the answers. With `hold` it may be undone for ten seconds.

    Raises SameTicket, WrongOffice (another practice or desk), OtherPatient, PortalAlone, StillAtIT (and what the
    guards raise), WrongMove, TicketClosed. Pressing twice changes nothing.
    """
    now = clock.now()
    # In the order of their keys: two people joining A into B and B into A queue up instead of deadlocking.
    rows = {pk: Ticket.objects.locked(pk) for pk in sorted({ticket.pk, into.pk})}
    ticket, into = rows[ticket.pk], rows[into.pk]
    if ticket.pk == into.pk:
        raise errors.SameTicket
    if ticket.state == TicketState.MERGED and ticket.merged_into_id == into.pk:
        return into
    if (ticket.practice_id, ticket.side) != (into.practice_id, into.side):
        raise errors.WrongOffice
    if ticket.patient_id and into.patient_id and ticket.patient_id != into.patient_id:
        raise errors.OtherPatient
    if (ticket.channel == Channel.MESSAGE) != (into.channel == Channel.MESSAGE):
        # The link of the one opens its page to whoever holds it; the other is read behind a sign-in.
        raise errors.PortalAlone
    if ticket.relayed_at is not None:
        raise errors.StillAtIT
    if into.state not in LIVE:
        raise errors.WrongMove
    kept = guards.ask(ticket, Deed.JOIN, at=now, by=by)
    before = snapshot(ticket)
    ticket.move(TicketState.MERGED, at=now)
    ticket.merged_into, ticket.merged_at = into, now
    save(ticket, "merged_into", "merged_at", at=now)
    joined = list(ticket.merged.order_by("id").values_list("id", flat=True))
    Ticket.objects.filter(pk__in=joined).update(merged_into=into)
    until = held(hold, now)
    event = TicketsJoined(ticket_id=ticket.public_id, into_id=into.public_id, at=now)
    events = tell(
        ticket, "ticket:merge", event, at=now, by=by, quiet=hold, not_before=until, into=into.public_id
    )  # fmt: skip
    nudge(into, desk_group(into))
    if hold:
        remember(ticket, UndoKind.MERGE, {**before, "joined": joined, "kept": kept}, events, at=now, by=by)
    return into


@transaction.atomic
def split(*, ticket: Ticket, message_ids: Sequence[str], category: Category, by: Actor) -> Ticket:
    """A second matter in one conversation gets a ticket of its own, with a copy of these messages of the requester;
    nothing is taken out of the first. Raises NothingToSplit, TicketMerged."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.MERGED:
        raise errors.TicketMerged
    here = Q(ticket=ticket) | Q(ticket__merged_into=ticket)
    chosen = TicketMessage.objects.filter(here, public_id__in=message_ids, author_kind=Author.REQUESTER)
    messages = list(chosen.order_by("at", "id"))
    if not messages:
        raise errors.NothingToSplit
    fresh = open_ticket(_intake(ticket, category, ""), office=ticket.office, at=now, by=by, action="ticket:split_off",
                        side=Side(ticket.side), patient=ticket.patient)  # fmt: skip
    for one in messages:
        TicketMessage.objects.create(
            ticket=fresh, author_kind=one.author_kind, author_label=one.author_label, visibility=one.visibility,
            body=one.body, at=one.at,
        )  # fmt: skip
    if ticket.patient_since is not None:
        fresh.patient_since = ticket.patient_since
        fresh.save(update_fields=["patient_since"])
    search.index(fresh)
    _link(fresh, ticket, LinkKind.SPLIT, by=by)
    tell(ticket, "ticket:split", at=now, by=by, quiet=True, into=fresh.public_id, messages=len(messages))
    return fresh


@transaction.atomic
def link(*, ticket: Ticket, other: Ticket, by: Actor) -> None:
    """Say that two tickets belong together. Raises SameTicket, WrongOffice. Twice is once, in either direction."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.pk == other.pk:
        raise errors.SameTicket
    if ticket.practice_id != other.practice_id or ticket.side != other.side:
        raise errors.WrongOffice
    if _between(ticket, other).exists():
        return
    _link(ticket, other, LinkKind.RELATED, by=by)
    tell(ticket, "ticket:link", at=now, by=by, quiet=True, other=other.public_id)
    nudge(other, desk_group(other))


@transaction.atomic
def unlink(*, ticket: Ticket, other: Ticket, by: Actor) -> None:
    """They do not belong together after all. Twice is once."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    deleted, _kinds = _between(ticket, other).delete()
    if deleted:
        tell(ticket, "ticket:unlink", at=now, by=by, quiet=True, other=other.public_id)
        nudge(other, desk_group(other))


@transaction.atomic
def follow_up(*, ticket: Ticket, body: str, files: Sequence[Enclosed] = (), by: Actor) -> Ticket:
    """The requester writes about a closed request: a new one, linked, with the same person if they still work here
    (HD-08). Raises WrongMove while the old one is not closed."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.MERGED and ticket.merged_into_id is not None:
        target = Ticket.objects.locked(ticket.merged_into_id)
    else:
        target = ticket
    if target.state != TicketState.CLOSED:
        raise errors.WrongMove
    fresh = open_ticket(_intake(ticket, Category(ticket.category), body), office=ticket.office, at=now, by=by,
                        subject=ticket.subject, action="ticket:follow_up", side=Side(ticket.side),
                        patient=ticket.patient, files=files)  # fmt: skip
    owner = target.owner
    if owner is not None and owner.is_active:
        fresh.owner = owner
        fresh.save(update_fields=["owner"])
    _link(fresh, target, LinkKind.FOLLOW_UP, by=by)
    return fresh


def _intake(ticket: Ticket, category: Category, body: str) -> Intake:
    return Intake(
        requester_kind=RequesterKind(ticket.requester_kind), category=category, channel=Channel(ticket.channel),
        body=body, name=ticket.requester_name, email=ticket.requester_email, phone=ticket.requester_phone,
        device=ticket.device,
    )  # fmt: skip


def _link(ticket: Ticket, other: Ticket, kind: LinkKind, *, by: Actor) -> None:
    TicketLink.objects.create(ticket=ticket, other=other, kind=kind, by_label=by.label[:160], at=clock.now())


def _between(ticket: Ticket, other: Ticket) -> QuerySet[TicketLink]:
    return TicketLink.objects.filter(Q(ticket=ticket, other=other) | Q(ticket=other, other=ticket))
