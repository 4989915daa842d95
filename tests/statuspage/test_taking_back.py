"""SP-02: which news stand when messages of one event overtake each other, or one of them is taken back."""

import datetime as dt

import pytest
import time_machine

from portal_core.kernel import outbox
from portal_core.notify.models import Delivery
from statuspage.actions import fan_out, incidents, parting
from statuspage.models import FanOut, IncidentUpdate, Page
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import declare, mails, subscriber


@pytest.fixture
def noon():
    with time_machine.travel("2026-11-22 12:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def patience(page):
    Page.objects.update(undo_seconds=30)


def update(incident_id: str, body: str) -> None:
    incidents.post_update(incident_id=incident_id, status="identified", body=body, components={}, by=OMAR)


def tell(update: IncidentUpdate) -> None:
    fan_out.begin(update_id=update.public_id, kind=update.kind, at=update.created_at)


def undo(place: int) -> None:
    """Take back the message that was published as number `place`."""
    row = FanOut.objects.order_by("update_id")[place]
    fan_out.undo(fan_out_id=row.public_id, by=OMAR)


def states() -> list[str]:
    return [state for _address, _template, state in mails()]


def test_a_handler_that_comes_late_does_not_replace_newer_news(page):
    subscriber()
    hook = subscriber("https://hooks.example.test/x", way="webhook")
    update(declare().id, "Found.")
    older, newer = IncidentUpdate.objects.order_by("pk")

    tell(newer)
    tell(older)

    late, told = FanOut.objects.get(update=older), FanOut.objects.get(update=newer)
    assert late.state == "done"
    assert set(Delivery.objects.filter(cause=told.cause).values_list("state", flat=True)) == {"waiting"}
    assert [row.recipient_key for row in Delivery.objects.filter(cause=late.cause)] == [hook.key]


def test_a_webhook_gets_the_event_at_which_a_fan_out_stopped(page, monkeypatch):
    monkeypatch.setattr(fan_out, "CHUNK", 1)
    subscriber()
    hook = subscriber("https://hooks.example.test/x", way="webhook")
    summary = declare()
    outbox.drain()
    update(summary.id, "Found.")
    outbox.drain()

    fan_out.go_on()

    assert Delivery.objects.filter(recipient_key=hook.key, state="waiting").count() == 2


def test_what_stopped_for_news_that_were_taken_back_goes_on(patience, noon, monkeypatch, drain):
    monkeypatch.setattr(fan_out, "CHUNK", 1)
    for _ in range(3):
        subscriber()
    summary = declare()
    outbox.drain()  # one of three
    update(summary.id, "A slip of the hand.")
    outbox.drain()
    fan_out.go_on()

    undo(1)
    fan_out.go_on()
    noon.shift(31)
    drain()

    first = FanOut.objects.earliest("update_id")
    assert (first.state, first.reached) == ("done", first.last)
    assert list(Delivery.objects.filter(cause=first.cause).values_list("state", flat=True)) == ["sent"] * 3
    assert Delivery.objects.filter(state="sent").count() == 3


def test_what_is_given_back_keeps_to_quiet_hours(patience, noon):
    subscriber(quiet_from=dt.time(11), quiet_until=dt.time(18), time_zone="Etc/UTC")
    summary = declare()
    outbox.drain()
    update(summary.id, "A slip of the hand.")
    outbox.drain()

    undo(1)

    given_back = Delivery.objects.get(state="waiting")
    assert given_back.available_at == dt.datetime(2026, 11, 22, 18, tzinfo=dt.UTC)


def test_taking_back_what_later_news_replaced_wakes_nothing_older(patience, noon):
    subscriber()
    summary = declare()
    outbox.drain()
    for body in ("A slip of the hand.", "The truth."):
        update(summary.id, body)
        outbox.drain()

    undo(1)
    assert states() == ["superseded", "superseded", "waiting"]

    undo(2)
    assert states() == ["waiting", "superseded", "cancelled"]


def test_a_fan_out_that_fails_stops_no_other(page, monkeypatch):
    monkeypatch.setattr(fan_out, "CHUNK", 1)
    for _ in range(2):
        subscriber()
    declare("One")
    declare("Two")
    outbox.drain()
    good, bad = FanOut.objects.order_by("update_id")
    promise = parting.promise

    def failing(row, people, *, now):
        if row.pk == bad.pk:
            raise RuntimeError
        return promise(row, people, now=now)

    monkeypatch.setattr(parting, "promise", failing)
    fan_out.go_on()

    assert list(FanOut.objects.order_by("update_id").values_list("state", flat=True)) == ["done", "running"]
    assert Delivery.objects.filter(cause=good.cause).count() == 2
