"""Texts and calls through the official SDK against a server that speaks Twilio's API; and what Twilio reports back."""

import logging
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from twilio.request_validator import RequestValidator

from portal_core import notify
from portal_core.notify import delivery, queries
from portal_core.notify.models import Delivery
from tests.notify.conftest import NOON
from tests.notify.factories import DeliveryFactory, MessageFactory

pytestmark = pytest.mark.django_db
PAT = notify.Recipient(key="patient:pat", phone="+15551234567")
CALLBACK = "https://lantern.example/hooks/twilio/status/"


def tell(*people, channel="sms"):
    notify.send_many(
        "sample/outage", recipients=people or [PAT], cause="c", context={"what": "Portal & mail"}, channels=[channel]
    )
    return delivery.deliver_due()


def only() -> Delivery:
    return Delivery.objects.get()


@pytest.fixture
def report(client, settings):
    """Post a status callback as Twilio would, with a right or a given signature."""
    settings.TWILIO_AUTH_TOKEN = "secret-token"

    def post(delivery_id, signature=None, **form):
        address = f"{CALLBACK}?delivery={delivery_id}"
        right = RequestValidator("secret-token").compute_signature(address, form)
        return client.post(
            f"/hooks/twilio/status/?delivery={delivery_id}",
            form,
            headers={"X-Twilio-Signature": right if signature is None else signature},
        )

    return post


def test_a_text_goes_to_twilio(twilio):
    assert tell() == 1

    assert twilio.messages == [
        {
            "To": "+15551234567",
            "From": "+15550100",
            "Body": "Portal & mail is not working. More: https://lantern.example/status/",
            "StatusCallback": f"{CALLBACK}?delivery={only().public_id}",
            "sid": "SM" + "0" * 31 + "1",
        }
    ]
    assert (only().state, only().provider_id) == ("sent", "SM" + "0" * 31 + "1")


def test_a_call_reads_the_text_out(twilio):
    tell(channel="voice")

    call = twilio.calls[0]
    say = ElementTree.fromstring(call["Twiml"]).find("Say")
    assert say.text == "Portal & mail is not working. More: https://lantern.example/status/"
    assert say.attrib == {"language": "en-US", "loop": "2"}
    assert parse_qs(urlsplit(call["StatusCallback"]).query) == {"delivery": [only().public_id]}
    assert (only().state, only().provider_id) == ("sent", call["sid"])


def test_a_number_that_does_not_exist_fails_alone(twilio):
    twilio.failures["+15550000001"] = (400, 21211)

    tell(PAT, notify.Recipient(key="patient:paula", phone="+15550000001"))

    assert sorted(Delivery.objects.values_list("recipient_key", "state", "last_error")) == [
        ("patient:pat", "sent", ""),
        ("patient:paula", "failed", "twilio_21211"),
    ]


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (500, 20500), (503, 20503)])
def test_a_busy_twilio_is_asked_again(twilio, noon, status, code):
    twilio.failures[PAT.phone] = (status, code)
    tell()
    assert (only().state, only().last_error, only().attempts) == ("waiting", f"twilio_{code}", 1)

    twilio.failures.clear()
    noon.shift(10)
    delivery.deliver_due()

    assert (only().state, only().attempts) == ("sent", 2)
    assert len(twilio.messages) == 1


def test_a_text_that_timed_out_is_looked_for_before_it_is_sent_again(twilio, noon, monkeypatch):
    """Twilio took it and its answer was lost: nobody gets the same text twice."""
    monkeypatch.setattr("portal_core.notify.transports.twilio_client.TIMEOUT", 0.5)
    twilio.silent, twilio.made_at = 1, "Mon, 02 Mar 2026 12:00:00 +0000"
    tell()
    assert (only().state, only().last_error, len(twilio.messages)) == ("waiting", "timeout", 1)

    noon.shift(10)
    delivery.deliver_due()

    assert (only().state, only().provider_id) == ("sent", twilio.messages[0]["sid"])
    assert len(twilio.messages) == 1
    assert [query["To"] for query in twilio.lookups] == [PAT.phone]


@pytest.mark.parametrize(
    ("to", "body", "made"),
    [
        ("+15550000009", "", "Mon, 02 Mar 2026 12:00:00 +0000"),
        (PAT.phone, "Other words", "Mon, 02 Mar 2026 12:00:00 +0000"),
        (PAT.phone, "", "Mon, 02 Mar 2026 11:00:00 +0000"),  # the same words, but of an hour ago
    ],
)
def test_another_text_is_not_taken_for_it(twilio, noon, to, body, made):
    twilio.failures[PAT.phone] = (503, 20503)
    tell()
    twilio.failures.clear()
    words = body or "Portal & mail is not working. More: https://lantern.example/status/"
    twilio.messages.append({"sid": "SMother", "To": to, "Body": words})
    twilio.made["SMother"] = made

    noon.shift(10)
    delivery.deliver_due()

    assert (only().state, len(twilio.messages)) == ("sent", 2)


def test_a_first_text_asks_nothing(twilio):
    tell()

    assert twilio.lookups == []


def test_a_call_reads_its_own_words_in_the_listeners_language(twilio):
    message = MessageFactory(language="es-MX", sms="Texto: https://x.example", payloads={"voice": {"text": "Texto."}})
    DeliveryFactory(message=message, channel="voice", address=PAT.phone)

    delivery.deliver_due()

    say = ElementTree.fromstring(twilio.calls[0]["Twiml"]).find("Say")
    assert (say.text, say.attrib) == ("Texto.", {"language": "es-US", "loop": "2"})


def test_the_app_hears_of_numbers_that_are_gone(report, monkeypatch):
    heard = []
    monkeypatch.setattr("portal_core.notify.hooks._on_failure", {"sample/": lambda **what: heard.append(what)})
    row = DeliveryFactory(channel="sms", state="sent", sent_at=NOON, recipient_key="subscriber:1")

    for _ in range(2):
        report(row.public_id, MessageStatus="undelivered", ErrorCode="30005")

    assert heard == [{"keys": frozenset({"subscriber:1"}), "channel": "sms", "code": "twilio_30005", "permanent": True}]


def test_a_huge_report_is_not_read(client, settings):
    settings.TWILIO_AUTH_TOKEN = "secret-token"

    answer = client.post("/hooks/twilio/status/", {"MessageStatus": "x" * 300_000})

    assert answer.status_code == 422


def test_wrong_credentials_are_our_fault_and_cost_no_attempt(twilio, settings, caplog):
    caplog.set_level(logging.CRITICAL)
    settings.TWILIO_AUTH_TOKEN = "wrong"

    tell()

    assert (only().state, only().attempts, only().last_error) == ("waiting", 0, "twilio_20003")
    assert twilio.messages == []


def test_an_unreachable_twilio_costs_no_attempt(twilio, settings, caplog):
    caplog.set_level(logging.CRITICAL)
    settings.TWILIO_API_URL = "http://127.0.0.1:9"

    tell()

    assert (only().state, only().attempts, only().last_error) == ("waiting", 0, "twilio_unreachable")


def test_a_closed_mail_server_does_not_hold_up_texts(twilio, settings, caplog):
    caplog.set_level(logging.CRITICAL)
    settings.EMAIL_URL = "smtp://127.0.0.1:9"
    DeliveryFactory(urgency=0)

    tell()

    assert queries.delivery_counts() | {"waiting": 1, "sent": 1} == queries.delivery_counts()
    assert len(twilio.messages) == 1


def test_neither_address_nor_provider_text_is_logged_or_kept(twilio, caplog):
    twilio.failures[PAT.phone] = (400, 21211)
    caplog.set_level(logging.DEBUG, logger="portal_core")

    tell()

    assert PAT.phone not in caplog.text
    assert PAT.phone not in only().last_error


@pytest.mark.parametrize(
    ("form", "state", "error"),
    [
        ({"MessageStatus": "delivered"}, "delivered", ""),
        ({"MessageStatus": "undelivered", "ErrorCode": "30003"}, "failed", "twilio_30003"),
        ({"MessageStatus": "failed"}, "failed", "twilio_failed"),
        ({"CallStatus": "completed"}, "delivered", ""),
        ({"CallStatus": "no-answer"}, "failed", "twilio_no_answer"),
        ({"MessageStatus": "sent"}, "sent", ""),
        ({"MessageStatus": "<script>"}, "sent", ""),
        ({}, "sent", ""),
    ],
)
def test_a_report_moves_the_delivery(report, noon, form, state, error):
    row = DeliveryFactory(channel="sms", address=PAT.phone, state="sent", sent_at=NOON)
    noon.shift(3)

    answer = report(row.public_id, **form)

    row.refresh_from_db()
    assert answer.status_code == 204
    assert (row.state, row.last_error, row.sent_at) == (state, error, NOON)
    assert (row.delivered_at is None, row.failed_at is None) == (state != "delivered", state != "failed")


def test_a_report_that_overtakes_our_mark_is_kept(report, noon):
    row = DeliveryFactory(channel="sms", state="sending", claimed_by="a-claim")

    report(row.public_id, MessageStatus="delivered", MessageSid="SM1")

    row.refresh_from_db()
    assert (row.state, row.sent_at, row.delivered_at, row.provider_id, row.claimed_by) == (
        "delivered", NOON, NOON, "SM1", "",
    )  # fmt: skip


def test_reports_twice_and_out_of_order_change_nothing_more(report, noon):
    row = DeliveryFactory(channel="sms", state="sent", sent_at=NOON)
    report(row.public_id, MessageStatus="delivered", MessageSid="SM1")
    noon.shift(60)

    assert report(row.public_id, MessageStatus="delivered", MessageSid="SM1").status_code == 204
    assert report(row.public_id, MessageStatus="failed", MessageSid="SM1").status_code == 204

    row.refresh_from_db()
    assert (row.state, row.delivered_at, row.failed_at) == ("delivered", NOON, None)


def test_a_report_for_an_unanswered_promise_changes_nothing(report):
    row = DeliveryFactory(channel="sms")

    assert report(row.public_id, MessageStatus="delivered").status_code == 204

    row.refresh_from_db()
    assert (row.state, row.sent_at) == ("waiting", None)


def test_an_unknown_id_is_answered_like_any_other(report):
    assert report("0" * 20, MessageStatus="delivered").status_code == 204


@pytest.mark.parametrize("signature", ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="])
def test_a_wrong_signature_is_refused(report, signature):
    row = DeliveryFactory(channel="sms", state="sent", sent_at=NOON)

    answer = report(row.public_id, signature=signature, MessageStatus="failed")

    row.refresh_from_db()
    assert answer.status_code == 403
    assert row.state == "sent"


def test_a_changed_report_is_refused(report, client):
    row = DeliveryFactory(channel="sms", state="sent", sent_at=NOON)
    address = f"{CALLBACK}?delivery={row.public_id}"
    signature = RequestValidator("secret-token").compute_signature(address, {"MessageStatus": "delivered"})

    answer = client.post(
        f"/hooks/twilio/status/?delivery={row.public_id}",
        {"MessageStatus": "failed"},
        headers={"X-Twilio-Signature": signature},
    )

    assert answer.status_code == 403
    row.refresh_from_db()
    assert row.state == "sent"


def test_without_twilio_nobody_may_report(client, settings):
    settings.TWILIO_AUTH_TOKEN = ""
    signature = RequestValidator("").compute_signature(f"{CALLBACK}?delivery=x", {"MessageStatus": "failed"})

    answer = client.post(
        "/hooks/twilio/status/?delivery=x", {"MessageStatus": "failed"}, headers={"X-Twilio-Signature": signature}
    )

    assert answer.status_code == 403


def test_the_hook_is_for_posts(client):
    assert client.get("/hooks/twilio/status/").status_code == 405
