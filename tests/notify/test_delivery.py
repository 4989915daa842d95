"""From a row to the wire and back, over a real SMTP dialogue."""

import datetime as dt
import logging

import pytest
from django.utils import timezone

from portal_core import notify
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.models import AuditEvent
from portal_core.notify import delivery, hooks, queries
from portal_core.notify.actions import retries
from portal_core.notify.enums import Channel
from portal_core.notify.models import Delivery
from tests.notify.conftest import NOON
from tests.notify.factories import DeliveryFactory, MessageFactory, recipients

pytestmark = pytest.mark.django_db
PAT = notify.Recipient(key="patient:pat", email="pat@example.org")


def tell(people, **values):
    return notify.send_many("sample/outage", recipients=people, cause="update:1", context={"what": "Portal"}, **values)


def only() -> Delivery:
    return Delivery.objects.get()


@pytest.fixture
def noticed(monkeypatch):
    """A before_send check that drops what the test puts into the returned set."""
    gone: set[str] = set()
    monkeypatch.setattr(hooks, "_checks", {})
    hooks.before_send("sample/", lambda keys: keys & gone)
    return gone


def test_a_due_delivery_is_sent_and_marked(sink, noon):
    tell([PAT])

    assert delivery.deliver_due() == 1

    row = only()
    assert (row.state, row.attempts, row.sent_at, row.claimed_by, row.last_error) == ("sent", 1, NOON, "", "")
    assert [(mail.sender, mail.recipient) for mail in sink.mails] == [("no-reply@lantern.example", "pat@example.org")]
    assert delivery.deliver_due() == 0
    assert len(sink.mails) == 1


def test_asked_twice_sent_once(sink):
    """SP-02: created, updated, resolved: each exactly once."""
    tell([PAT])
    delivery.deliver_due()
    tell([PAT])
    delivery.deliver_due()

    assert len(sink.mails) == 1


def test_a_thousand_mails_use_one_connection(sink):
    tell(recipients(1000))

    assert delivery.deliver_due() == 1000

    assert sink.connections == 1
    assert len({mail.recipient for mail in sink.mails}) == len(sink.mails) == 1000
    assert queries.delivery_counts("update:")["sent"] == 1000


def test_a_personal_mail_goes_ahead_of_many(sink):
    tell(recipients(3))
    notify.send("sample/plain", to=PAT, cause="reset:1", context={"link": "x"})

    delivery.deliver_due()

    assert sink.mails[0].recipient == "pat@example.org"


def test_a_refused_recipient_fails_for_good_and_the_others_hear(sink, noon):
    sink.replies["s1@example.org"] = "550 no such user <s1@example.org>"
    tell(recipients(3))

    delivery.deliver_due()

    assert sorted(Delivery.objects.values_list("recipient_key", "state", "last_error", "failed_at")) == [
        ("subscriber:0", "sent", "", None),
        ("subscriber:1", "failed", "smtp_550", NOON),
        ("subscriber:2", "sent", "", None),
    ]
    assert sink.connections == 1


def test_a_temporary_refusal_is_tried_again_later(sink, noon, monkeypatch):
    monkeypatch.setattr(delivery.random, "uniform", lambda low, high: 1)
    sink.replies["pat@example.org"] = "451 greylisted"
    tell([PAT])

    assert delivery.deliver_due() == 1
    assert (only().state, only().last_error, only().available_at) == (
        "waiting", "smtp_451", NOON + dt.timedelta(seconds=5),
    )  # fmt: skip
    assert delivery.deliver_due() == 0

    del sink.replies["pat@example.org"]
    noon.shift(5)
    assert delivery.deliver_due() == 1
    assert (only().state, only().attempts, only().last_error) == ("sent", 2, "")


def test_after_the_last_attempt_it_is_given_up_and_stays_visible(sink, noon):
    sink.replies["pat@example.org"] = "451 later"
    tell([PAT])

    tried = 0
    while only().state == "waiting":
        tried += delivery.deliver_due()
        noon.shift(5000)

    assert tried == delivery.MAX_ATTEMPTS == only().attempts
    assert (only().state, only().last_error) == ("dead", "smtp_451")
    assert sink.mails == []


def test_a_refused_sender_is_our_fault_and_kills_nothing(sink):
    sink.replies["MAIL"] = "553 sender not allowed"
    tell([PAT])

    delivery.deliver_due()

    assert (only().state, only().last_error) == ("waiting", "smtp_553")


def test_a_closed_server_costs_no_attempt_and_nothing_is_lost(sink, settings, noon, caplog):
    caplog.set_level(logging.CRITICAL)
    settings.EMAIL_URL = "smtp://127.0.0.1:9"
    tell(recipients(250))

    assert delivery.deliver_due() == 200  # the first batch; the way out is closed, so the second is not even claimed

    assert queries.delivery_counts()["waiting"] == 250
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}
    settings.EMAIL_URL = sink.url
    noon.shift(15)
    assert delivery.deliver_due() == 250
    assert len(sink.mails) == 250


def test_a_server_that_says_421_is_left_alone_for_a_while(sink, caplog):
    caplog.set_level(logging.CRITICAL)
    sink.replies["s1@example.org"] = "421 too busy"
    tell(recipients(3))

    delivery.deliver_due()

    assert queries.delivery_counts() | {"waiting": 2, "sent": 1} == queries.delivery_counts()
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 1]


def test_a_connection_lost_in_the_middle_of_a_mail_is_tried_again_under_the_same_id(sink, noon):
    sink.hang_up_in_data = 1
    tell(recipients(3))

    delivery.deliver_due()

    assert queries.delivery_counts()["sent"] == 2
    lost = Delivery.objects.get(state="waiting")
    assert lost.last_error == "connection_lost"
    noon.shift(10)
    delivery.deliver_due()
    assert sorted(mail.message["Message-ID"] for mail in sink.mails) == sorted(
        f"<{row.public_id}@lantern.example>" for row in Delivery.objects.all()
    )
    assert sink.connections == 3


def test_a_server_that_closes_after_a_few_mails_is_dialled_again(sink):
    sink.hang_up_after = 10
    tell(recipients(25))

    delivery.deliver_due()

    assert len(sink.mails) == 25
    assert sink.connections == 3
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_too_late_is_not_sent(sink, noon):
    tell([PAT], not_after=NOON + dt.timedelta(minutes=5))
    noon.shift(301)

    assert delivery.deliver_due() == 0

    assert (only().state, only().last_error) == ("expired", "too_late")
    assert sink.mails == []


def test_in_time_is_sent(sink, noon):
    tell([PAT], not_after=NOON + dt.timedelta(minutes=5))
    noon.shift(299)

    delivery.deliver_due()

    assert only().state == "sent"


def test_a_batch_that_came_too_late_does_not_hide_what_is_due(sink, noon, monkeypatch):
    monkeypatch.setattr(delivery, "BATCH", 5)
    monkeypatch.setattr(delivery.Claim.take.__func__, "__kwdefaults__", {"without": (), "limit": 5})
    tell(recipients(5), not_after=NOON + dt.timedelta(seconds=1))
    noon.shift(2)
    notify.send_many("sample/outage", recipients=[PAT], cause="update:2", context={"what": "x"})

    assert delivery.deliver_due() == 1

    assert queries.delivery_counts() | {"expired": 5, "sent": 1} == queries.delivery_counts()


def test_someone_who_unsubscribed_meanwhile_hears_nothing(sink, noticed):
    """SP-02: the check is made at the moment of sending, not of asking."""
    tell(recipients(3))
    noticed.add("subscriber:1")

    delivery.deliver_due()

    assert sorted(mail.recipient for mail in sink.mails) == ["s0@example.org", "s2@example.org"]
    assert Delivery.objects.get(recipient_key="subscriber:1").state == "cancelled"


def test_a_check_is_asked_only_about_its_own_templates(sink, noticed):
    noticed.add(PAT.key)
    DeliveryFactory(recipient_key=PAT.key, message__template="other/thing")

    delivery.deliver_due()

    assert only().state == "sent"


def test_when_the_check_fails_nobody_is_told(sink, noticed, caplog, monkeypatch):
    caplog.set_level(logging.CRITICAL)
    hooks.before_send("sample/", lambda keys: 1 / 0)
    tell([PAT])

    delivery.deliver_due()

    assert sink.mails == []
    assert (only().state, only().last_error) == ("waiting", "check_failed")


def test_a_claim_of_a_dead_worker_comes_back(sink, noon):
    """Killed between claim and send: nothing lost, nothing twice."""
    tell(recipients(3))
    abandoned = delivery.Claim.take(NOON)
    assert len(abandoned.rows) == 3

    assert delivery.deliver_due() == 0
    noon.shift(delivery.LEASE)
    assert delivery.deliver_due() == 3

    assert len(sink.mails) == 3
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 2)}


def test_a_single_process_takes_up_at_once_what_it_left(sink, noon):
    tell(recipients(3))
    delivery.Claim.take(NOON)  # and the process is killed

    assert delivery.release_claims() == 3
    assert delivery.deliver_due() == 3

    assert len(sink.mails) == 3


def test_killed_between_send_and_mark_the_duplicate_has_the_same_id(sink, noon):
    tell([PAT])
    lost = delivery.Claim.take(NOON)
    run = delivery.Run()
    run._load_letters(lost)
    parcel = delivery.Parcel(
        lost.rows[0].pk, lost.rows[0].public_id, PAT.email, "", run.letters[lost.rows[0].message_id]
    )
    assert [outcome.error for outcome in run._transport(Channel.EMAIL).send([parcel])] == [None]
    run.transports[Channel.EMAIL].close()  # and here the worker dies

    noon.shift(delivery.LEASE)
    delivery.deliver_due()

    assert [mail.message["Message-ID"] for mail in sink.mails] == [f"<{only().public_id}@lantern.example>"] * 2
    assert sink.mails[0].raw == sink.mails[1].raw


def test_a_worker_that_slept_too_long_overwrites_nothing(sink, noon):
    tell([PAT])
    sleeper = delivery.Claim.take(NOON)
    noon.shift(delivery.LEASE)
    delivery.deliver_due()

    sleeper.refused([(sleeper.rows[0].pk, "late_news")])
    sleeper.put_back([sleeper.rows[0].pk], "late_news")

    assert (only().state, only().last_error) == ("sent", "")


def test_a_long_batch_keeps_its_lease(sink, noon):
    """A slow server must not make a second worker take over what the first is still sending."""
    tell(recipients(10))
    sink.on_mail = lambda mail: noon.shift(20)

    delivery.deliver_due()

    assert len(sink.mails) == 10
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_rows_taken_over_by_another_worker_are_not_sent_by_the_sleeper(sink, noon):
    tell(recipients(4))

    def sleep_and_be_robbed(mail):
        noon.shift(delivery.LEASE)
        robbed = Delivery.objects.filter(state="sending", recipient_key="subscriber:3")
        robbed.update(claimed_by="somebody-else", available_at=timezone.now() + delivery.LEASE)

    sink.on_mail = None
    claim = delivery.Claim.take(NOON)
    sleep_and_be_robbed(None)
    parcels = [delivery.Parcel(row.pk, row.public_id, row.address, "", None) for row in claim.rows]

    assert [parcel.address for parcel in claim.still_ours(parcels)] == [
        "s0@example.org", "s1@example.org", "s2@example.org",
    ]  # fmt: skip


def test_one_broken_letter_does_not_tire_its_neighbours(sink, caplog, noon):
    caplog.set_level(logging.CRITICAL)
    broken = MessageFactory(headers={"Subject": "a second subject"})  # no mail can be built from it
    DeliveryFactory(message=broken, address="broken@example.org", urgency=0)
    tell(recipients(2))

    delivery.deliver_due()
    noon.shift(20)
    delivery.deliver_due()

    assert sorted(mail.recipient for mail in sink.mails) == ["s0@example.org", "s1@example.org"]
    assert Delivery.objects.get(message=broken).last_error == "ValueError"
    assert set(Delivery.objects.filter(state="sent").values_list("attempts", flat=True)) == {1}


def test_one_run_at_a_time_in_a_process(sink):
    tell([PAT])
    assert delivery.LINES["mail"].running.acquire(blocking=False)
    try:
        assert delivery.deliver_due() == 0
    finally:
        delivery.LINES["mail"].running.release()

    assert delivery.deliver_due() == 1


def test_an_operator_tries_again(sink, noon):
    lost = DeliveryFactory(state="dead", failed_at=NOON, attempts=12, last_error="smtp_451")
    sent = DeliveryFactory(state="sent", sent_at=NOON)

    assert retries.try_again(public_ids=[lost.public_id, sent.public_id], by=SYSTEM) == 1
    assert retries.try_again(public_ids=[lost.public_id, sent.public_id], by=SYSTEM) == 0
    delivery.deliver_due()

    lost.refresh_from_db()
    assert (lost.state, lost.attempts, lost.failed_at) == ("sent", 1, None)
    assert [mail.recipient for mail in sink.mails] == [lost.address]
    assert list(AuditEvent.objects.values_list("action", "facts")) == [("delivery:try-again", {"count": 1})]


def test_counts_and_the_oldest(noon):
    assert queries.oldest_waiting() is None
    DeliveryFactory(message__cause="incident-update:1", state="dead", failed_at=NOON)
    DeliveryFactory(message__cause="incident-update:2", created_at=NOON - dt.timedelta(minutes=3))
    DeliveryFactory(message__cause="close-loop:2", created_at=NOON - dt.timedelta(minutes=1))

    assert queries.oldest_waiting() == NOON - dt.timedelta(minutes=3)
    assert queries.delivery_counts("incident-update:") == {
        "waiting": 1, "sending": 0, "sent": 0, "delivered": 0, "failed": 0, "dead": 1, "expired": 0, "cancelled": 0,
        "superseded": 0, "held": 0,
    }  # fmt: skip
    assert sum(queries.delivery_counts().values()) == 3


@pytest.fixture
def secret(monkeypatch, settings):
    settings.DEMO = False
    monkeypatch.setattr(hooks, "_secret", {"sample/"})


def test_words_that_open_something_are_forgotten_when_sent(sink, secret):
    tell([PAT])

    delivery.deliver_due()

    message = only().message
    assert "Portal" in sink.mails[0].part("plain")
    assert (message.text, message.html, message.sms) == ("", "", "")


def test_such_words_stay_until_the_last_one_has_left(sink, secret):
    tell([PAT, notify.Recipient(key="patient:kim", email="kim@example.org")])
    Delivery.objects.filter(recipient_key="patient:kim").update(available_at=timezone.now() + dt.timedelta(hours=1))

    delivery.deliver_due()
    assert Delivery.objects.first().message.text

    Delivery.objects.update(available_at=timezone.now())
    delivery.deliver_due()
    assert not Delivery.objects.first().message.text
    assert len(sink.mails) == 2


def test_the_demo_and_other_letters_keep_their_words(sink, secret, settings, monkeypatch):
    settings.DEMO = True
    tell([PAT])
    delivery.deliver_due()
    assert only().message.text

    settings.DEMO = False
    monkeypatch.setattr(hooks, "_secret", {"access/"})
    notify.send("sample/outage", to=PAT, cause="update:2", context={"what": "Portal"})
    delivery.deliver_due()
    assert all(row.message.text for row in Delivery.objects.select_related("message"))
