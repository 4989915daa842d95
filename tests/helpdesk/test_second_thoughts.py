"""For ten seconds a reply, a solving, a joining can be taken back, and nobody outside has heard of it."""

import datetime as dt

import pytest
import time_machine

from helpdesk.actions import tickets
from helpdesk.contracts import TicketReplied
from helpdesk.enums import Resolution, TicketState, Turn
from helpdesk.errors import TicketMerged, TooLateToUndo, UndoNotFound
from helpdesk.models import TicketUndo
from helpdesk.queries import public_thread, thread
from portal_core.kernel import outbox
from portal_core.kernel.models import OutboxMessage
from portal_core.notify.models import Delivery
from tests.helpdesk.factories import TicketFactory, refresh

S = TicketState
NOON = dt.datetime(2026, 11, 16, 18, 0, tzinfo=dt.UTC)


@pytest.fixture
def at():
    """`at(9)`: nine seconds past noon."""
    return lambda seconds: time_machine.travel(NOON + dt.timedelta(seconds=seconds), tick=False)


@pytest.fixture
def row(cast, at):
    with at(-60):
        return TicketFactory(office=cast.north)


def causes():
    return sorted(Delivery.objects.values_list("message__cause", flat=True))


def newest():
    return TicketUndo.objects.latest("id")


def test_a_reply_is_held_for_ten_seconds_and_then_leaves(cast, row, at, drain):
    with at(0):
        message = tickets.reply(ticket=row, body="Try again.", hold=True, by=cast.olivia.actor)
    with at(9):
        drain()
        assert (public_thread(row), causes()) == ([], [])
        assert thread(row) == [message]
    with at(10):
        drain()
        assert public_thread(row) == [message]
        assert causes() == [f"ticket-reply:{message.public_id}"]


def test_undo_takes_a_reply_back_into_the_draft(cast, row, at, drain, deeds):
    by = cast.olivia.actor
    with at(0):
        tickets.reply(ticket=row, body="Which browser?", expects_answer=True, hold=True, by=by)
        assert refresh(row).turn == Turn.PATIENT
    with at(9):
        ticket, text = tickets.undo(undo_id=newest().public_id, by=by)
        assert tickets.undo(undo_id=newest().public_id, by=by) == (ticket, "")  # a double click
    with at(30):
        drain()

    back = refresh(row)
    assert text == "Which browser?"
    assert (back.state, back.wake_at, back.wait_reason, back.first_response_at) == (S.NEW, None, "", None)
    assert back.due_at == back.first_due_at
    assert (thread(row), causes()) == ([], [])
    assert deeds() == ["ticket:reply", "ticket:undo_reply"]


def test_ten_seconds_later_it_is_too_late(cast, row, at, drain):
    by = cast.olivia.actor
    with at(0):
        message = tickets.reply(ticket=row, body="Try again.", hold=True, by=by)
    with at(10), pytest.raises(TooLateToUndo):
        tickets.undo(undo_id=newest().public_id, by=by)

    assert thread(row) == [message]


def test_a_mail_that_already_left_cannot_be_taken_back(cast, row, at):
    """The worker's clock may be a moment ahead of ours."""
    by = cast.olivia.actor
    with at(0):
        tickets.reply(ticket=row, body="Try again.", hold=True, by=by)
    with at(11):
        outbox.drain()
    with at(9), pytest.raises(TooLateToUndo):
        tickets.undo(undo_id=newest().public_id, by=by)

    assert newest().undone_at is None
    assert len(thread(row)) == 1


def test_only_who_did_it_may_undo_it(cast, row, at):
    with at(0):
        tickets.reply(ticket=row, body="Try again.", hold=True, by=cast.olivia.actor)
        for stranger in (cast.oscar.actor, cast.charlie.actor, tickets.requester_of(row)):
            with pytest.raises(UndoNotFound):
                tickets.undo(undo_id=newest().public_id, by=stranger)
        with pytest.raises(UndoNotFound):
            tickets.undo(undo_id="x" * 20, by=cast.olivia.actor)


def test_a_solving_is_held_and_taken_back(cast, row, at, drain, events):
    by = cast.olivia.actor
    with at(0):
        tickets.solve(ticket=row, resolution=Resolution.OFFICE, hold=True, by=by)
    with at(5):
        drain()
        tickets.undo(undo_id=newest().public_id, by=by)
    with at(60):
        drain()

    back = refresh(row)
    assert (back.state, back.solved_at, back.resolution, back.turn) == (S.NEW, None, "", Turn.OFFICE)
    assert back.due_at is not None
    assert (events(), causes()) == ([], [])


def test_a_solving_that_was_answered_meanwhile_stays(cast, row, at):
    """The requester was quicker: what they wrote counts, not the second thought."""
    by = cast.olivia.actor
    with at(0):
        tickets.solve(ticket=row, resolution=Resolution.OFFICE, hold=True, by=by)
    with at(3):
        tickets.reply(ticket=row, body="No!", by=tickets.requester_of(row))
    with at(5), pytest.raises(TooLateToUndo):
        tickets.undo(undo_id=newest().public_id, by=by)

    assert (refresh(row).state, refresh(row).reopened_count) == (S.OPEN, 1)
    assert OutboxMessage.objects.filter(done_at=None).exists()  # the mail about the solving still leaves


def test_a_reply_is_withdrawn_even_when_a_colleague_moved_the_ticket(cast, row, at):
    by = cast.olivia.actor
    with at(0):
        tickets.reply(ticket=row, body="Which browser?", expects_answer=True, hold=True, by=by)
        undo_id = newest().public_id
        tickets.solve(ticket=row, resolution=Resolution.OFFICE, by=cast.oscar.actor)
    with at(5):
        _ticket, text = tickets.undo(undo_id=undo_id, by=by)

    assert (text, refresh(row).state, thread(row)) == ("Which browser?", S.SOLVED, [])


def test_a_joining_is_taken_back_with_what_was_joined_before(cast, row, at, drain):
    by = cast.olivia.actor
    with at(-60):
        first, into = TicketFactory(office=cast.north), TicketFactory(office=cast.north)
        tickets.merge(ticket=first, into=row, by=by)
        drain()
    before = causes()
    with at(0):
        tickets.merge(ticket=row, into=into, hold=True, by=by)
        assert [refresh(one).merged_into for one in (first, row)] == [into, into]
        with pytest.raises(TicketMerged):
            tickets.reply(ticket=row, body="?", by=by)
    with at(9):
        tickets.undo(undo_id=newest().public_id, by=by)
    with at(60):
        drain()

    assert (refresh(row).state, refresh(row).merged_into) == (S.NEW, None)
    assert refresh(first).merged_into == row
    assert causes() == before


def test_an_event_without_a_hold_cannot_be_recalled_once_it_ran(cast, row, at):
    from django.db import transaction

    with at(0), transaction.atomic():
        now = outbox.publish(TicketReplied(ticket_id=row.public_id, message_id="m", at=NOON))
        assert outbox.recall(now)
        assert OutboxMessage.objects.count() == 0
