"""Webhooks of a practice for programs, and every attempt to reach one: the guards of the settings page (HD-17)."""

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from helpdesk.actions import tickets
from portal_core.accounts.actions import tokens
from portal_core.kernel.contracts import SYSTEM
from portal_core.notify.models import Delivery, DeliveryAttempt
from portal_core.notify.queries import posts_to, tries_of
from portal_core.notify.rules.excerpt import REMOVED, excerpt
from portal_core.notify.transports import posting
from tests.cast import signed_in
from tests.fakes.https_sink import https_sink
from tests.helpdesk.test_tickets import intake
from tests.triage.factories import WebhookFactory
from triage.models import WebhookEndpoint

LIST = "/api/v1/webhooks/"
NEW = {"name": "Warehouse", "url": "https://hooks.example.org/in", "events": ["ticket.created"]}


@pytest.fixture
def sink(settings, monkeypatch):
    monkeypatch.setattr(posting, "_hung", posting._Hung())
    with https_sink() as server:
        settings.OUTBOUND_POSTS = True
        settings.OUTBOUND_ALLOW_LOOPBACK = True
        settings.OUTBOUND_CA_FILE = server.ca_file
        yield server


@pytest.fixture
def hook(cast, sink):
    return WebhookFactory(practice=cast.practice, url=sink.url(), host=f"localhost:{sink.port}")


@pytest.fixture
def ana(cast):
    return program(cast.ana)


def program(staff) -> Client:
    secret = tokens.create(user=staff.user, name="test", by=staff.actor)[1]
    return Client(headers={"Authorization": f"Bearer {secret}"})


def send(client, path, body=None, method="post", **headers):
    return getattr(client, method)(path, body or {}, content_type="application/json", headers=headers)


def opened(cast):
    return tickets.open_from_contact(intake=intake(), office=cast.north, by=SYSTEM)


def again(row):
    return WebhookEndpoint.objects.get(pk=row.pk)


# --- the addresses ----------------------------------------------------------------------------------------------------
def test_one_is_added_and_its_secret_is_told_once(cast, ana):
    first = send(ana, LIST, NEW, **{"Idempotency-Key": "a"})
    same = send(ana, LIST, NEW, **{"Idempotency-Key": "a"})

    assert (first.status_code, first["Cache-Control"]) == (201, "no-store")
    row = WebhookEndpoint.objects.get()
    assert first.json()["secret"] == row.secret
    assert (same.json()["id"], same.json()["secret"]) == (row.public_id, None)
    shown = ana.get(f"{LIST}{row.public_id}/").json()
    assert (shown["state"], shown["url"], shown["events"]) == ("new", NEW["url"], ["ticket.created"])
    assert "secret" not in shown
    assert row.secret not in ana.get(LIST).content.decode()
    assert [one["name"] for one in ana.get(LIST).json()["results"]] == ["Warehouse"]


def test_what_the_page_refuses_is_refused(cast, ana):
    bad = send(ana, LIST, NEW | {"url": "http://127.0.0.1/"})
    assert bad.status_code == 422
    assert send(ana, LIST, NEW | {"events": ["nonsense"]}).status_code == 422
    assert send(ana, LIST, NEW | {"events": []}).status_code == 422
    for _ in range(10):
        WebhookFactory(practice=cast.practice)
    full = send(ana, LIST, NEW)
    assert (full.status_code, full.json()["error"]["code"]) == (409, "too_many_endpoints")


def test_it_is_checked_paused_changed_and_removed(cast, ana, hook, sink):
    here = f"{LIST}{hook.public_id}/"
    assert send(ana, f"{here}pause/").json()["state"] == "off"
    assert send(ana, f"{here}pause/").json()["state"] == "off"
    off = send(ana, f"{here}test/")
    assert (off.status_code, off.json()["error"]["code"]) == (409, "endpoint_not_on")
    sink.echo.add("/hook")
    assert send(ana, f"{here}check/").json()["state"] == "active"
    changed = send(ana, here, {"name": "Store", "url": hook.url, "events": ["flag.sent"]}, method="put").json()
    assert (changed["name"], changed["state"], changed["events"]) == ("Store", "active", ["flag.sent"])
    secret = send(ana, f"{here}secret/").json()["secret"]
    assert secret == again(hook).secret != hook.secret
    assert ana.delete(here).status_code == 204
    assert ana.get(here).status_code == 404
    assert not WebhookEndpoint.objects.exists()


def test_only_who_keeps_the_settings_of_that_practice_comes_in(cast, client):
    row = WebhookFactory(practice=cast.practice)
    theirs = WebhookFactory(practice=cast.elsewhere)
    paths = [LIST, *(f"{LIST}{row.public_id}/{end}" for end in ("", "deliveries/"))]
    for staff in (cast.olivia, cast.ian, cast.carla, cast.charlie):
        assert [program(staff).get(path).status_code for path in paths] == [403, 403, 403], staff
    assert [client.get(path).status_code for path in paths] == [401, 401, 401]
    assert [signed_in(cast.pat).get(path).status_code for path in paths] == [401, 401, 401]
    ana = program(cast.ana)
    assert ana.get(f"{LIST}{theirs.public_id}/").status_code == 404
    for end in ("check", "pause", "secret", "test", "deliveries/x/again"):
        assert send(ana, f"{LIST}{theirs.public_id}/{end}/").status_code == 404, end
        assert send(program(cast.olivia), f"{LIST}{row.public_id}/{end}/").status_code == 403, end


# --- every attempt ----------------------------------------------------------------------------------------------------
def test_each_attempt_stands_with_its_status_time_and_words(cast, ana, hook, sink, drain):
    told = again(hook).secret
    sink.answers["/hook"] = (500, {}, f"Out of paper.\n Bearer abc123 {told} {'A' * 40}".encode())
    opened(cast)
    drain()
    Delivery.objects.filter(state="waiting").update(available_at=F("created_at"))
    sink.answers["/hook"] = (202, {}, b"taken")
    drain()

    post = posts_to(hook.key)[0]
    first, second = tries_of(hook.key, [post.id])[post.id]
    assert (first.status, first.code) == (500, "http_500")
    assert (second.status, second.code, second.answer) == (202, "", "taken")
    assert first.answer.startswith("Out of paper.")
    for word in ("abc123", told, "AAAA"):
        assert word not in first.answer
    listed = ana.get(f"{LIST}{hook.public_id}/deliveries/").json()["results"][0]
    assert (listed["id"], listed["type"], listed["state"], listed["attempts"]) == (post.id, "ticket.created", "sent", 2)
    assert [(one["status"], one["code"], one["answer"]) for one in listed["tries"]] == [
        (500, "http_500", first.answer), (202, "", "taken"),
    ]  # fmt: skip
    assert tries_of("endpoint:another", [post.id]) == {}


def test_the_page_shows_them_folded(cast, hook, sink, drain, staff_client):
    sink.answers["/hook"] = (503, {}, b"<b>Back at nine</b>")
    opened(cast)
    drain()
    page = staff_client(cast.ana).get(reverse("triage:webhook", args=[hook.public_id])).content.decode()
    assert "Show 1 attempt" in page
    assert "status 503" in page
    assert "&lt;b&gt;Back at nine&lt;/b&gt;" in page


def test_nobody_answering_is_an_attempt_too(cast, hook, sink, drain):
    sink.hang_up.add("/hook")
    opened(cast)
    drain()
    row = DeliveryAttempt.objects.get()
    assert (row.status, row.code, row.answer) == (None, "connection_lost", "")


def test_a_message_is_sent_again_once(cast, ana, hook, sink, drain):
    opened(cast)
    drain()
    post = posts_to(hook.key)[0]
    path = f"{LIST}{hook.public_id}/deliveries/{post.id}/again/"
    for _ in range(2):
        assert send(ana, path, **{"Idempotency-Key": "once"}).status_code == 202
    drain()

    assert len(sink.posts) == 2
    assert send(ana, f"{LIST}{hook.public_id}/deliveries/nonsense/again/").status_code == 409


def test_a_test_message_is_sent(ana, hook, sink, drain):
    assert send(ana, f"{LIST}{hook.public_id}/test/").status_code == 202
    drain()
    assert [one.json["type"] for one in sink.posts] == ["webhook.test"]


# --- what is kept of an answer ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"ok", "ok"),
        (b"", ""),
        (b'{"token": "abcdefgh", "ok": true}', f'{{"{REMOVED}", "ok": true}}'),
        (b"Authorization: Basic QWxhZGRpbg==", REMOVED),
        (b"see https://x.example/?api_key=12345678&x=1", f"see https://x.example/?{REMOVED}&x=1"),
        (b"id " + b"a1" * 20, f"id {REMOVED}"),
        (b"my-own-secret came back", f"{REMOVED} came back"),
        (b"\x00\xff\x1b[31mred\r\n two", "[31mred two"),
    ],
)
def test_an_excerpt_is_short_plain_and_opens_nothing(body, kept):
    assert excerpt(body, secrets=["my-own-secret"]) == kept


def test_a_long_answer_is_cut_after_the_secrets_are_out():
    found = excerpt(b"x " * 90 + b"whsec_" + b"Q" * 3000)
    assert "QQ" not in found
    assert len(excerpt(b"word " * 100)) == 200
