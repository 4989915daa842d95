"""Waiting for an incident, asking whether it is over, and what happens when a pause runs out."""

from functools import partial

from django.db import transaction
from django.db.models import Q

from helpdesk import errors
from helpdesk.actions.tickets import guards
from helpdesk.actions.tickets.clocks import save
from helpdesk.actions.tickets.ending import mark_solved, solved_event
from helpdesk.actions.tickets.telling import tell, write
from helpdesk.actions.tickets.undoing import held, remember, snapshot
from helpdesk.contracts import TicketLoopClosing, TicketNudged, TicketStillBroken, TicketWaitsForIncident
from helpdesk.enums import (
    LINKED,
    PAUSED,
    Author,
    CallDirection,
    CallOutcome,
    Category,
    Deed,
    Resolution,
    TicketState,
    UndoKind,
    Visibility,
)
from helpdesk.models import PhoneCall, Ticket, TicketMessage
from helpdesk.queries.reach import reachable
from helpdesk.rules import turn as rules
from portal_core.kernel import clock, idempotency
from portal_core.kernel.contracts import Actor, Event

NOT_BY_LETTER = frozenset({Category.CLINICAL_URGENT, Category.SEC_REPORT})  # whose silence must not mean "it works"


@transaction.atomic
def wait_for_incident(*, ticket: Ticket, incident_id: str, hold: bool = False, by: Actor) -> Ticket:
    """A known incident explains it: the requester is told once. What is open beside it goes along (the guards). With
    `hold` they are told ten seconds later, and until then it may be undone. Raises WrongMove, TicketClosed. Doing it
    again for the same incident changes nothing."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.WAIT_INCIDENT and ticket.incident_id == incident_id:
        return ticket
    before = snapshot(ticket)
    kept = guards.ask(ticket, Deed.INCIDENT, at=now, by=by, incident_id=incident_id)
    ticket.move(TicketState.WAIT_INCIDENT, at=now)
    ticket.incident_id = incident_id
    if reachable(ticket).told:  # with a page to look at
        ticket.first_response_at = ticket.first_response_at or now
    save(ticket, "incident_id", "first_response_at", at=now)
    event = TicketWaitsForIncident(ticket_id=ticket.public_id, incident_id=incident_id, at=now)
    events = tell(
        ticket, "ticket:wait_for_incident", event, at=now, by=by, quiet=hold, not_before=held(hold, now),
        incident=incident_id,
    )  # fmt: skip
    if hold:
        remember(ticket, UndoKind.WAIT, {**before, "kept": kept}, events, at=now, by=by)
    return ticket


@transaction.atomic
def close_loop(*, incident_id: str, by: Actor) -> int:
    """The incident is over: ask every requester who waited for it "fixed for you?", also those whose ticket came back
    to the desk meanwhile because it lasted. Who must not be left to a letter and then to silence is the desk's: whoever
    said something that nobody answered yet, was asked something else, or gets no letter. Returns how many. Running it
    again finds nobody left."""
    linked = Ticket.objects.filter(incident_id=incident_id, state__in=LINKED, relayed_at=None)
    asked: list[int] = []

    def ask(ticket: Ticket) -> str:
        asked.append(ticket.pk)
        if words := _for_desk(ticket):
            _leave_to_desk(ticket, words, by=by)
        else:
            _ask(ticket, by=by)
        return ""

    for pk in list(linked.order_by("id").values_list("id", flat=True)):
        ticket = Ticket.objects.locked(pk)
        if ticket.state in LINKED and ticket.incident_id == incident_id and ticket.relayed_at is None:  # none quicker
            idempotency.once("helpdesk:asked", f"{incident_id}:{ticket.public_id}", partial(ask, ticket))
    return len(asked)


def _ask(ticket: Ticket, *, by: Actor) -> None:
    now = clock.now()
    ticket.move(TicketState.CLOSE_LOOP, at=now)
    ticket.loop_rounds += 1
    save(ticket, "loop_rounds", at=now)
    event = TicketLoopClosing(
        ticket_id=ticket.public_id, incident_id=ticket.incident_id, round=ticket.loop_rounds, at=now
    )
    tell(ticket, "ticket:close_loop", event, at=now, by=by, incident=ticket.incident_id)


def _for_desk(ticket: Ticket) -> str:
    """What the desk reads where it has to ask itself; empty where a letter asks."""
    if ticket.state == TicketState.WAIT_PATIENT:
        return "The incident is over. They were asked something else: when they answer, ask whether it works, too."
    if ticket.state == TicketState.OPEN and _said_more(ticket):
        return "The incident is over. They wrote or called meanwhile: read it, and ask whether it works."
    if ticket.state == TicketState.OPEN and ticket.category in NOT_BY_LETTER:
        return "The incident is over. This is too serious to be asked by letter: call, and ask whether it works."
    if not reachable(ticket).told:
        return "The incident is over. No letter or text reaches them: call and ask whether it works."
    return ""


def _said_more(ticket: Ticket) -> bool:
    """Whether the requester, or whoever was joined with them, wrote or called since it was linked, and nobody answered
    after that."""
    links = ticket.segments.filter(state=TicketState.WAIT_INCIDENT).order_by("began_at", "id")
    since = links.values_list("began_at", flat=True).last() or ticket.created_at
    about = Q(ticket=ticket) | Q(ticket__merged_into=ticket)
    wrote = TicketMessage.objects.filter(about, visibility=Visibility.PATIENT, at__gt=since)
    talked = PhoneCall.objects.filter(about, outcome=CallOutcome.TALKED, ended_at__gt=since)
    words = [(at, author == Author.REQUESTER) for author, at in wrote.values_list("author_kind", "at")]
    words += [(at, way == CallDirection.IN) for way, at in talked.values_list("direction", "ended_at") if at]
    return bool(words) and max(words)[1]


def _leave_to_desk(ticket: Ticket, words: str, *, by: Actor) -> None:
    """It waits for the incident no longer, so that no page says that it does; a question of ours goes on waiting."""
    now, over = clock.now(), ticket.incident_id
    if ticket.state != TicketState.WAIT_PATIENT:
        if ticket.state != TicketState.OPEN:
            ticket.move(TicketState.OPEN, at=now)
        ticket.snoozed_until, ticket.snooze_reason = None, ""
    ticket.incident_id = ""
    write(ticket, words, Visibility.INTERNAL, at=now, by=by)
    save(ticket, "incident_id", at=now)
    tell(ticket, "ticket:wake", at=now, by=by, quiet=True, incident=over)


@transaction.atomic
def confirm_fixed(*, ticket: Ticket, by: Actor) -> Ticket:
    """ "Yes, it works." Raises WrongMove unless the requester was asked. A second yes changes nothing."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.SOLVED and ticket.resolution == Resolution.INCIDENT:
        return ticket
    if ticket.state != TicketState.CLOSE_LOOP:
        raise errors.WrongMove
    guards.ask(ticket, Deed.END, at=now, by=by)
    mark_solved(ticket, Resolution.INCIDENT, at=now, by=by)
    save(ticket, at=now)
    event = solved_event(ticket, at=now)
    tell(ticket, "ticket:confirm_fixed", event, at=now, by=by)
    return ticket


@transaction.atomic
def still_broken(*, ticket: Ticket, by: Actor) -> Ticket:
    """ "No, still broken": the office has it again and the incident hears of the dissent. Raises WrongMove."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state == TicketState.OPEN and ticket.dissent_count == ticket.loop_rounds > 0:
        return ticket  # a double click
    if ticket.state != TicketState.CLOSE_LOOP:
        raise errors.WrongMove
    ticket.move(TicketState.OPEN, at=now)
    ticket.dissent_count = ticket.loop_rounds
    save(ticket, "dissent_count", at=now)
    event = TicketStillBroken(
        ticket_id=ticket.public_id, incident_id=ticket.incident_id, office_id=ticket.office.public_id, at=now
    )
    tell(ticket, "ticket:still_broken", event, at=now, by=by, incident=ticket.incident_id)
    return ticket


@transaction.atomic
def wake(*, ticket: Ticket, by: Actor) -> Ticket:
    """What happens when a pause runs out: an unanswered question is repeated and at last given up as "no answer" (where
    no mail can reach the requester it comes back to the desk); an incident that lasts brings it back to the desk;
    silence after "fixed for you?" solves it. Before its time, nothing."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state not in PAUSED or ticket.wake_at is None or ticket.wake_at > now:
        return ticket
    events: list[Event] = []
    if ticket.state == TicketState.CLOSE_LOOP:
        guards.ask(ticket, Deed.END, at=now, by=by)
        mark_solved(ticket, Resolution.INCIDENT, at=now, by=by)
        events.append(solved_event(ticket, at=now))
    elif ticket.state == TicketState.WAIT_PATIENT and reachable(ticket).told:
        if ticket.nudges < len(rules.NUDGES):
            ticket.wake_at = max(ticket.wake_at, now - rules.LATE) + rules.NUDGES[ticket.nudges]
            ticket.nudges += 1
            events.append(TicketNudged(ticket_id=ticket.public_id, number=ticket.nudges, at=now))
        else:
            guards.ask(ticket, Deed.END, at=now, by=by)
            mark_solved(ticket, Resolution.NO_ANSWER, at=now, by=by)
            events.append(solved_event(ticket, at=now))
    else:
        ticket.move(TicketState.OPEN, at=now)
    save(ticket, at=now)
    tell(ticket, "ticket:wake", *events, at=now, by=by)
    return ticket
