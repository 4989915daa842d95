"""The ledger says who heard what: it is kept as long as it is of use, and no longer."""

import datetime as dt

import pytest

from portal_core.notify.actions import retention
from portal_core.notify.models import Delivery, DeliveryAttempt, Message
from tests.notify.conftest import NOON
from tests.notify.factories import DeliveryFactory

pytestmark = pytest.mark.django_db


OLD = NOON - dt.timedelta(days=90, seconds=1)


def kept() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("recipient_key", flat=True))


def make(key: str, at: dt.datetime, state: str = "sent", **fields):
    return DeliveryFactory(
        recipient_key=key, created_at=at, state=state, sent_at=at if state == "sent" else None,
        failed_at=at if state == "failed" else None, message__created_at=at, message__cause=key, **fields,
    )  # fmt: skip


def test_what_is_older_than_ninety_days_goes(noon):
    make("old", OLD)
    make("old-failed", OLD, "failed")
    make("just", NOON - dt.timedelta(days=90))
    make("new", NOON)

    assert retention.forget_old() == 2

    assert kept() == ["just", "new"]
    assert list(Message.objects.order_by("pk").values_list("cause", flat=True)) == ["just", "new"]
    assert retention.forget_old() == 0


def test_the_attempts_go_with_their_delivery(noon):
    old, new = make("old", OLD), make("new", NOON)
    for one in (old, new):
        DeliveryAttempt.objects.create(delivery=one, at=one.created_at, status=200, milliseconds=12)

    retention.forget_old()

    assert list(DeliveryAttempt.objects.values_list("delivery__recipient_key", flat=True)) == ["new"]


def test_what_is_still_to_be_sent_stays(noon):
    make("waiting", OLD, "waiting")
    make("old", OLD)

    retention.forget_old()

    assert kept() == ["waiting"]
    assert Message.objects.get().cause == "waiting"


def test_a_message_that_somebody_is_owed_stays(noon):
    first = make("old", OLD)
    DeliveryFactory(message=first.message, recipient_key="new", created_at=NOON, state="sent", sent_at=NOON)

    retention.forget_old()

    assert kept() == ["new"]
    assert Message.objects.count() == 1


def test_zero_days_keep_everything(noon, settings):
    settings.DELIVERY_KEEP_DAYS = 0
    make("old", OLD)

    assert retention.forget_old() == 0
    assert kept() == ["old"]


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_batch_by_batch(noon, monkeypatch, batch):
    monkeypatch.setattr(retention, "BATCH", batch)
    for number in range(5):
        make(f"old-{number}", OLD)
    make("new", NOON)

    assert retention.forget_old() == 5
    assert kept() == ["new"]
