"""SP-02: operators see how far the telling has come, and decide what is held."""

import csv
import datetime as dt
import io

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal_core.kernel import clock, outbox
from portal_core.notify.models import Delivery
from statuspage.actions import fan_out, incidents, subscribers
from statuspage.models import FanOut, Subscriber
from statuspage.queries import board
from tests.notify.factories import DeliveryFactory
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import (
    FanOutFactory,
    IncidentFactory,
    IncidentUpdateFactory,
    audit_actions,
    declare,
    subscriber,
)

BOARD = "/desk/status/deliveries/"


def fail(address: str, code: str = "smtp_550") -> None:
    person = next(person for person in Subscriber.objects.all() if person.address == address)
    Delivery.objects.filter(recipient_key=person.key).update(
        state="failed", failed_at=clock.now(), last_error=code, claimed_by=""
    )


def test_the_board_counts(page, omar, drain):
    for name in ("ann", "ben", "cat"):
        subscriber(f"{name}@example.test")
    declare("Video visits fail")
    outbox.drain()
    fail("cat@example.test")

    (row,) = board.board(now=clock.now())

    assert (row.name, row.label, row.planned) == ("Video visits fail", "Created", 3)
    assert (row.queued, row.sent, row.failed) == (2, 0, 1)
    drain()
    (row,) = board.board(now=clock.now())
    assert (row.queued, row.sent, row.failed, row.pace.per_minute) == (0, 2, 1, 2)
    shown = omar.get(BOARD).content.decode()
    assert "Video visits fail" in shown
    assert "example.test" not in shown


def test_the_board_says_whom_each_publication_cost(page, omar):
    """SP-02: set aside because this publication failed, not whoever happened to be set aside since."""
    for name in ("ann", "ben", "cat", "dan"):
        subscriber(f"{name}@example.test")
    declare("Video visits fail")
    outbox.drain()
    fail("ann@example.test")
    fail("ben@example.test")
    Delivery.objects.filter(state="waiting").update(state="sent", sent_at=clock.now())
    declare("Reset e-mails arrive late", telehealth="major_outage")
    outbox.drain()
    people = {person.address.partition("@")[0]: person for person in Subscriber.objects.all()}
    last = FanOut.objects.order_by("-pk")[0].cause
    Delivery.objects.filter(cause=last, recipient_key=people["cat"].key).update(
        state="failed", failed_at=clock.now(), last_error="smtp_550"
    )
    ids = [people[name].public_id for name in ("ann", "cat", "dan")]  # ben stays; dan lost nothing
    subscribers.quarantine(subscriber_ids=ids, reason="smtp_550", by=OMAR)

    newest, first = board.board(now=clock.now())

    assert (first.name, first.failed, first.set_aside) == ("Video visits fail", 2, 1)
    assert (newest.name, newest.failed, newest.set_aside) == ("Reset e-mails arrive late", 1, 1)
    shown = omar.get(BOARD).content.decode()
    assert '<td data-label="Set aside" class="number">1</td>' in shown
    assert "in quarantine, because it failed" in omar.get(f"{BOARD}{first.id}/").content.decode()


def test_only_status_operators_see_it(page, cast, staff_client, client):
    assert client.get(BOARD).status_code == 302
    assert staff_client(cast.olivia).get(BOARD).status_code == 403
    assert staff_client(cast.omar).get(f"{BOARD}nosuchfanout/").status_code == 404


def test_who_has_not_been_reached_is_masked(page, omar):
    subscriber("ann@example.test")
    subscriber("ben@example.test")
    declare()
    outbox.drain()
    fail("ben@example.test")
    Delivery.objects.filter(state="waiting").update(state="sent", sent_at=clock.now())
    row = FanOut.objects.get()

    shown = omar.get(f"{BOARD}{row.public_id}/").content.decode()

    assert "b•••@e•••.test" in shown
    assert "smtp_550" in shown
    assert "a•••@" not in shown
    assert "ben@" not in shown


def test_the_list_is_a_file_and_its_taking_is_audited(page, omar):
    for number in range(3):
        subscriber(f"s{number}@example.test")
    declare()
    outbox.drain()
    row = FanOut.objects.get()

    answer = omar.get(f"{BOARD}{row.public_id}/not-reached.csv")

    lines = list(csv.reader(io.StringIO(answer.getvalue().decode())))
    assert lines[0] == ["subscriber", "way", "address (masked)", "state", "reason"]
    assert [line[1:] for line in lines[1:]] == [["email", "s•••@e•••.test", "Waiting", ""]] * 3
    assert audit_actions().count("fan_out:export") == 1


def test_release_and_discard_once(page, omar):
    page.storm_people = 1
    page.save()
    subscriber()
    subscriber()
    declare()
    outbox.drain()
    row = FanOut.objects.get()
    assert "Release to 2 people" in omar.get(BOARD).content.decode()

    first = omar.post(f"{BOARD}{row.public_id}/release/", follow=True)
    second = omar.post(f"{BOARD}{row.public_id}/discard/", follow=True)

    assert "Released: 2 people are being told." in first.content.decode()
    assert "This can no longer be changed" in second.content.decode()
    row.refresh_from_db()
    assert (row.state, row.decided_by) == ("running", "Omar Staff")


def test_undo_from_the_board(page, omar):
    page.undo_seconds = 30
    page.save()
    subscriber()
    declare()
    outbox.drain()
    row = FanOut.objects.get()
    assert "Undo sending" in omar.get(BOARD).content.decode()

    answer = omar.post(f"{BOARD}{row.public_id}/undo/", follow=True)

    assert "Stopped 1 messages" in answer.content.decode()
    assert Delivery.objects.get().state == "cancelled"
    assert omar.get(f"{BOARD}{row.public_id}/undo/").status_code == 405


def test_what_failed_is_tried_again(page, omar, drain):
    subscriber("ann@example.test")
    declare()
    outbox.drain()
    fail("ann@example.test")
    fan_out.settle()
    row = FanOut.objects.get()
    assert row.tally == {"failed": 1}

    omar.post(f"{BOARD}{row.public_id}/retry/")
    drain()

    assert Delivery.objects.get().state == "sent"
    assert FanOut.objects.get().settled_at is None


def test_the_canary_tells_how_long_the_way_out_takes(page, omar, drain):
    with time_machine.travel(clock.now(), tick=False) as now:
        assert board.canary(now=clock.now()).exists is False
        omar.post(f"{BOARD}canary/", {"address": "canary@example.test"})
        declare()
        outbox.drain()
        now.shift(70)
        late = board.canary(now=clock.now())
        assert (late.seconds, late.waiting_seconds, late.slow) == (None, 70, True)
        assert "Messages are late" in omar.get(BOARD).content.decode()
        drain()
        assert board.canary(now=clock.now()).seconds == 70
        declare("Another")
        now.shift(2)
        drain()

        found = board.canary(now=clock.now())
        assert (found.seconds, found.median, found.slow) == (2, 70, False)
    assert Subscriber.objects.get(is_canary=True).address == "canary@example.test"
    assert "canary:set-up" in audit_actions()


def test_a_canary_needs_an_address(page, omar):
    answer = omar.post(f"{BOARD}canary/", {"address": "nonsense"}, follow=True)

    assert answer.status_code == 200
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("path", [BOARD, "detail"])
def test_the_board_asks_as_often_for_many_as_for_few(page, omar, path):
    subscriber()
    declare("First")
    outbox.drain()
    where = BOARD if path == BOARD else f"{BOARD}{FanOut.objects.get().public_id}/"

    def asked() -> int:
        omar.get(where)
        with CaptureQueriesContext(connection) as queries:
            assert omar.get(where).status_code == 200
        return len(queries)

    few = asked()
    for number in range(3):
        subscriber()
        declare(f"More {number}")
        outbox.drain()

    assert asked() == few


def test_old_news_are_not_tried_again(page, omar, drain):
    """The newer message is on its way: nobody gets "investigating" after "resolved"."""
    subscriber("ann@example.test")
    summary = declare()
    outbox.drain()
    fail("ann@example.test")
    older = FanOut.objects.get()
    incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR)
    drain()

    answer = omar.post(f"{BOARD}{older.public_id}/retry/", follow=True)

    assert "A later message of this event is being sent" in answer.content.decode()
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["failed", "sent"]


def test_the_canary_is_nobody_who_asked_us_to_stop(page, omar):
    gone = subscriber("ann@example.test", unsubscribed_at=clock.now())
    before = omar.post(f"{BOARD}canary/", {"address": "canary@example.test"})

    answer = omar.post(f"{BOARD}canary/", {"address": "ann@example.test"}, follow=True)

    assert before.status_code == 302
    assert "asked us to stop" in answer.content.decode()
    gone.refresh_from_db()
    assert (gone.is_canary, gone.unsubscribed_at is None) == (False, False)
    assert Subscriber.objects.get(is_canary=True).address == "canary@example.test"


def test_the_newest_is_what_was_published_last_whatever_was_written_last(page):
    """A handler that failed begins late: its row is younger than its news."""
    now, incident = clock.now(), IncidentFactory(page=page)

    def told(minutes: int, **values) -> FanOut:
        at = now - dt.timedelta(minutes=minutes)
        return FanOutFactory(update=IncidentUpdateFactory(incident=incident, created_at=at), **values)

    newest, older = (told(minutes, undo_until=now + dt.timedelta(minutes=1)) for minutes in (1, 5))
    held = [told(minutes, state="held") for minutes in (2, 3)]

    assert board.undoable(incident.public_id, now=now) == newest
    assert [row.id for row in board.board(now=now)] == [
        newest.public_id, held[0].public_id, held[1].public_id, older.public_id,
    ]  # fmt: skip
    assert [row.id for row in board.held(now=now)] == [held[1].public_id, held[0].public_id]


def test_the_canary_speaks_of_what_was_published_last(page):
    now, reader = clock.now(), subscriber("canary@example.test", is_canary=True)
    Subscriber.objects.update(created_at=now - dt.timedelta(hours=1))
    for minutes, took in ((1, 3), (5, 40)):
        update = IncidentUpdateFactory(incident__page=page, created_at=now - dt.timedelta(minutes=minutes))
        row = FanOutFactory(update=update)
        sent = row.published_at + dt.timedelta(seconds=took)
        DeliveryFactory(message__cause=row.cause, recipient_key=reader.key, state="sent", sent_at=sent)

    assert board.canary(now=now).seconds == 3
