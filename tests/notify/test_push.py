"""Browser notifications: encrypted as RFC 8291 says, signed as RFC 8292 says, and ended when the browser is gone."""

import base64
import json
import os
from io import StringIO

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command
from py_vapid import Vapid02

from portal_core import notify
from portal_core.kernel.http.outbound import NotSent
from portal_core.notify import delivery
from portal_core.notify.transports import posting, push
from tests.fakes.https_sink import https_sink
from tests.notify.factories import DeliveryFactory, MessageFactory

pytestmark = pytest.mark.django_db
PAYLOAD = {
    "title": "Investigating: Portal",
    "body": "Words",
    "url": "https://x.example/",
    "topic": "inc1",
    "ttl": 60,
}


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def private_key(text):
    return ec.derive_private_key(int.from_bytes(unbase64(text)), ec.SECP256R1())


class Browser:
    """Keeps what a browser keeps, and reads what it gets by the steps of RFC 8291, written down a second time."""

    def __init__(self):
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, endpoint):
        keys = {"p256dh": base64url(self.point), "auth": base64url(self.auth)}
        return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys})

    def read(self, body):
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))

        def derive(salt, secret, info, length):
            return HKDF(hashes.SHA256(), length, salt, info).derive(secret)

        secret = derive(self.auth, shared, b"WebPush: info\0" + self.point + theirs, 32)
        opened = AESGCM(derive(salt, secret, b"Content-Encoding: aes128gcm\0", 16)).decrypt(
            derive(salt, secret, b"Content-Encoding: nonce\0", 12), sealed, None
        )
        assert opened.endswith(b"\x02")
        return json.loads(opened[:-1])


@pytest.fixture
def sink(settings, monkeypatch):
    monkeypatch.setattr(posting, "_hung", posting._Hung())
    with https_sink() as server:
        settings.OUTBOUND_POSTS = True
        settings.OUTBOUND_ALLOW_LOOPBACK = True
        settings.OUTBOUND_CA_FILE = server.ca_file
        settings.VAPID_PRIVATE_KEY = push.new_private_key()
        yield server


@pytest.fixture
def promise(monkeypatch):
    book = {}
    monkeypatch.setattr("portal_core.notify.hooks._resolvers", {"sample/": lambda keys: {k: book[k] for k in keys}})

    def make(address, payload=PAYLOAD):
        key = f"subscriber:{len(book)}"
        book[key] = notify.Reached(address=address, unsubscribe_url="https://lantern.example/manage/t/")
        return DeliveryFactory(
            message=MessageFactory(payloads={"push": payload}), channel="push", address="", recipient_key=key
        )

    return make


def fate(row):
    row.refresh_from_db()
    return row.state, row.last_error, row.attempts


def test_the_vector_of_rfc_8291():
    """Appendix A: the same keys, salt and words give the same bytes."""
    browser = push.read_subscription(
        json.dumps(
            {
                "endpoint": "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
                "keys": {
                    "p256dh": (
                        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
                    ),
                    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
                },
            }
        )
    )

    sealed = push.encrypt(
        b"When I grow up, I want to be a watermelon",
        browser.public_key,
        browser.auth,
        key=private_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        salt=unbase64("DGv6ra1nlYgDCS1FRnbzlw"),
    )

    assert base64url(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_browser_reads_what_it_gets(sink, promise):
    browser = Browser()
    row = promise(browser.subscription(sink.url("/push/1")))

    assert delivery.deliver_due() == 1

    post = sink.posts[0]
    assert browser.read(post.body) == {
        "title": "Investigating: Portal",
        "body": "Words",
        "url": "https://x.example/",
        "manage": "https://lantern.example/manage/t/",
    }
    wanted = ("content-encoding", "ttl", "topic", "urgency")
    assert [post.headers[name] for name in wanted] == ["aes128gcm", "60", "inc1", "high"]
    assert fate(row) == ("sent", "", 1)


def test_push_services_can_tell_who_we_are(sink, promise, settings):
    settings.VAPID_SUBJECT = "mailto:desk@lantern.example"
    promise(Browser().subscription(sink.url("/push/1")))
    delivery.deliver_due()

    header = sink.posts[0].headers["authorization"]
    assert Vapid02.verify(header)
    token, key = header.removeprefix("vapid t=").split(",k=")
    assert key == push.public_key()
    assert json.loads(unbase64(token.split(".")[0])) == {"typ": "JWT", "alg": "ES256"}
    claims = json.loads(unbase64(token.split(".")[1]))
    assert (claims["aud"], claims["sub"]) == (f"https://localhost:{sink.port}", "mailto:desk@lantern.example")


def test_one_signature_serves_all_browsers_of_a_service(sink, promise):
    for n in range(3):
        promise(Browser().subscription(sink.url(f"/push/{n}")))

    delivery.deliver_due()

    assert len({post.headers["authorization"] for post in sink.posts}) == 1
    assert len(sink.posts) == 3


@pytest.mark.parametrize(
    ("status", "state"), [(404, "failed"), (410, "failed"), (413, "failed"), (429, "waiting"), (503, "waiting")]
)
def test_what_a_push_service_answers(sink, promise, status, state):
    sink.answers["/push/1"] = (status, {}, b"")
    row = promise(Browser().subscription(sink.url("/push/1")))

    delivery.deliver_due()

    assert fate(row) == (state, f"http_{status}", 1)


@pytest.mark.parametrize("topic", ["", "x" * 33, "a b", "a\r\nX: y"])
def test_a_topic_that_is_none_is_left_out(sink, promise, topic):
    promise(Browser().subscription(sink.url("/push/1")), payload={**PAYLOAD, "topic": topic})

    delivery.deliver_due()

    assert "topic" not in sink.posts[0].headers


def test_the_longest_notification_fits_a_record(sink, promise):
    browser = Browser()
    promise(browser.subscription(sink.url("/push/1")), payload={"title": "x" * 3500})
    row = promise(browser.subscription(sink.url("/push/2")), payload={"title": "x" * 4000})

    delivery.deliver_due()

    assert [len(post.body) <= 4096 for post in sink.posts] == [True]
    assert fate(row) == ("failed", "too_long", 1)


GOOD = json.loads(Browser().subscription("https://push.example/x"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps({"endpoint": "https://push.example/x"}),
        json.dumps({**GOOD, "endpoint": 5}),
        json.dumps({**GOOD, "keys": {}}),
        json.dumps({**GOOD, "keys": {"p256dh": 5, "auth": 5}}),
        json.dumps({**GOOD, "keys": {**GOOD["keys"], "auth": "AAAA"}}),
        json.dumps({**GOOD, "keys": {**GOOD["keys"], "p256dh": "AAAA"}}),
        json.dumps({**GOOD, "keys": {**GOOD["keys"], "p256dh": base64url(b"\x04" + b"\x01" * 64)}}),  # on no curve
        json.dumps({**GOOD, "keys": {**GOOD["keys"], "p256dh": "ü" * 87}}),
        json.dumps({**GOOD, "keys": {**GOOD["keys"], "p256dh": "?" * 87}}),
    ],
    ids=range(14),  # the texts hold fresh keys, and parallel workers must agree on names
)
def test_what_is_no_subscription_is_refused(sink, promise, text):
    with pytest.raises(ValueError, match=r".*"):
        push.read_subscription(text)
    row = promise(text or " ")
    delivery.deliver_due()
    assert fate(row) == ("failed", "bad_subscription", 1)


@pytest.mark.parametrize("endpoint", ["http://push.example/x", "https://127.0.0.1/x", "https://u@push.example/x"])
def test_an_endpoint_is_an_address_like_any_other(endpoint):
    with pytest.raises(NotSent):
        push.read_subscription(json.dumps({**GOOD, "endpoint": endpoint}))


def test_without_a_key_push_is_not_offered(settings, sink, promise):
    settings.VAPID_PRIVATE_KEY = ""
    assert push.public_key() == ""
    row = promise(Browser().subscription(sink.url("/push/1")))

    delivery.deliver_due()

    assert (fate(row)[0], row.provider_id, sink.posts) == ("sent", "mailbox", [])


def test_a_broken_key_costs_no_attempt(settings, sink, promise, caplog):
    settings.VAPID_PRIVATE_KEY = "AAAA"
    row = promise(Browser().subscription(sink.url("/push/1")))

    delivery.deliver_due()

    assert fate(row) == ("waiting", "vapid_key", 0)


def test_the_command_prints_a_key_that_works(settings):
    out = StringIO()
    call_command("make_vapid_key", stdout=out)

    name, value = out.getvalue().strip().split("=", 1)
    settings.VAPID_PRIVATE_KEY = value
    assert name == "VAPID_PRIVATE_KEY"
    assert len(unbase64(push.public_key())) == 65
