"""Resting with a reason and a wake-up; a question repeated and at last given up; asking whether we helped."""

import datetime as dt

import pytest
import time_machine

from helpdesk.actions import calls, tickets
from helpdesk.enums import CallDirection, CallOutcome, Resolution, SnoozeReason, TicketState, Turn
from helpdesk.errors import SnoozeOutOfRange, StillAtIT, WrongMove
from helpdesk.models import TicketRating
from helpdesk.queries import office_queue
from helpdesk.tasks import wake_tickets
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.notify.models import Delivery
from tests.helpdesk.factories import TicketFactory, refresh

S = TicketState
DAY = dt.timedelta(days=1)


def travel(moment):
    return time_machine.travel(moment, tick=False)


# --- resting ----------------------------------------------------------------------------------------------------------
def test_a_resting_ticket_leaves_the_queue_and_comes_back_by_itself(cast, ticket, deeds):
    until = clock.now() + DAY
    row = tickets.snooze(ticket=ticket, reason=SnoozeReason.CALL_BACK, until=until, by=cast.olivia.actor)

    assert (row.snoozed_until, row.snooze_reason, row.turn) == (until, "call_back", Turn.OFFICE)
    assert office_queue(cast.olivia).tickets == []
    with travel(until - dt.timedelta(seconds=1)):
        wake_tickets()
        assert office_queue(cast.olivia).tickets == []
    with travel(until):
        wake_tickets()
        assert office_queue(cast.olivia).tickets == [ticket]
    assert deeds() == ["ticket:snooze", "ticket:unsnooze"]


@pytest.mark.parametrize(
    "deed",
    [
        lambda row, cast: tickets.reply(ticket=row, body="Hello?", by=tickets.requester_of(row)),
        lambda row, cast: tickets.mark_relayed(ticket=row, by=cast.olivia.actor),
        lambda row, cast: tickets.hand_over(ticket=row, office=cast.south, by=cast.olivia.actor),
        lambda row, cast: tickets.solve(ticket=row, resolution=Resolution.OFFICE, by=cast.olivia.actor),
        lambda row, cast: tickets.unsnooze(ticket=row, by=cast.olivia.actor),
    ],
    ids=["answer", "relay", "hand over", "solve", "by hand"],
)
def test_whatever_happens_to_it_wakes_it(cast, ticket, deed):
    tickets.snooze(ticket=ticket, reason=SnoozeReason.VISIT, until=clock.now() + DAY, by=cast.olivia.actor)
    deed(ticket, cast)

    assert (refresh(ticket).snoozed_until, refresh(ticket).snooze_reason) == (None, "")


@pytest.mark.parametrize("ahead", [dt.timedelta(), -DAY, 91 * DAY])
def test_resting_has_an_end_in_sight(cast, ticket, ahead):
    with travel(clock.now()), pytest.raises(SnoozeOutOfRange):
        tickets.snooze(ticket=ticket, reason=SnoozeReason.VISIT, until=clock.now() + ahead, by=cast.olivia.actor)


@pytest.mark.parametrize("state", [S.WAIT_PATIENT, S.WAIT_INCIDENT, S.CLOSE_LOOP, S.SOLVED, S.CLOSED, S.MERGED])
def test_only_what_is_our_move_can_rest(cast, state):
    with pytest.raises(WrongMove):
        tickets.snooze(
            ticket=TicketFactory(office=cast.north, state=state), reason=SnoozeReason.VISIT,
            until=clock.now() + DAY, by=cast.olivia.actor,
        )  # fmt: skip


def test_what_lies_at_it_does_not_rest(cast, ticket):
    tickets.mark_relayed(ticket=ticket, by=cast.olivia.actor)
    with pytest.raises(StillAtIT):
        tickets.snooze(ticket=ticket, reason=SnoozeReason.VISIT, until=clock.now() + DAY, by=cast.olivia.actor)


# --- an unanswered question -------------------------------------------------------------------------------------------
def test_a_question_is_repeated_on_day_2_and_5_and_given_up_on_day_9(cast, ticket, drain):
    start = clock.now()
    with travel(start):
        tickets.reply(ticket=ticket, body="Which one?", expects_answer=True, by=cast.olivia.actor)
    seen = []
    for day in range(1, 11):
        with travel(start + day * DAY):
            wake_tickets()
            drain()
            row = refresh(ticket)
            seen.append((row.state, row.nudges))

    assert seen == [
        (S.WAIT_PATIENT, 0), (S.WAIT_PATIENT, 1), (S.WAIT_PATIENT, 1), (S.WAIT_PATIENT, 1), (S.WAIT_PATIENT, 2),
        (S.WAIT_PATIENT, 2), (S.WAIT_PATIENT, 2), (S.WAIT_PATIENT, 2), (S.SOLVED, 0), (S.SOLVED, 0),
    ]  # fmt: skip
    assert refresh(ticket).resolution == Resolution.NO_ANSWER
    assert sorted(Delivery.objects.values_list("message__template", flat=True)) == [
        "helpdesk/no_answer", "helpdesk/nudge", "helpdesk/nudge", "helpdesk/reply",
    ]  # fmt: skip


def test_an_answer_ends_the_repeating_and_a_new_question_starts_it_again(cast, ticket):
    start = clock.now()
    by = cast.olivia.actor
    with travel(start):
        tickets.reply(ticket=ticket, body="Which one?", expects_answer=True, by=by)
    with travel(start + 2 * DAY):
        wake_tickets()
        tickets.reply(ticket=ticket, body="I mean: which phone?", expects_answer=True, by=by)

    assert (refresh(ticket).nudges, refresh(ticket).wake_at) == (0, start + 4 * DAY)
    tickets.reply(ticket=ticket, body="The blue one.", by=tickets.requester_of(ticket))
    assert (refresh(ticket).state, refresh(ticket).wake_at) == (S.OPEN, None)


@pytest.mark.parametrize("state", [TicketState.WAIT_PATIENT, TicketState.CLOSE_LOOP, TicketState.SOLVED])
@pytest.mark.parametrize(
    ("direction", "outcome", "answered", "ends"),
    [("in", "talked", False, True), ("out", "talked", True, True), ("out", "talked", False, False),
     ("out", "no_answer", True, False), ("in", "voicemail", False, False)],
)  # fmt: skip
def test_who_answers_on_the_phone_is_waited_for_no_longer(cast, state, direction, outcome, answered, ends):
    """HD-08: no reminder follows, and nothing is given up as "no answer"."""
    row = TicketFactory(office=cast.north, state=state, incident_id="inc1" if state == "close_loop" else "")

    calls.write_down(
        ticket=row, staff=cast.olivia, direction=CallDirection(direction), outcome=CallOutcome(outcome),
        answered=answered, by=cast.olivia.actor,
    )  # fmt: skip

    after = refresh(row)
    assert after.state == (TicketState.OPEN if ends else state)
    assert after.reopened_count == (1 if ends and state == TicketState.SOLVED else 0)


def test_a_call_wakes_what_was_put_aside(cast, ticket):
    until = clock.now() + dt.timedelta(days=3)
    tickets.snooze(ticket=ticket, reason=SnoozeReason.CALL_BACK, until=until, by=cast.olivia.actor)

    calls.write_down(
        ticket=ticket, staff=cast.olivia, direction=CallDirection.IN, outcome=CallOutcome.TALKED, by=cast.olivia.actor
    )

    assert refresh(ticket).snoozed_until is None


def test_after_a_long_outage_the_repetitions_do_not_come_all_at_once(cast, ticket):
    start = clock.now()
    with travel(start):
        tickets.reply(ticket=ticket, body="Which one?", expects_answer=True, by=cast.olivia.actor)
    with travel(start + 30 * DAY):
        wake_tickets()
        wake_tickets()
        assert (refresh(ticket).state, refresh(ticket).nudges) == (S.WAIT_PATIENT, 1)
        assert refresh(ticket).wake_at > clock.now() + 2 * DAY


# --- did we help? -----------------------------------------------------------------------------------------------------
@pytest.fixture
def solved(cast):
    return TicketFactory(office=cast.north, state=S.SOLVED)


def rate(row, solved, comment="", round=0):
    return tickets.rate(ticket=row, solved=solved, comment=comment, round=round, by=tickets.requester_of(row))


def test_yes_is_kept_and_changes_nothing_else(solved, deeds):
    rate(solved, True, "Quick!")
    rate(solved, True, "")

    row = TicketRating.objects.get()
    assert (row.solved, refresh(solved).state, refresh(solved).reopened_count) == (True, S.SOLVED, 0)
    assert deeds() == ["ticket:rate", "ticket:rate"]


def test_no_reopens_within_the_week_and_brings_the_comment_to_the_desk(solved):
    rate(solved, False, "Still locked.")
    again = rate(solved, False, "Still locked.")  # a double click

    row = refresh(solved)
    assert (row.state, row.reopened_count, row.turn, again.solved) == (S.OPEN, 1, Turn.OFFICE, False)
    assert [one.body for one in row.messages.all()] == ["Still locked."]
    assert TicketRating.objects.count() == 1


def test_each_solving_is_asked_about_once(cast, solved):
    rate(solved, False)
    tickets.solve(ticket=solved, resolution=Resolution.OFFICE, by=cast.olivia.actor)
    rate(solved, True, round=1)

    assert list(TicketRating.objects.order_by("round").values_list("round", "solved")) == [(0, False), (1, True)]


def test_after_the_week_no_is_heard_but_does_not_reopen(cast):
    closed = TicketFactory(office=cast.north, state=S.CLOSED)
    rate(closed, False)

    assert (refresh(closed).state, TicketRating.objects.get().solved) == (S.CLOSED, False)


@pytest.mark.parametrize("state", [S.NEW, S.OPEN, S.WAIT_PATIENT, S.MERGED])
def test_nobody_is_asked_before_it_is_solved(cast, state):
    with pytest.raises(WrongMove):
        rate(TicketFactory(office=cast.north, state=state), True)
    assert TicketRating.objects.count() == 0


def test_waking_what_is_awake_changes_nothing(ticket, deeds):
    tickets.unsnooze(ticket=ticket, by=SYSTEM)

    assert deeds() == []
