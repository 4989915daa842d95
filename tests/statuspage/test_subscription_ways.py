"""SP-02 by every way: how addresses are written, codes, challenges, and that each is asked by its own way."""

import datetime as dt
import json
import re

import pytest
import time_machine
from django.core.cache import cache

from portal_core.kernel.errors import TooMany
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery, Message
from portal_core.notify.transports import push as push_transport
from statuspage import access
from statuspage.actions import subscribers
from statuspage.actions.subscribers import answering
from statuspage.enums import Way
from statuspage.errors import (
    AddressUnusable,
    CodeWrong,
    ContactMissing,
    SecretShown,
    SubscriptionOver,
    WayClosed,
)
from statuspage.models import Subscriber
from statuspage.rules.addresses import Unusable, masked, normalise
from tests.statuspage.conftest import OMAR

HOOK = "https://hooks.example.org/in/Abc"
SLACK = "https://hooks.slack.com/services/T000/B000/xyz"
TEAMS = "https://acme.webhook.office.com/webhookb2/a@b/IncomingWebhook/c/d"
POINT = "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM"
BROWSER = json.dumps(
    {
        "endpoint": "https://push.example.org/send/1",
        "expirationTime": None,
        "keys": {"p256dh": POINT, "auth": "tBHItJI5svbpez7KI4CCXg"},
    }
)


@pytest.mark.parametrize(
    ("way", "typed", "kept"),
    [
        ("email", " Ann@Example.test ", "Ann@Example.test"),
        ("sms", "(202) 456-1111", "+12024561111"),
        ("voice", "+34 912 34 56 78", "+34912345678"),
        ("webhook", "https://Hooks.Example.org/in/Abc?x=1", "https://hooks.example.org/in/Abc?x=1"),
        ("webhook", "https://hooks.example.org:8443", "https://hooks.example.org:8443/"),
        ("slack", SLACK, SLACK),
        ("teams", TEAMS, TEAMS),
        (
            "teams",
            "https://prod-12.westus.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?sig=x",
            "https://prod-12.westus.logic.azure.com/workflows/1/triggers/manual/paths/invoke?sig=x",
        ),
    ],
)
def test_an_address_has_one_form(way, typed, kept):
    assert normalise(way, typed) == kept


@pytest.mark.parametrize(
    ("way", "typed", "code"),
    [
        ("email", "ann@", "email"),
        ("sms", "12", "phone"),
        ("sms", "+1 900 555 0123", "phone_kind"),  # premium rate: a list must not be a way to earn money
        ("webhook", "http://hooks.example.org/", "url"),
        ("webhook", "https://user:pass@hooks.example.org/", "url"),
        ("webhook", "https://127.0.0.1/", "url"),
        ("webhook", "https://[::1]/", "url"),
        ("webhook", "https://2130706433/", "url"),
        ("webhook", "https://localhost/", "url"),
        ("webhook", "https://hooks.example.org/a\r\nHost: x", "url"),
        ("webhook", "https://hooks.example.org\\@evil.example/", "url"),
        ("slack", "https://hooks.slack.com.evil.example/services/T/B/x", "slack"),
        ("slack", "https://evil.example/hooks.slack.com/services/T/B/x", "slack"),
        ("slack", "https://xhooks.slack.com/services/T/B/x", "slack"),
        ("slack", "https://hooks.slack.com:8443/services/T/B/x", "slack"),
        ("slack", "https://hooks.slack.com@evil.example/services/T/B/x", "slack"),
        ("slack", "https://hooks.slack.com/", "slack"),
        ("teams", "https://webhook.office.com.evil.example/x", "teams"),
        ("teams", "https://evilwebhook.office.com/x", "teams"),
        ("push", "{}", "push"),
        ("push", "[]", "push"),
        ("push", "[" * 2000, "push"),  # deeper than any reader of JSON goes
        ("push", '{"endpoint": "http://push.example.org/", "keys": {"p256dh": "x", "auth": "y"}}', "push"),
        ("pigeon", "x", "way"),
    ],
)
def test_what_cannot_be_written_to_is_refused_by_name(way, typed, code):
    """Hosts are compared whole, never by what they contain."""
    with pytest.raises(Unusable) as refusal:
        normalise(way, typed)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("way", "address", "shown"),
    [
        ("email", "ann@example.test", "a•••@e•••.test"),
        ("sms", "+12024561111", "+1 ••• 1111"),
        ("slack", SLACK, "hooks.slack.com/•••"),
        ("push", BROWSER, "push.example.org/•••"),
    ],
)
def test_staff_see_enough_to_recognise_and_too_little_to_use(way, address, shown):
    assert masked(way, address) == shown


@pytest.mark.parametrize("way", ["sms", "voice"])
def test_a_number_is_confirmed_by_the_code_it_was_sent(page, client, drain, way):
    answer = client.post(f"/status/subscribe/?way={way}", {"phone": "(202) 456-1111"})
    drain()

    next_page = answer["Location"]
    assert next_page.startswith(f"/status/subscribe/code/{way}.")
    row = Subscriber.objects.get()
    assert (row.address, row.is_active) == ("+12024561111", False)
    delivery = Delivery.objects.select_related("message").get()
    assert (delivery.channel, delivery.address, delivery.message.template) == (way, "", "statuspage/subscription_code")
    code = "".join(re.findall(r"\d", delivery.message.sms.partition("is ")[2].partition(".")[0]))
    assert len(code) == 6
    assert client.get(next_page).status_code == 200

    wrong = client.post(next_page, {"code": "000000" if code != "000000" else "111111"})
    assert wrong.status_code == 422
    assert not Subscriber.objects.get().is_active

    right = client.post(next_page, {"code": f" {code[:3]} {code[3:]} "})
    row.refresh_from_db()
    assert right["Location"] == f"/status/manage/{access.manage_token(row)}/"
    assert row.is_active


def test_a_code_lives_fifteen_minutes_and_six_tries(page, drain):
    with time_machine.travel("2026-11-22 10:00:00Z", tick=False) as clock:
        handle = subscribers.subscribe(way="sms", address="+12024561111", by=OMAR)
        drain()
        row = Subscriber.objects.get()
        code = access.code_of(row.public_id, row.asked["code_at"])
        clock.move_to("2026-11-22 10:15:01Z")
        with pytest.raises(CodeWrong):
            subscribers.confirm_code(handle=handle, code=code, by=OMAR)
        clock.move_to("2026-11-22 10:14:59Z")
        for _ in range(5):
            with pytest.raises(CodeWrong):
                subscribers.confirm_code(handle=handle, code="12", by=OMAR)
        with pytest.raises(TooMany):
            subscribers.confirm_code(handle=handle, code=code, by=OMAR)
    assert not Subscriber.objects.get().is_active


def test_tries_are_counted_where_no_cache_can_forget_them(page, drain):
    """A cache server that is away would let somebody try a million codes; another code begins anew."""
    with time_machine.travel("2026-11-22 10:00:00Z", tick=False) as clock:
        handle = subscribers.subscribe(way="sms", address="+12024561111", by=OMAR)
        drain()
        row = Subscriber.objects.get()
        for _ in range(6):
            cache.clear()
            with pytest.raises(CodeWrong):
                subscribers.confirm_code(handle=handle, code="12", by=OMAR)
        cache.clear()
        with pytest.raises(CodeWrong):
            subscribers.confirm_code(handle=handle, code=access.code_of(row.public_id, row.asked["code_at"]), by=OMAR)

        clock.move_to("2026-11-22 10:10:00Z")
        subscribers.subscribe(way="sms", address="+12024561111", by=OMAR)
        drain()
        row.refresh_from_db()
        fresh = access.code_of(row.public_id, row.asked["code_at"])
        assert subscribers.confirm_code(handle=handle, code=fresh, by=OMAR).is_active


def test_no_code_is_right_for_a_number_nobody_gave(page):
    """Nor for one that was never sent a code: the empty one must not match anything."""
    handle = access.handle_of("sms", "+12024561111")
    for code in ("", access.code_of("", ""), "000000"):
        with pytest.raises(CodeWrong):
            subscribers.confirm_code(handle=handle, code=code, by=OMAR)
    subscribers.subscribe(way="sms", address="+12024561111", by=OMAR)  # its code has not left yet
    row = Subscriber.objects.get()
    with pytest.raises(CodeWrong):
        subscribers.confirm_code(handle=handle, code=access.code_of(row.public_id, ""), by=OMAR)


def test_a_number_typed_again_and_again_costs_one_text(page, drain):
    with time_machine.travel("2026-11-22 10:00:00Z", tick=False) as clock:
        for minute in range(3):
            clock.move_to(dt.datetime(2026, 11, 22, 10, minute, tzinfo=dt.UTC))
            subscribers.subscribe(way="sms", address="+12024561111", by=OMAR)
            drain()
        assert Delivery.objects.count() == 1
        clock.move_to("2026-11-22 10:10:00Z")
        subscribers.subscribe(way="sms", address="+12024561111", by=OMAR)
        drain()
    assert Delivery.objects.count() == 2


def test_one_mailbox_is_asked_only_so_often_however_many_webhooks_name_it(page, client):
    def named(number: int) -> int:
        fields = {"url": f"{HOOK}{number}", "contact": "Dev@example.test"}
        return client.post("/status/subscribe/?way=webhook", fields).status_code

    assert [named(number) for number in range(6)] == [302] * 5 + [429]


def test_the_link_of_a_chat_room_goes_to_the_contact_it_confirmed_alone(page, drain):
    """Whoever types a room's address anew names a contact, but that one counts only once the room said yes."""
    subscribers.subscribe(way="slack", address=SLACK, contact="dev@example.test", by=OMAR)
    row = Subscriber.objects.get()
    subscribers.confirm(token=access.confirm_token(row), by=OMAR)
    subscribers.unsubscribe(token=access.manage_token(row), by=OMAR)
    subscribers.subscribe(way="slack", address=SLACK, contact="eve@example.test", by=OMAR)

    reached = answering.where(frozenset({f"contact:{row.public_id}"}))

    assert [found.address for found in reached.values()] == ["dev@example.test"]


# --- webhooks ---------------------------------------------------------------------------------------------------------
class Endpoint:
    """Answers challenges as told, in place of the network."""

    def __init__(self, monkeypatch, *answers: str) -> None:
        from portal_core.notify.transports import webhook

        self.answers, self.asked = list(answers), []
        monkeypatch.setattr(webhook, "challenge", self.challenge)

    def challenge(self, url: str, *, secret: str, value: str) -> str:
        self.asked.append((url, secret, value))
        return self.answers.pop(0) if self.answers else ""


def webhook(client, drain) -> Subscriber:
    """Typed and confirmed by its contact, not yet challenged."""
    client.post("/status/subscribe/?way=webhook", {"url": HOOK, "contact": "dev@example.test"})
    drain()
    row = Subscriber.objects.get()
    client.post(f"/status/confirm/{access.confirm_token(row)}/")
    row.refresh_from_db()
    return row


def test_a_webhook_echoes_before_it_hears_of_anything(page, client, drain, settings, monkeypatch):
    settings.OUTBOUND_POSTS = True
    endpoint = Endpoint(monkeypatch, "")

    answer = client.post("/status/subscribe/?way=webhook", {"url": HOOK, "contact": "dev@example.test"})
    drain()
    row = Subscriber.objects.get()
    assert answer["Location"] == "/status/subscribe/done/?way=webhook"
    assert endpoint.asked == []  # no stranger makes us post anywhere
    assert Delivery.objects.get().recipient_key == f"contact:{row.public_id}"
    assert "hooks.example.org" in Message.objects.get().text

    client.post(f"/status/confirm/{access.confirm_token(row)}/")
    row.refresh_from_db()
    assert (row.is_active, row.contact, row.contact_confirmed_at is not None) == (False, "dev@example.test", True)
    assert subscribers.challenge_due() == 1
    row.refresh_from_db()
    [(url, secret, value)] = endpoint.asked
    assert (url, secret, len(value)) == (HOOK, row.secret, 40)
    assert row.is_active
    assert secret.startswith("whsec_")
    assert subscribers.challenge_due() == 0
    drain()
    last = Delivery.objects.select_related("message").latest("pk")
    assert (last.recipient_key, last.message.template) == (f"contact:{row.public_id}", "statuspage/subscription_ready")


def test_a_webhook_that_does_not_echo_is_asked_three_times_and_stays_quiet(page, client, drain, settings, monkeypatch):
    settings.OUTBOUND_POSTS = True
    with time_machine.travel("2026-11-22 10:00:00Z", tick=False) as clock:
        endpoint = Endpoint(monkeypatch, "http_500", "no_echo", "timeout")
        row = webhook(client, drain)
        for _ in range(5):
            subscribers.challenge_due()
            clock.shift(dt.timedelta(minutes=10))
        row.refresh_from_db()
        assert (len(endpoint.asked), row.is_active, row.challenge_result) == (3, False, "timeout")
        assert len({value for _url, _secret, value in endpoint.asked}) == 3

        manage = f"/status/manage/{access.manage_token(row)}/"
        assert b"it did not answer within ten seconds" in client.get(manage).content
        client.post(f"{manage}challenge/")
        assert subscribers.challenge_due() == 1
    row.refresh_from_db()
    assert row.is_active


def test_the_secret_is_shown_once_and_a_new_one_ends_the_old(page, client, drain, settings, monkeypatch):
    row = webhook(client, drain)
    url = f"/status/manage/{access.manage_token(row)}/secret/"

    shown = client.post(url)
    assert row.secret.encode() in shown.content.replace(b"&#x3D;", b"=")
    assert "no-store" in shown["Cache-Control"]
    assert client.post(url).status_code == 409
    with pytest.raises(SecretShown):
        subscribers.reveal_secret(token=access.manage_token(row), by=OMAR)

    fresh = subscribers.rotate_secret(token=access.manage_token(row), by=OMAR)
    assert fresh == Subscriber.objects.get().secret != row.secret
    assert client.get(url).status_code == 405
    actions = AuditEvent.objects.filter(action__contains="secret").values_list("action", flat=True)
    assert list(actions) == ["subscriber:reveal_secret", "subscriber:rotate_secret"]
    assert fresh not in str(list(AuditEvent.objects.values_list("facts", flat=True)))


def test_a_secret_is_only_for_webhooks_that_have_a_contact(page):
    from tests.statuspage.factories import subscriber

    with pytest.raises(SubscriptionOver):
        subscribers.rotate_secret(token=access.manage_token(subscriber()), by=OMAR)


def test_somebody_else_who_names_himself_as_contact_gets_nothing(page, client, drain):
    """The contact's link is the contact's: whoever types the address later gets another, and changes nothing of one
    that has been confirmed."""
    client.post("/status/subscribe/?way=webhook", {"url": HOOK, "contact": "dev@example.test"})
    first = access.confirm_token(Subscriber.objects.get())
    client.post("/status/subscribe/?way=webhook", {"url": HOOK, "contact": "mallory@example.test"})

    assert client.post(f"/status/confirm/{first}/").status_code == 404  # asked for the later contact now
    row = Subscriber.objects.get()
    client.post(f"/status/confirm/{access.confirm_token(row)}/")
    client.post("/status/subscribe/?way=webhook", {"url": HOOK, "contact": "trudy@example.test"})
    row.refresh_from_db()
    assert (row.contact, row.asked.get("contact", "")) == ("mallory@example.test", "")


def test_a_webhook_names_a_contact(page, client):
    assert client.post("/status/subscribe/?way=webhook", {"url": HOOK}).status_code == 422
    with pytest.raises(ContactMissing):
        subscribers.subscribe(way="webhook", address=HOOK, by=OMAR)
    with pytest.raises(AddressUnusable):
        subscribers.subscribe(way="webhook", address=HOOK, contact="nobody", by=OMAR)
    assert Subscriber.objects.count() == 0


def test_two_webhooks_that_differ_in_case_alone_are_two(page):
    for path in ("Abc", "abc", "Abc"):
        subscribers.subscribe(
            way="webhook", address=f"https://hooks.example.org/{path}", contact="dev@example.test", by=OMAR
        )
    assert Subscriber.objects.count() == 2


# --- Slack, Teams, browsers -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("way", "url"), [("slack", SLACK), ("teams", TEAMS)])
def test_a_channel_is_asked_in_the_channel(page, client, drain, way, url):
    answer = client.post(f"/status/subscribe/?way={way}", {"url": url})
    drain()

    row = Subscriber.objects.get()
    delivery = Delivery.objects.select_related("message").get()
    assert answer["Location"] == f"/status/subscribe/done/?way={way}"
    assert (delivery.channel, delivery.recipient_key, delivery.address) == (way, row.key, "")
    assert f"/status/confirm/{access.confirm_token(row)[:20]}" in json.dumps(delivery.message.payloads[way])
    client.post(f"/status/confirm/{access.confirm_token(row)}/")
    row.refresh_from_db()
    assert row.is_active


def test_browser_notifications_are_offered_only_with_keys(page, client, settings, drain):
    settings.VAPID_PRIVATE_KEY = ""
    assert "way=push" not in client.get("/status/subscribe/").content.decode()
    with pytest.raises(WayClosed):
        subscribers.subscribe(way="push", address=BROWSER, by=OMAR)

    settings.VAPID_PRIVATE_KEY = push_transport.new_private_key()
    page_of_push = client.get("/status/subscribe/?way=push").content.decode()
    assert f'data-push-key="{push_transport.public_key()}"' in page_of_push
    answer = client.post("/status/subscribe/?way=push", {"subscription": BROWSER})
    drain()

    row = Subscriber.objects.get()
    assert answer["Location"] == "/status/subscribe/done/?way=push"
    assert push_transport.read_subscription(row.address).endpoint == "https://push.example.org/send/1"
    said = Delivery.objects.select_related("message").get().message.payloads["push"]
    assert "/status/confirm/" in said["url"]


def test_a_browser_whose_keys_changed_is_the_same_browser(page, settings):
    settings.VAPID_PRIVATE_KEY = push_transport.new_private_key()
    subscribers.subscribe(way="push", address=BROWSER, by=OMAR)
    subscribers.subscribe(way="push", address=BROWSER.replace("tBHIt", "uBHIt"), by=OMAR)
    assert Subscriber.objects.count() == 1


def test_the_service_worker_stands_at_the_root(client):
    answer = client.get("/push-worker.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert b"notificationclick" in answer.content


def test_no_provider_no_texts(settings):
    settings.DEMO, settings.TWILIO_ACCOUNT_SID, settings.OUTBOUND_POSTS = False, "", False
    settings.VAPID_PRIVATE_KEY = ""
    assert access.ways_open() == (Way.EMAIL,)


def test_a_code_opens_once(page, drain):
    """Whoever reads it over a shoulder comes too late; a new one works."""
    with time_machine.travel("2026-11-22 10:00:00Z", tick=False) as clock:
        handle = subscribers.subscribe(way="sms", address="+12024561111", by=OMAR)
        drain()
        row = Subscriber.objects.get()
        code = access.code_of(row.public_id, row.asked["code_at"])
        assert subscribers.confirm_code(handle=handle, code=code, by=OMAR).is_active
        with pytest.raises(CodeWrong):
            subscribers.confirm_code(handle=handle, code=code, by=OMAR)

        clock.move_to("2026-11-22 10:10:00Z")
        subscribers.request_manage_link(way="sms", address="+12024561111", by=OMAR)
        drain()
        row.refresh_from_db()
        fresh = access.code_of(row.public_id, row.asked["code_at"])
        assert fresh != code
        assert subscribers.confirm_code(handle=handle, code=fresh, by=OMAR).pk == row.pk
