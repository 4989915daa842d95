"""Webhooks and chat posts (SP-02) against a real HTTPS server: what arrives, what answers mean, who waits for whom."""

import base64
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal_core import notify
from portal_core.notify import delivery
from portal_core.notify.models import Delivery
from portal_core.notify.transports import Letter, Parcel, chat, posting, webhook
from tests.fakes.https_sink import https_sink
from tests.notify.conftest import NOON
from tests.notify.factories import DeliveryFactory, MessageFactory

pytestmark = pytest.mark.django_db
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
PAYLOAD = {"meta": {"unsubscribe": "{unsubscribe}"}, "incident": {"name": "Vidéo „aus“"}}
LINK = 'https://lantern.example/status/unsubscribe/a"b/'


@pytest.fixture
def sink(settings):
    with https_sink() as server:
        settings.OUTBOUND_POSTS = True
        settings.OUTBOUND_ALLOW_LOOPBACK = True
        settings.OUTBOUND_CA_FILE = server.ca_file
        yield server


@pytest.fixture(autouse=True)
def _nobody_hung(monkeypatch):
    monkeypatch.setattr(posting, "_hung", posting._Hung())


@pytest.fixture
def addresses(monkeypatch):
    """What the app says when it is asked for addresses: recipient key → Reached."""
    book = {}
    monkeypatch.setattr("portal_core.notify.hooks._resolvers", {"sample/": lambda keys: {k: book[k] for k in keys}})
    return book


@pytest.fixture
def promise(addresses):
    count = iter(range(10_000))

    def make(url, channel="webhook", secret=SECRET, payload=None, **values):
        key = f"subscriber:{next(count)}"
        addresses[key] = notify.Reached(address=url, secret=secret, unsubscribe_url=LINK)
        message = MessageFactory(payloads={channel: PAYLOAD if payload is None else payload})
        return DeliveryFactory(message=message, channel=channel, address="", recipient_key=key, **values)

    return make


def fate(row):
    row.refresh_from_db()
    return row.state, row.last_error, row.attempts


def test_a_webhook_gets_signed_json_with_its_own_link(sink, promise):
    row = promise(sink.url("/hook?token=1"))

    assert delivery.deliver_due() == 1

    post = sink.posts[0]
    assert (post.path, post.headers["content-type"]) == ("/hook?token=1", "application/json")
    assert post.headers["webhook-id"] == row.public_id
    assert post.verify(SECRET) == {"meta": {"unsubscribe": LINK}, "incident": {"name": "Vidéo „aus“"}}
    assert fate(row) == ("sent", "", 1)


def test_repeats_carry_the_same_id_and_a_fresh_time(sink, promise, noon):
    sink.answers["/hook"] = (503, {}, b"")
    row = promise(sink.url())
    delivery.deliver_due()
    assert fate(row) == ("waiting", "http_503", 1)

    sink.answers.clear()
    noon.shift(10)
    delivery.deliver_due()

    assert [post.headers["webhook-id"] for post in sink.posts] == [row.public_id] * 2
    first, second = (int(post.headers["webhook-timestamp"]) for post in sink.posts)
    assert (first, second) == (int(NOON.timestamp()), int(NOON.timestamp()) + 10)
    assert fate(row) == ("sent", "", 2)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *((code, "sent") for code in (200, 201, 202, 204)),
        *((code, "failed") for code in (301, 302, 307, 400, 401, 403, 404, 405, 410, 413, 422)),
        *((code, "waiting") for code in (408, 409, 425, 429, 500, 502, 503, 504)),
    ],
)
def test_what_an_answer_means(sink, promise, status, state):
    sink.answers["/hook"] = (status, {"Location": sink.url("/elsewhere")}, b"")
    row = promise(sink.url())

    delivery.deliver_due()

    assert fate(row) == (state, "" if state == "sent" else f"http_{status}", 1)
    assert [post.path for post in sink.posts] == ["/hook"]


def test_the_app_hears_that_a_webhook_is_gone(sink, promise, monkeypatch):
    heard = []
    monkeypatch.setattr("portal_core.notify.hooks._on_failure", {"sample/": lambda **what: heard.append(what)})
    sink.answers["/hook"] = (410, {}, b"")
    row = promise(sink.url())

    delivery.deliver_due()

    expected = {"keys": frozenset({row.recipient_key}), "channel": "webhook", "code": "http_410", "permanent": True}
    assert heard == [expected]


def test_retry_after_is_kept(sink, promise, noon):
    sink.answers["/hook"] = (429, {"Retry-After": "120"}, b"")
    row = promise(sink.url())
    delivery.deliver_due()
    row.refresh_from_db()

    assert (row.available_at - NOON).total_seconds() == 120


@pytest.mark.parametrize(
    ("url", "secret", "code"),
    [
        ("http://a.example/", SECRET, "not_https"),
        ("https://127.0.0.1/", SECRET, "bad_host"),
        ("https://localhost:{port}/hook", "", "no_secret"),
        ("https://localhost:{port}/hook", "whsec_?", "no_secret"),
    ],
)
def test_what_cannot_be_sent_fails_at_once(sink, promise, url, secret, code):
    row = promise(url.format(port=sink.port), secret=secret)

    delivery.deliver_due()

    assert fate(row) == ("failed", code, 1)
    assert sink.posts == []


def test_an_address_that_leads_inside_is_refused(sink, promise, settings):
    settings.OUTBOUND_ALLOW_LOOPBACK = False
    row = promise(f"https://localhost.localdomain:{sink.port}/")

    delivery.deliver_due()

    assert fate(row)[0] != "sent"
    assert sink.connections == 0


def test_without_words_for_webhooks_nothing_is_sent(sink, promise):
    row = promise(sink.url(), payload={})

    delivery.deliver_due()

    assert fate(row) == ("failed", "no_payload", 1)


def test_without_permission_posts_stay_in_the_mailbox(sink, promise, settings):
    settings.OUTBOUND_POSTS = False
    row = promise(sink.url())

    delivery.deliver_due()

    row.refresh_from_db()
    assert (row.state, row.provider_id) == ("sent", "mailbox")
    assert sink.posts == []


def test_neither_address_nor_secret_is_logged(sink, promise, caplog):
    caplog.set_level(logging.DEBUG)
    sink.hang_up.add("/hook-of-pat")
    row = promise(sink.url("/hook-of-pat"))

    delivery.deliver_due()

    assert fate(row) == ("waiting", "connection_lost", 1)
    for hidden in ("hook-of-pat", SECRET, SECRET[6:20]):
        assert hidden not in caplog.text


# --- many at once -------------------------------------------------------------------------------
def parcels(sink, *urls):
    letter = Letter(id=1, template="sample/outage", payloads={"webhook": PAYLOAD}, created_at=NOON)
    return [Parcel(n, f"{n:020}", url, LINK, letter, SECRET) for n, url in enumerate(urls)]


@pytest.fixture
def carry():
    """Send parcels through a transport of this test's own; returns [(parcel id, code)] in the order of their ends."""
    opened = []

    def go(batch):
        opened.append(webhook.WebhookTransport())
        outcomes = opened[-1].send(batch)
        return [(one.parcel.id, one.error.code if one.error else "") for one in outcomes]

    yield go
    for transport in opened:
        transport.close()


def test_one_host_gets_one_post_at_a_time(sink, carry):
    ends = carry(parcels(sink, *(sink.url(f"/{n}") for n in range(12))))

    assert sorted(ends) == [(n, "") for n in range(12)]
    assert sink.ceiling[""] == 1
    assert {post.connection for post in sink.posts} == {1}


def test_a_hanging_host_holds_up_nobody_else(sink, carry, monkeypatch):
    """The first hangs until everybody else has had theirs, however many more are meant for it."""
    monkeypatch.setattr("portal_core.kernel.http.outbound.TOTAL", 3.0)
    with https_sink() as other:
        monkeypatch.setattr(posting, "host_of", lambda url: url.split("/")[2])
        monkeypatch.setattr(webhook, "host_of", lambda url: url.split("/")[2])
        sink.hang.add("/tar")
        batch = parcels(sink, sink.url("/tar"), sink.url("/tar"), *(other.url(f"/{n}") for n in range(5)))

        ends = carry(batch)

    assert sorted(ends[:5]) == [(n, "") for n in range(2, 7)]
    assert sorted(ends[5:]) == [(0, "timeout"), (1, "host_hangs")]


def test_what_never_left_costs_no_attempt(sink, promise, monkeypatch, noon):
    monkeypatch.setattr("portal_core.kernel.http.outbound.TOTAL", 0.3)
    sink.hang.add("/tar")
    rows = [promise(sink.url("/tar")) for _ in range(3)]

    delivery.deliver_due()

    assert [fate(row) for row in rows] == [
        ("waiting", "timeout", 1),
        ("waiting", "host_hangs", 0),
        ("waiting", "host_hangs", 0),
    ]


def test_what_has_not_begun_in_time_goes_back(sink, carry, monkeypatch):
    monkeypatch.setattr(posting, "TURN", -1.0)

    assert carry(parcels(sink, sink.url("/1"), sink.url("/2"))) == [(0, "no_time"), (1, "no_time")]
    assert sink.posts == []


def test_a_defect_in_one_post_is_its_own(sink, carry, monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL)
    batch = parcels(sink, sink.url("/bad"), sink.url("/good"))
    real = webhook._signed

    def broken(secret, message_id, body):
        if message_id == batch[0].public_id:
            raise ZeroDivisionError
        return real(secret, message_id, body)

    monkeypatch.setattr(webhook, "_signed", broken)

    assert sorted(carry(batch)) == [(0, "ZeroDivisionError"), (1, "")]


def test_hosts_that_hung_never_take_more_than_half_of_the_threads(monkeypatch):
    transport = webhook.WebhookTransport.__new__(webhook.WebhookTransport)
    transport.pool = ThreadPoolExecutor(1)
    release = threading.Event()
    transport._post = lambda post: release.wait(20)
    lanes = posting.OrderedDict()
    for n in range(40):
        lanes[f"slow{n}"] = posting.deque([None])
        posting._hung.note(f"slow{n}")
    lanes["quick"] = posting.deque([None])
    running = {}

    transport._start(lanes, running)

    assert len(running) == posting.SLOW_AT_ONCE + 1
    assert next(iter(running.values())) == "quick"
    release.set()
    transport.pool.shutdown()


def test_mail_does_not_wait_for_posts(sink, promise, settings):
    """Strangers' endpoints hang in a line of their own."""
    mail = DeliveryFactory()
    post = promise(sink.url())

    assert delivery.deliver_due("mail") == 1

    assert (fate(mail)[0], fate(post)[0]) == ("sent", "waiting")
    assert delivery.deliver_due("posts") == 1
    assert fate(post)[0] == "sent"


def test_a_worker_that_was_killed_repeats_with_the_same_id(sink, promise, noon):
    row = promise(sink.url())
    lost = delivery.Claim.take(NOON)
    assert [one.pk for one in lost.rows] == [row.pk]  # and here the worker dies

    noon.shift(delivery.LEASE)
    delivery.deliver_due()

    assert [post.headers["webhook-id"] for post in sink.posts] == [row.public_id]
    assert fate(row) == ("sent", "", 2)


# --- Slack and Teams ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "slack", "teams"),
    [
        ("https://hooks.slack.com/services/T0/B0/x", True, False),
        ("https://HOOKS.SLACK.COM/services/T0/B0/x", True, False),
        ("https://hooks.slack-gov.com/services/T0/B0/x", True, False),
        ("https://prod-01.westeurope.logic.azure.com:443/workflows/x?sig=y", False, True),
        ("https://default0.0.environment.api.powerplatform.com/powerautomate/x", False, True),
        ("https://contoso.webhook.office.com/webhookb2/x", False, True),
        ("https://outlook.office.com/webhook/x", False, True),
        ("https://evil.outlook.office.com/webhook/x", False, False),
        ("http://hooks.slack.com/services/T0/B0/x", False, False),
        ("https://hooks.slack.com.evil.example/x", False, False),
        ("https://evil.example/hooks.slack.com", False, False),
        ("https://evilhooks.slack.com/x", False, False),
        ("https://slack.com/x", False, False),
        ("https://hooks.slack.com@evil.example/", False, False),
        ("https://evil.example?.logic.azure.com", False, False),
        ("https://evillogic.azure.com/", False, False),
        ("https://logic.azure.com/", False, False),
        ("https://a.logic.azure.com.evil.example/", False, False),
        ("", False, False),
    ],
)
def test_only_their_own_hosts_are_slack_and_teams(url, slack, teams):
    assert (chat.is_slack(url), chat.is_teams(url)) == (slack, teams)


@pytest.mark.parametrize("channel", ["slack", "teams"])
def test_a_chat_post_arrives_unsigned_with_its_link(sink, promise, monkeypatch, channel):
    monkeypatch.setattr(chat, f"is_{channel}", lambda url: True)
    row = promise(sink.url("/services/x"), channel=channel, secret="")

    delivery.deliver_due()

    assert sink.posts[0].json["meta"] == {"unsubscribe": LINK}
    assert "webhook-signature" not in sink.posts[0].headers
    assert fate(row) == ("sent", "", 1)


@pytest.mark.parametrize("channel", ["slack", "teams"])
def test_chat_posts_go_to_chat_hosts_only(sink, promise, channel):
    row = promise(sink.url(), channel=channel)

    delivery.deliver_due()

    assert fate(row) == ("failed", f"not_{channel}", 1)
    assert sink.posts == []


# --- the echo -----------------------------------------------------------------------------------
def test_an_address_that_echoes_is_its_owners(sink):
    sink.echo.add("/hook")

    assert webhook.challenge(sink.url(), secret=SECRET, value="c0ffee") == ""

    assert sink.posts[0].verify(SECRET) == {"type": "challenge", "challenge": "c0ffee"}


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"c0ffee", ""),
        (200, b"  c0ffee\n", ""),
        (201, b'{"challenge": "c0ffee"}', ""),
        (200, b"", "no_echo"),
        (200, b"c0ffe", "no_echo"),
        (200, b'{"challenge": 5}', "no_echo"),
        (200, b'{"challenge": "other"}', "no_echo"),
        (200, b'{"type": "challenge"}', "no_echo"),
        (200, b'{"challenge": "\\ud800"}', "no_echo"),  # half a character, which no encoding takes
        (200, b"{", "no_echo"),
        (200, b'{"a":' * 9000, "no_echo"),
        (200, b"\xff\xfe", "no_echo"),
        (302, b"c0ffee", "http_302"),
        (404, b"c0ffee", "http_404"),
        (500, b"c0ffee", "http_500"),
    ],
)
def test_what_counts_as_an_echo(sink, status, body, code):
    sink.answers["/hook"] = (status, {}, body)

    assert webhook.challenge(sink.url(), secret=SECRET, value="c0ffee") == code


@pytest.mark.parametrize(
    ("url", "secret", "code"),
    [
        ("http://a.example/", SECRET, "not_https"),
        ("https://10.0.0.1/", SECRET, "bad_host"),
        ("{sink}", "", "no_secret"),
    ],
)
def test_a_challenge_that_cannot_be_sent_says_why(sink, url, secret, code):
    assert webhook.challenge(url.format(sink=sink.url()), secret=secret, value="c0ffee") == code
    assert sink.posts == []


def test_nothing_of_a_post_stands_in_the_row(sink, promise):
    promise(sink.url("/secret-path"))

    delivery.deliver_due()

    assert "secret-path" not in json.dumps(list(Delivery.objects.values()), default=str)
