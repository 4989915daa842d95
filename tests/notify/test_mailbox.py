"""The development mailbox: what a newcomer sees instead of a mail server."""

import asyncio
import sys

import pytest
from channels.testing import WebsocketCommunicator

from portal_core import notify
from portal_core.notify import delivery
from portal_core.notify.consumers import MailboxConsumer
from portal_core.notify.models import Delivery
from tests.notify.conftest import NOON
from tests.notify.factories import DeliveryFactory, recipients

# `realtime.push` the function hides `realtime.push` the module.
push_module = sys.modules["portal_core.kernel.realtime.push"]
PAT = notify.Recipient(key="patient:pat", email="pat@example.org", phone="+15551234567")
URL = "https://lantern.example/status/unsubscribe/1/?a=1&b=2"


@pytest.fixture(autouse=True)
def _demo(settings):
    settings.DEMO = True


def tell(**values):
    notify.send("sample/outage", to=PAT, cause="update:1", context={"what": "Portal"}, **values)
    delivery.deliver_due()


@pytest.mark.django_db
def test_without_a_server_mail_is_kept_to_be_read(client, noon):
    tell(channels=("email", "sms", "voice"))

    assert set(Delivery.objects.values_list("channel", "state", "provider_id", "sent_at")) == {
        (channel, "sent", "mailbox", NOON) for channel in ("email", "sms", "voice")
    }
    page = client.get("/mailbox/")
    assert page.status_code == 200
    assert [row.channel for row in page.context["rows"]] == ["voice", "sms", "email"]
    assert "Störung: Portal" in page.content.decode()


@pytest.mark.django_db
def test_an_empty_mailbox_says_what_will_be_here(client):
    assert "No messages yet" in client.get("/mailbox/").content.decode()


@pytest.mark.django_db
def test_what_still_waits_is_not_in_the_mailbox(client):
    row = DeliveryFactory()

    assert client.get("/mailbox/").context["rows"] == []
    assert client.get(f"/mailbox/{row.public_id}/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(("wanted", "found"), [("pat@", ["email"]), ("555123", ["sms"]), ("nobody", [])])
def test_filter_by_address(client, wanted, found):
    tell(channels=("email", "sms"))

    page = client.get("/mailbox/", {"address": wanted})

    assert [row.channel for row in page.context["rows"]] == found
    assert ("Nothing for that address" in page.content.decode()) == (found == [])


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_one_query_whatever_its_length(client, django_assert_num_queries, count):
    notify.send_many("sample/outage", recipients=recipients(count), cause="c", context={"what": "x"})
    delivery.deliver_due()

    with django_assert_num_queries(1):
        page = client.get("/mailbox/", headers={"HX-Request": "true"})

    assert page.content.decode().count('href="/mailbox/') == count
    assert "<html" not in page.content.decode()


@pytest.mark.django_db
def test_a_letter_shows_both_bodies_in_a_cage(client):
    tell(unsubscribe_url=URL)
    row = Delivery.objects.get()

    page = client.get(f"/mailbox/{row.public_id}/")
    text = page.content.decode()
    assert page.status_code == 200
    assert f'src="/mailbox/{row.public_id}/html/"' in text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in text
    assert '<a href="https://lantern.example/status/" rel="nofollow">' in text
    assert "notify.invalid" not in text
    assert "frame-src 'self'" in page["Content-Security-Policy"]

    html = client.get(f"/mailbox/{row.public_id}/html/")
    assert "<h1>Portal</h1>" in html.content.decode()
    assert '<base target="_blank">' in html.content.decode()
    assert 'href="https://lantern.example/status/unsubscribe/1/?a=1&amp;b=2"' in html.content.decode()
    assert html["X-Frame-Options"] == "SAMEORIGIN"
    assert html["Content-Security-Policy"] == (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; frame-ancestors 'self'"
    )


@pytest.mark.django_db
def test_only_the_letter_may_hold_a_frame(client):
    assert "frame-src" not in client.get("/mailbox/")["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_text_is_shown_as_a_text(client):
    tell(channels=("sms",))

    page = client.get(f"/mailbox/{Delivery.objects.get().public_id}/").content.decode()

    assert "Portal is not working. More: <a href=" in page
    assert "<iframe" not in page


@pytest.mark.django_db
def test_outside_the_demo_there_is_no_mailbox(client, settings):
    tell()
    row = Delivery.objects.get()
    settings.DEMO = False

    for path in ("/mailbox/", f"/mailbox/{row.public_id}/", f"/mailbox/{row.public_id}/html/"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "Portal" not in answer.content.decode()


@pytest.mark.django_db
def test_the_mailbox_only_shows(client):
    assert client.post("/mailbox/").status_code == 405


@pytest.mark.django_db
def test_new_mail_is_announced_to_open_pages(monkeypatch, django_capture_on_commit_callbacks):
    told = []
    monkeypatch.setattr(push_module, "send_now", lambda group, text: told.append((group, text)))

    with django_capture_on_commit_callbacks(execute=True):
        tell()

    assert told == [("mailbox", '{"type":"mailbox.changed"}')]


async def test_an_open_page_hears_of_new_mail():
    socket = WebsocketCommunicator(MailboxConsumer.as_asgi(), "/ws/mailbox/")
    assert (await socket.connect())[0]

    await asyncio.to_thread(push_module.send_now, "mailbox", '{"type":"mailbox.changed"}')

    assert await socket.receive_json_from(timeout=5) == {"type": "mailbox.changed"}
    await socket.disconnect()


async def test_outside_the_demo_nobody_listens(settings):
    settings.DEMO = False
    socket = WebsocketCommunicator(MailboxConsumer.as_asgi(), "/ws/mailbox/")

    assert await socket.connect() == (False, 4404)
