"""Deliveries whose address stays with the app that asked for them, and what that app hears back."""

import pytest

from portal_core import notify
from portal_core.notify import Reached, delivery, hooks
from portal_core.notify.models import Delivery
from tests.fakes.smtp import smtp_sink
from tests.notify.factories import MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def book(monkeypatch):
    """Where the recipients are, as their app knows it."""
    known = {
        f"s:{n}": Reached(address=f"s{n}@example.org", unsubscribe_url=f"https://x.test/{n}/") for n in range(3)
    }  # fmt: skip
    monkeypatch.setattr(hooks, "_resolvers", {"sample/": lambda keys: {k: known[k] for k in keys if k in known}})
    return known


@pytest.fixture
def told(monkeypatch):
    heard: list[tuple] = []
    monkeypatch.setattr(
        hooks, "_on_failure",
        {"sample/": lambda *, keys, channel, code, permanent: heard.append((sorted(keys), channel, code, permanent))},
    )  # fmt: skip
    monkeypatch.setattr(
        hooks, "_on_success", {"sample/": lambda *, keys, channel: heard.append((sorted(keys), channel))}
    )  # fmt: skip
    return heard


@pytest.fixture
def sink(settings):
    with smtp_sink() as standing:
        settings.EMAIL_URL = standing.url
        yield standing


def promise(*keys: str) -> None:
    notify.send_many(
        "sample/outage", cause="update:1", context={"what": "Portal"},
        recipients=[notify.Recipient(key=key, resolve=True, unsubscribe_url="https://x.test/all/") for key in keys],
    )  # fmt: skip


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("recipient_key", "state"))


def test_the_address_is_asked_for_and_never_written_down(noon, book, sink):
    promise("s:0", "s:1")
    delivery.deliver_due()

    assert sorted(mail.recipient for mail in sink.mails) == ["s0@example.org", "s1@example.org"]
    assert {mail.message["List-Unsubscribe"] for mail in sink.mails} == {"<https://x.test/0/>", "<https://x.test/1/>"}
    assert set(Delivery.objects.values_list("address", flat=True)) == {""}


def test_whom_the_app_does_not_know_gets_nothing(noon, book, sink):
    promise("s:0", "s:gone")
    delivery.deliver_due()

    assert states() == {"s:0": "sent", "s:gone": "cancelled"}
    assert [mail.recipient for mail in sink.mails] == ["s0@example.org"]


def test_a_resolver_that_fails_sends_nothing_yet(noon, book, sink, monkeypatch, caplog):
    def fails(keys):
        raise RuntimeError("the key is away")

    monkeypatch.setattr(hooks, "_resolvers", {"sample/": fails})
    promise("s:0")
    delivery.deliver_due()

    assert states() == {"s:0": "waiting"}
    assert sink.mails == []
    assert Delivery.objects.get().last_error == "check_failed"


def test_the_longest_prefix_answers(noon, monkeypatch):
    short, long = (lambda keys: {}), (lambda keys: {})
    monkeypatch.setattr(hooks, "_resolvers", {"sample/": short, "sample/out": long})

    assert hooks.resolver_of("sample/outage") is long
    assert hooks.resolver_of("sample/reset") is short
    assert hooks.resolver_of("other/") is None


def test_the_app_hears_who_was_reached_and_who_was_refused(noon, book, sink, told):
    sink.replies = {"s1@example.org": "550 no such user"}
    promise("s:0", "s:1", "s:2")
    delivery.deliver_due()

    assert told == [(["s:0", "s:2"], "email"), (["s:1"], "email", "smtp_550", True)]


def test_an_app_that_fails_to_listen_changes_nothing(noon, book, sink, monkeypatch, caplog):
    def fails(*, keys, channel):
        raise RuntimeError

    monkeypatch.setattr(hooks, "_on_success", {"sample/": fails})
    promise("s:0")
    delivery.deliver_due()

    assert states() == {"s:0": "sent"}
    assert "after_success callback failed" in caplog.text


def test_one_message_per_zone(noon):
    MessageFactory(cause="a", zone="")
    MessageFactory(cause="a", zone="Europe/Berlin")

    first = notify.bulk.write("sample/outage", cause="a", context={"what": "x"}, language="en", channels=("email",))
    again = notify.bulk.write("sample/outage", cause="a", context={"what": "y"}, language="en", channels=("email",))

    assert first == again


def test_the_demo_mailbox_shows_them_all_the_same(noon, book, settings, client):
    settings.DEMO, settings.EMAIL_URL = True, ""
    promise("s:0", "s:1")
    delivery.deliver_due()
    one = Delivery.objects.get(recipient_key="s:0")

    shown = client.get("/mailbox/?address=s0@").content.decode()

    assert "s0@example.org" in shown
    assert "s1@example.org" not in shown
    assert "https://x.test/0/" in client.get(f"/mailbox/{one.public_id}/").content.decode()
    assert set(Delivery.objects.values_list("address", flat=True)) == {""}
