"""Events: written with the deed, handed over after it, retried, buried, revived; database effects exactly once."""

import dataclasses
import datetime as dt
import threading
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction

from portal_core.kernel import outbox
from portal_core.kernel.contracts import Event
from portal_core.kernel.models import IdempotencyKey, OutboxMessage
from portal_core.kernel.tasks import drain_outbox, purge
from tests.kernel.crowd import at_once

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LampLit(Event):
    lamp: str
    at: dt.datetime | None = None
    colours: tuple[str, ...] = ()
    watts: int = 5


seen: list[Event] = []
broken = threading.Event()


def note(event: LampLit) -> None:
    """Leaves a row behind, so that a rollback of the handler shows."""
    IdempotencyKey.objects.create(scope="lamp", key=f"{event.lamp}-{len(seen)}", created_at=NOON)
    seen.append(event)
    if broken.is_set():
        raise ValueError("quotes a row: Pat Example")


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setitem(outbox._handlers, LampLit.event_name(), {})
    outbox.handles(LampLit)(note)
    seen.clear()
    broken.clear()
    yield
    seen.clear()


def light(lamp: str = "north", **more) -> None:
    with transaction.atomic():
        outbox.publish(LampLit(lamp=lamp, **more))


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        outbox.publish(LampLit(lamp="north"))

    assert OutboxMessage.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_an_event_dies_with_its_transaction():
    with transaction.atomic():
        outbox.publish(LampLit(lamp="north"))
        transaction.set_rollback(True)

    assert outbox.drain() == 0
    assert seen == []


@pytest.mark.django_db
def test_an_event_arrives_as_it_was_published():
    light(at=NOON, colours=("red", "green"), watts=7)

    assert outbox.drain() == 1

    assert seen == [LampLit(lamp="north", at=NOON, colours=("red", "green"), watts=7)]
    message = OutboxMessage.objects.get()
    assert message.done_at is not None
    assert (message.attempts, message.last_error, message.handler) == (0, "", "tests.kernel.test_outbox.note")


@pytest.mark.django_db
def test_an_older_event_without_a_newer_field_still_arrives():
    light()
    OutboxMessage.objects.update(payload={"lamp": "north"})

    outbox.drain()

    assert seen == [LampLit(lamp="north")]


@pytest.mark.django_db
def test_every_handler_gets_its_own_row_and_one_failing_does_not_stop_the_other():
    def other(event: LampLit) -> None:
        seen.append(event)

    outbox.handles(LampLit)(other)
    broken.set()
    light()

    assert outbox.drain() == 2

    states = {
        row.handler.rpartition(".")[2]: (row.done_at is not None, row.attempts) for row in OutboxMessage.objects.all()
    }
    assert states == {"note": (False, 1), "other": (True, 0)}


@pytest.mark.django_db
def test_a_failing_handler_leaves_nothing_and_is_tried_again_after_a_pause():
    broken.set()
    with time_machine.travel(NOON, tick=False) as clock:
        light()
        assert outbox.drain() == 1
        assert outbox.drain() == 0  # not due yet
        message = OutboxMessage.objects.get()
        assert (message.attempts, message.available_at) == (1, NOON + dt.timedelta(seconds=1))
        assert message.last_error == "ValueError"  # the type, never the text
        assert IdempotencyKey.objects.count() == 0  # the handler's own writes went with it

        broken.clear()
        clock.shift(1)
        assert outbox.drain() == 1

    message.refresh_from_db()
    assert message.done_at == NOON + dt.timedelta(seconds=1)
    assert len(seen) == 2
    assert IdempotencyKey.objects.count() == 1  # exactly once in the database, although the handler ran twice


@pytest.mark.django_db
def test_a_hopeless_message_dies_after_eight_tries_and_can_be_revived():
    broken.set()
    with time_machine.travel(NOON, tick=False) as clock:
        light()
        for pause in (*outbox.PAUSES, 0):
            assert outbox.drain() == 1
            clock.shift(pause)
        dead = OutboxMessage.objects.get()
        assert (dead.attempts, dead.dead_at) == (8, NOON + dt.timedelta(seconds=sum(outbox.PAUSES)))
        clock.shift(100_000)
        assert outbox.drain() == 0

        out = StringIO()
        broken.clear()
        call_command("outbox", "--revive", stdout=out)
        assert outbox.drain() == 1

    assert out.getvalue() == (
        f"0 waiting\ndead #{dead.pk} kernel.LampLit -> tests.kernel.test_outbox.note: ValueError x8\n1 revived\n"
    ).replace("kernel.LampLit", LampLit.event_name())
    assert OutboxMessage.objects.get().done_at is not None


@pytest.mark.django_db
def test_a_handler_that_no_longer_exists_is_a_failure_that_operators_see():
    light()
    OutboxMessage.objects.update(handler="gone.away")

    outbox.drain()

    assert OutboxMessage.objects.get().last_error == "KeyError"


@pytest.mark.django_db
def test_the_limit_holds():
    for number in range(5):
        light(str(number))

    assert outbox.drain(limit=3) == 3
    assert [event.lamp for event in seen] == ["0", "1", "2"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_draining_at_once_hand_each_event_over_once():
    """On PostgreSQL they really run side by side (SKIP LOCKED); on SQLite they stand in line."""
    for number in range(20):
        light(str(number))

    at_once(outbox.drain, outbox.drain, outbox.drain)
    outbox.drain()

    assert sorted(int(event.lamp) for event in seen) == list(range(20))
    assert IdempotencyKey.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_what_another_worker_holds_is_left_to_it(settings):
    """A drain does not spin on rows that are locked by a slow handler elsewhere."""
    if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        light()  # one writer at a time: the second drain finds the row done
        assert outbox.drain() == 1
        assert outbox.drain() == 0
        return
    holding, release = threading.Event(), threading.Event()
    light()

    def hold() -> None:
        with transaction.atomic():
            OutboxMessage.objects.select_for_update().get()
            holding.set()
            release.wait(10)

    def drain() -> int:
        holding.wait(10)
        try:
            return outbox.drain()
        finally:
            release.set()

    assert at_once(hold, drain) == [None, 0]
    assert outbox.drain() == 1


@pytest.mark.django_db(transaction=True)
def test_a_commit_wakes_the_worker_once_and_a_rollback_never(settings, monkeypatch):
    settings.OUTBOX_WAKE = True
    woken: list[str] = []
    monkeypatch.setattr(drain_outbox, "delay", lambda: woken.append("woken"))

    with transaction.atomic():
        outbox.publish(LampLit(lamp="north"))
        outbox.publish(LampLit(lamp="south"))
        assert woken == []
    with transaction.atomic():
        outbox.publish(LampLit(lamp="west"))
        transaction.set_rollback(True)

    assert woken == ["woken"]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_does_not_undo_the_deed(settings, monkeypatch):
    settings.OUTBOX_WAKE = True

    def refuse() -> None:
        raise ConnectionError

    monkeypatch.setattr(drain_outbox, "delay", refuse)

    light()

    assert outbox.drain() == 1


@pytest.mark.django_db(transaction=True)
def test_the_task_drains_until_dry_and_seals():
    for number in range(3):
        light(str(number))

    assert drain_outbox() == 3
    assert drain_outbox() == 0


@pytest.mark.django_db
def test_the_purge_forgets_what_is_done_for_a_month_and_nothing_else():
    old, young = NOON - dt.timedelta(days=31), NOON - dt.timedelta(days=29)
    for number in range(4):
        light(str(number))
    ids = list(OutboxMessage.objects.order_by("id").values_list("id", flat=True))
    for pk, fields in zip(
        ids, ({"done_at": old}, {"done_at": young}, {"dead_at": old}, {"created_at": old}), strict=True
    ):
        OutboxMessage.objects.filter(pk=pk).update(**fields)
    IdempotencyKey.objects.create(scope="s", key="old", created_at=old)
    IdempotencyKey.objects.create(scope="s", key="young", created_at=young)

    with time_machine.travel(NOON, tick=False):
        assert purge() == 2

    assert list(OutboxMessage.objects.order_by("id").values_list("id", flat=True)) == ids[1:]
    assert IdempotencyKey.objects.get().key == "young"
