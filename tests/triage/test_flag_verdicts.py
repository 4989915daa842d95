"""Verdicts of IT on a flag beyond accept and send back: a duplicate, and sleep."""

import datetime as dt

import pytest
from django.urls import reverse

from portal_core.kernel import clock
from tests.triage.factories import FlagFactory, refresh
from triage.actions import escalations
from triage.enums import EscalationState
from triage.errors import EscalationMoved, WakeTooFar, WrongDuplicate


def url(name, *args):
    return reverse(f"triage:{name}", args=args)


@pytest.fixture
def flag(cast):
    return FlagFactory(office=cast.north, sent_by=cast.olivia)


@pytest.fixture
def it(cast):
    return {"staff": cast.ian, "by": cast.ian.actor}


def listed(ian):
    return [row["flag"] for row in ian.get(url("it")).context["flags"]]


def test_a_duplicate_goes_back_and_points_to_the_older_one(cast, flag, ian):
    newer = FlagFactory(office=cast.north, sent_by=cast.olivia)
    assert ian.post(url("duplicate", newer.public_id), {"flag": flag.public_id}).status_code == 302
    newer = refresh(newer)
    assert (newer.state, newer.refusal, newer.duplicate_of) == ("returned", "DUPLICATE_OF", flag)
    assert flag.ticket.reference in newer.ticket.messages.get().body
    assert newer.ticket.relayed_at is None


def test_only_an_older_flag_of_the_same_office_can_be_the_first(cast, flag, it, ian):
    newer = FlagFactory(office=cast.north, sent_by=cast.olivia)
    elsewhere = FlagFactory(office=cast.south, sent_by=cast.oscar, at=clock.now() - dt.timedelta(hours=1))
    for wrong in (newer, elsewhere, flag):
        with pytest.raises(WrongDuplicate):
            escalations.duplicate(flag=flag, of=wrong, **it)
    assert ian.post(url("duplicate", flag.public_id), {"flag": elsewhere.public_id}).status_code == 422
    assert refresh(flag).state == EscalationState.SENT


def test_a_sleeping_flag_is_out_of_the_way_and_wakes_by_itself(flag, ian, it, deeds):
    """§5.3: every pause has a reason and a wake-up."""
    assert ian.post(url("snooze-flag", flag.public_id), {"hours": "4", "reason": ""}).status_code == 422
    assert (
        ian.post(url("snooze-flag", flag.public_id), {"hours": "4", "reason": "Vendor calls back"}).status_code == 302
    )
    assert listed(ian) == []
    assert "Vendor calls back" in ian.get(url("it")).content.decode()

    type(flag).objects.update(snoozed_until=clock.now() - dt.timedelta(seconds=1))
    assert listed(ian) == [flag]
    type(flag).objects.update(snoozed_until=clock.now() + dt.timedelta(hours=1))
    ian.post(url("wake-flag", flag.public_id))
    ian.post(url("wake-flag", flag.public_id))
    assert listed(ian) == [flag]
    assert [deed for deed in deeds() if deed in ("flag:snooze", "flag:wake")] == ["flag:snooze", "flag:wake"]


def test_the_office_wakes_it_by_writing(cast, flag, it):
    escalations.ask_office(flag=flag, question="Which?", **it)
    type(flag).objects.update(snoozed_until=clock.now() + dt.timedelta(hours=1), snooze_reason="x")
    flag = escalations.reply_to_it(flag=refresh(flag), text="Chrome", staff=cast.olivia, by=cast.olivia.actor)
    assert (flag.snoozed_until, flag.sleeps(clock.now())) == (None, False)


@pytest.mark.parametrize("hours", [-1, 0, 24 * 8])
def test_a_time_that_is_past_or_too_far_is_refused(flag, it, hours):
    with pytest.raises(WakeTooFar):
        escalations.snooze(flag=flag, until=clock.now() + dt.timedelta(hours=hours, seconds=-1), reason="x", **it)


@pytest.mark.parametrize("state", ["answered", "need_office", "linked", "done"])
def test_only_what_is_its_move_can_sleep(cast, it, state):
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, state=state)
    with pytest.raises(EscalationMoved):
        escalations.snooze(flag=flag, until=clock.now() + dt.timedelta(hours=1), reason="x", **it)
