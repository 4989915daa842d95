"""Saving a ticket moves its clocks: who has the move since when, and by when we promised what."""

import datetime as dt

from django.db import transaction
from django.db.models import Sum

from helpdesk.actions.tickets.telling import tell
from helpdesk.contracts import TicketOverdue
from helpdesk.enums import ENDED, OURS, Alert, Side, TicketState, Turn
from helpdesk.models import Ticket, TicketSegment
from helpdesk.queries import calendar_for, promised_to
from helpdesk.rules import clocks, sla
from helpdesk.rules.hours import Calendar, working_minutes
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor, Event


def save(ticket: Ticket, *fields: str, at: dt.datetime, again: bool = False) -> None:
    """Write a locked ticket, with its clocks. `again`: the promise itself changed (another kind, another office)."""
    segment, ended = _turn_over(ticket, at)
    if ticket.state not in ENDED:
        ticket.solved_in_time = ticket.used_minutes = None  # also where a solving was taken back
    elif ended is not None and ticket.state == TicketState.SOLVED:
        _settle(ticket, ended)
    if ticket.state in OURS:
        answered = ticket.first_response_at is not None and ticket.due_at == ticket.first_due_at
        if segment.began_at == at or ticket.due_at is None or answered or again:
            set_deadlines(ticket, segment)
    ticket.save_changes(*fields, at=at)


def start(ticket: Ticket, *, at: dt.datetime) -> None:
    """The clocks of a new ticket."""
    segment = TicketSegment.objects.create(ticket=ticket, turn=ticket.turn, state=ticket.state, began_at=at)
    set_deadlines(ticket, segment)
    ticket.save(update_fields=["first_due_at", "due_at", "resolve_due_at", "alert", "alert_at"])


def cut(ticket: Ticket, *, at: dt.datetime) -> None:
    """End the segment under the present office's hours, before the ticket goes to another office."""
    segment = _open_segment(ticket)
    _end(ticket, segment, at)
    _begin(ticket, at)


def set_deadlines(ticket: Ticket, segment: TicketSegment) -> None:
    """Work out the deadlines in memory, from the segment that runs and what was used up before it."""
    calendar, spent = calendar_for(ticket, Turn(segment.turn)), _spent(ticket)
    promised = promised_to(ticket)
    ticket.resolve_due_at = sla.due(calendar, segment.began_at, promised.resolve, spent)
    if ticket.first_response_at is None:
        ticket.first_due_at = sla.due(calendar, segment.began_at, promised.first, spent)
        ticket.due_at = ticket.first_due_at
    else:
        ticket.due_at = ticket.resolve_due_at
    minutes = _minutes(ticket, promised)
    if spent < minutes:
        ticket.alert = Alert.NONE
    _set_alert(ticket, calendar, segment, minutes, spent)


@transaction.atomic
def alert(*, ticket: Ticket, by: Actor) -> Ticket:
    """Raise the alarm that is due: soon, overdue, the lead is told. A resting ticket wakes. Before its
    time, nothing."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state not in OURS or ticket.alert_at is None or ticket.alert_at > now:
        return ticket
    segment, spent, minutes = _open_segment(ticket), _spent(ticket), _minutes(ticket, promised_to(ticket))
    calendar = calendar_for(ticket, Turn(segment.turn))
    raised = Alert(ticket.alert)
    while (step := sla.next_alert(calendar, segment.began_at, minutes, spent, raised)) and step[1] <= now:
        raised = step[0]
    ticket.alert = raised
    _set_alert(ticket, calendar, segment, minutes, spent)
    ticket.snoozed_until, ticket.snooze_reason = None, ""
    ticket.save_changes(at=now)
    events: list[Event] = []
    if raised in (Alert.BREACHED, Alert.ESCALATED):
        events.append(TicketOverdue(ticket_id=ticket.public_id, level=str(raised), turn=str(ticket.turn), at=now))
    tell(ticket, "ticket:alert", *events, at=now, by=by, quiet=True, level=str(raised))
    return ticket


@transaction.atomic
def adopt(*, ticket: Ticket) -> None:
    """Give a ticket from before the clocks, or of a place that had no opening hours, its deadlines. Twice is once, and
    where there are none to give nothing changes."""
    now, ticket = clock.now(), Ticket.objects.locked(ticket.pk)
    if ticket.state in OURS and ticket.due_at is None:
        set_deadlines(ticket, _turn_over(ticket, now)[0])
        if ticket.due_at is None:
            return
        if ticket.due_at <= now:
            # Long overdue by a promise nobody had made: shown as overdue, but nobody is mailed about it now.
            ticket.alert, ticket.alert_at = Alert.ESCALATED, None
        ticket.save_changes(at=ticket.updated_at)


def _minutes(ticket: Ticket, promised: sla.Target) -> int:
    return promised.first if ticket.first_response_at is None else promised.resolve


def _set_alert(ticket: Ticket, calendar: Calendar, segment: TicketSegment, minutes: int, spent: int) -> None:
    step = sla.next_alert(calendar, segment.began_at, minutes, spent, Alert(ticket.alert))
    ticket.alert_at = step[1] if step is not None and ticket.due_at is not None else None


def _turn_over(ticket: Ticket, at: dt.datetime) -> tuple[TicketSegment, TicketSegment | None]:
    """The segment that runs now, and the one that ended for it, if one did."""
    segment = _open_segment(ticket)
    now = clocks.key(ticket.turn, TicketState(ticket.state))
    if clocks.key(Turn(segment.turn), TicketState(segment.state)) == now:
        return segment, None
    _end(ticket, segment, at)
    return _begin(ticket, at), segment


def _settle(ticket: Ticket, ended: TicketSegment) -> None:
    """It was just solved: what that took, and whether the promise was kept. A clock that stood still when it was solved
    is judged by what was used up before."""
    promised, used = promised_to(ticket).resolve, _spent(ticket)
    ticket.used_minutes = used
    if clocks.counts(TicketState(ended.state)):
        calendar, since, before = calendar_for(ticket, Turn(ended.turn)), ended.began_at, used - ended.minutes
    else:
        desk = Turn.IT if ticket.side == Side.IT else Turn.OFFICE
        calendar, since, before = calendar_for(ticket, desk), ended.began_at, used
    end = sla.due(calendar, since, promised, before)
    if end is None:
        ticket.solved_in_time = None
    elif clocks.counts(TicketState(ended.state)):
        ticket.solved_in_time = ended.ended_at is not None and ended.ended_at <= end
    else:
        ticket.solved_in_time = used <= promised


def _open_segment(ticket: Ticket) -> TicketSegment:
    segment = ticket.segments.filter(ended_at=None).first()
    if segment is not None:
        return segment
    # A ticket from before the clocks: as it stands in the table, since it was opened.
    turn, state = Ticket.objects.values_list("turn_now", "state").get(pk=ticket.pk)
    return TicketSegment.objects.create(ticket=ticket, turn=turn, state=state, began_at=ticket.created_at)


def _begin(ticket: Ticket, at: dt.datetime) -> TicketSegment:
    return TicketSegment.objects.create(ticket=ticket, turn=ticket.turn, state=ticket.state, began_at=at)


def _end(ticket: Ticket, segment: TicketSegment, at: dt.datetime) -> None:
    segment.ended_at = at = max(at, segment.began_at)  # two machines' clocks may differ by a moment
    if clocks.counts(TicketState(segment.state)):
        calendar = calendar_for(ticket, Turn(segment.turn))
        segment.minutes = working_minutes(calendar, segment.began_at, at)
    segment.save(update_fields=["ended_at", "minutes"])


def _spent(ticket: Ticket) -> int:
    return int(ticket.segments.exclude(ended_at=None).aggregate(used=Sum("minutes"))["used"] or 0)
