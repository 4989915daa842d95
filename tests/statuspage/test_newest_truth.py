"""SP-02: people get the newest news once: nothing superseded, not too many an hour, nothing that was taken back."""

import datetime as dt

import pytest
import time_machine

from portal_core.kernel import outbox
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from statuspage.actions import digests, fan_out, incidents
from statuspage.errors import FanOutNotFound, TooLateToUndo
from statuspage.models import FanOut
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import audit_actions, declare, mails, subscriber


def update(incident_id: str, body: str = "Found.", status: str = "identified") -> None:
    incidents.post_update(incident_id=incident_id, status=status, body=body, components={}, by=OMAR)


def states() -> list[tuple[str, str]]:
    return [(template, state) for _address, template, state in mails()]


def test_a_late_queue_sends_the_newest_truth_told_as_new(page, drain):
    subscriber()
    summary = declare()
    outbox.drain()
    update(summary.id, "We found it.")
    outbox.drain()

    drain()

    assert states() == [("incident_created", "superseded"), ("incident_created", "sent")]
    assert "We found it." in Delivery.objects.get(state="sent").message.text


def test_who_has_heard_of_it_gets_an_update(page, drain):
    subscriber("ann@example.test")
    summary = declare()
    drain()
    subscriber("new@example.test")

    update(summary.id)
    drain()

    assert mails()[1:] == [
        ("ann@example.test", "incident_updated", "sent"),
        ("new@example.test", "incident_created", "sent"),
    ]


def test_resolved_replaces_everything_that_waits(page, drain):
    subscriber()
    summary = declare()
    outbox.drain()
    update(summary.id)
    outbox.drain()
    incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR)

    drain()

    assert states() == [
        ("incident_created", "superseded"), ("incident_created", "superseded"), ("incident_resolved", "sent"),
    ]  # fmt: skip


def test_news_of_another_incident_replace_nothing(page, drain):
    subscriber()
    declare("One")
    outbox.drain()
    declare("Two")

    drain()

    assert states() == [("incident_created", "sent"), ("incident_created", "sent")]


def test_a_webhook_gets_every_event(page):
    subscriber("https://hooks.example.test/x", way="webhook")
    summary = declare()
    outbox.drain()
    update(summary.id)
    outbox.drain()

    assert [state for _template, state in states() if state != "waiting"] == []
    assert Delivery.objects.filter(message__template__startswith="statuspage/incident").count() == 2


def test_an_older_fan_out_stops_when_newer_news_is_being_told(page, monkeypatch):
    """The rest of the people hear only the newer one; nobody hears the older one after it."""
    monkeypatch.setattr(fan_out, "CHUNK", 1)
    for _ in range(3):
        subscriber()
    summary = declare()
    outbox.drain()  # one of three
    update(summary.id)
    outbox.drain()

    fan_out.go_on()

    older, newer = FanOut.objects.order_by("pk")
    assert (older.state, newer.state) == ("done", "done")
    assert Delivery.objects.filter(cause=older.cause).count() == 1
    assert Delivery.objects.filter(cause=newer.cause, state="waiting").count() == 3
    assert Delivery.objects.get(cause=older.cause).state == "superseded"


# --- too many in an hour ----------------------------------------------------------------------------------------------


@pytest.fixture
def noon():
    with time_machine.travel("2026-11-22 12:00:00Z", tick=False) as clock:
        yield clock


def test_more_than_so_many_an_hour_become_one_summary(page, drain, settings, noon):
    settings.STATUS_MAILS_PER_HOUR = 2
    subscriber("ann@example.test")
    for number in range(4):
        declare(f"Trouble {number}")
        drain()
    assert [state for _template, state in states()] == ["sent", "sent", "held", "held"]
    assert digests.send_due() == 0

    noon.shift(dt.timedelta(hours=1, seconds=1))
    assert digests.send_due() == 1
    drain()

    assert states()[2:] == [("incident_created", "superseded"), ("incident_created", "superseded"), ("digest", "sent")]
    said = Delivery.objects.get(state="sent", message__template="statuspage/digest").message
    assert said.subject == "2 updates in one mail"
    assert "Trouble 2" in said.text
    assert "Trouble 3" in said.text
    assert "Trouble 1" not in said.text
    assert digests.send_due() == 0


def test_what_is_alone_at_the_end_of_the_hour_goes_out_as_it_is(page, drain, settings, noon):
    settings.STATUS_MAILS_PER_HOUR = 1
    subscriber()
    declare("One")
    drain()
    declare("Two")
    drain()

    noon.shift(dt.timedelta(hours=1, seconds=1))
    digests.send_due()
    drain()

    assert states() == [("incident_created", "sent"), ("incident_created", "sent")]


def test_critical_news_is_never_held(page, drain, settings, noon):
    settings.STATUS_MAILS_PER_HOUR = 1
    subscriber()
    declare("One")
    drain()
    declare("Two", telehealth="major_outage")
    drain()

    assert [state for _template, state in states()] == ["sent", "sent"]


# --- hold and ask -----------------------------------------------------------------------------------------------------


@pytest.fixture
def storm(page):
    """More than two mails within ten minutes: ask first."""
    page.storm_people = 2
    page.save()
    for name in ("ann", "ben", "cat"):
        subscriber(f"{name}@example.test")


def test_a_storm_is_held_until_somebody_releases_it(storm, drain):
    declare()
    drain()
    row = FanOut.objects.get()
    assert (row.state, row.people, mails()) == ("held", 3, [])

    fan_out.release(fan_out_id=row.public_id, by=OMAR)
    fan_out.go_on()
    drain()

    assert [state for _template, state in states()] == ["sent"] * 3
    assert audit_actions() == ["incident:declare", "fan_out:hold", "fan_out:release"]
    (done,) = AuditEvent.objects.filter(action="fan_out:complete")
    assert (done.actor_kind, done.target_id, done.facts) == ("system", row.public_id, {"people": 3, "why": "told"})


def test_two_fan_outs_together_are_a_storm(page, drain):
    page.storm_people = 3
    page.save()
    subscriber()
    subscriber()
    declare("One")
    drain()

    declare("Two")
    drain()

    assert [row.state for row in FanOut.objects.order_by("pk")] == ["done", "held"]


def test_what_is_discarded_stays_unsent(storm, drain):
    declare()
    drain()
    row = FanOut.objects.get()

    fan_out.discard(fan_out_id=row.public_id, by=OMAR)
    fan_out.go_on()
    drain()

    assert mails() == []
    with pytest.raises(TooLateToUndo):
        fan_out.release(fan_out_id=row.public_id, by=OMAR)
    assert audit_actions().count("fan_out:discard") == 1


def test_a_second_person_who_decides_comes_too_late(storm, drain):
    declare()
    drain()
    row = FanOut.objects.get()
    fan_out.release(fan_out_id=row.public_id, by=OMAR)

    with pytest.raises(TooLateToUndo):
        fan_out.discard(fan_out_id=row.public_id, by=OMAR)
    with pytest.raises(FanOutNotFound):
        fan_out.release(fan_out_id="nosuchfanout", by=OMAR)


def test_what_was_released_is_no_news_any_more_when_there_is_newer(storm, drain):
    summary = declare()
    drain()
    older = FanOut.objects.get()
    update(summary.id)
    drain()
    newer = FanOut.objects.latest("pk")
    fan_out.release(fan_out_id=newer.public_id, by=OMAR)
    fan_out.go_on()

    fan_out.release(fan_out_id=older.public_id, by=OMAR)
    fan_out.go_on()
    drain()

    assert states() == [("incident_created", "sent")] * 3
    assert {row.cause for row in Delivery.objects.all()} == {newer.cause}


# --- undo -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def patience(page):
    page.undo_seconds = 30
    page.save()


def test_nothing_leaves_before_the_time_to_undo_is_over(patience, drain, noon):
    subscriber()
    declare()
    drain()
    assert states() == [("incident_created", "waiting")]

    noon.shift(31)
    drain()

    assert states() == [("incident_created", "sent")]


def test_undo_stops_what_has_not_left(patience, drain, noon):
    subscriber()
    declare()
    drain()
    row = FanOut.objects.get()

    assert fan_out.undo(fan_out_id=row.public_id, by=OMAR) == 1
    noon.shift(31)
    drain()

    assert states() == [("incident_created", "cancelled")]
    assert FanOut.objects.get().state == "undone"
    with pytest.raises(TooLateToUndo):
        fan_out.undo(fan_out_id=row.public_id, by=OMAR)


def test_undo_gives_back_what_it_had_replaced(patience, drain, noon):
    """Otherwise the person would hear neither of the two."""
    subscriber()
    summary = declare()
    drain()
    update(summary.id, "A slip of the hand.")
    drain()
    assert states() == [("incident_created", "superseded"), ("incident_created", "waiting")]

    fan_out.undo(fan_out_id=FanOut.objects.latest("pk").public_id, by=OMAR)
    noon.shift(31)
    drain()

    assert states() == [("incident_created", "sent"), ("incident_created", "cancelled")]


def test_undo_has_its_time(patience, drain, noon):
    subscriber()
    declare()
    drain()
    noon.shift(30)

    with pytest.raises(TooLateToUndo):
        fan_out.undo(fan_out_id=FanOut.objects.get().public_id, by=OMAR)
    drain()
    assert states() == [("incident_created", "sent")]


def test_the_end_figures_are_kept(page, drain):
    subscriber()
    declare()
    outbox.drain()
    assert fan_out.settle() == 0

    drain()

    assert fan_out.settle() == 1
    assert FanOut.objects.get().tally == {"sent": 1}
    assert fan_out.settle() == 0
