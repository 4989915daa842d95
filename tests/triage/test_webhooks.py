"""Webhooks of a practice: signed, without a patient, repeated, sent again, stopped when nobody answers."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from standardwebhooks import Webhook, WebhookVerificationError

from helpdesk.actions import tickets
from helpdesk.enums import Resolution
from helpdesk.models import TicketUndo
from portal_core.directory.enums import Role
from portal_core.kernel import clock, outbox
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.errors import Forbidden
from portal_core.kernel.http import signatures
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from portal_core.notify.queries import posts_to
from portal_core.notify.transports import posting
from tests.cast import make_staff
from tests.fakes.https_sink import https_sink
from tests.helpdesk.factories import refresh
from tests.helpdesk.test_tickets import intake
from tests.triage.factories import WebhookFactory
from triage.actions import escalations, webhook_news, webhooks
from triage.contracts import PracticeNews
from triage.enums import EndpointState, NewsKind, RefusalCode
from triage.errors import EndpointMoved, EndpointNotOn, NothingToSend, SecretWasShown, TooManyEndpoints
from triage.models import WebhookEndpoint

LIST = "/desk/settings/webhooks/"
EVERY = list(NewsKind.values)


@pytest.fixture
def sink(settings, monkeypatch):
    monkeypatch.setattr(posting, "_hung", posting._Hung())
    with https_sink() as server:
        settings.OUTBOUND_POSTS = True
        settings.OUTBOUND_ALLOW_LOOPBACK = True
        settings.OUTBOUND_CA_FILE = server.ca_file
        server.answers["/echo"] = (200, {}, b"no")
        yield server


@pytest.fixture
def hook(cast, sink):
    """An address of Larkfield that is on."""
    return WebhookFactory(practice=cast.practice, url=sink.url(), host=f"localhost:{sink.port}")


@pytest.fixture
def ana(cast, staff_client):
    return staff_client(cast.ana)


def page(name, row, *more):
    return reverse(f"triage:webhook{name}", args=[row.public_id, *more])


def again(row):
    return WebhookEndpoint.objects.get(pk=row.pk)


def opened(cast, **changes):
    return tickets.open_from_contact(intake=intake(**changes), office=cast.north, by=SYSTEM)


def heard(sink, row):
    """(type, state of the ticket or flag) of what arrived, each with its signature checked."""
    bodies = [post.verify(again(row).secret) for post in sink.posts]
    return [(one["type"], one["data"].get("ticket", one["data"].get("flag", {})).get("state")) for one in bodies]


def fates(row):
    return [(post.state, post.code, post.attempts) for post in reversed(posts_to(row.key))]


# --- what is said -----------------------------------------------------------------------------------------------------
def test_the_way_of_a_ticket_is_told_signed_and_without_a_word_of_the_patient(cast, hook, sink, drain):
    by = cast.olivia.actor
    with time_machine.travel("2026-11-16 15:00:00Z", tick=False) as now:
        row = opened(cast, body="My Sertraline refill is gone", error_text="Error 17")
        tickets.match_patient(ticket=row, patient=cast.pat, by=by)
        tickets.reply(ticket=row, body="We look into it, Pat.", by=by)
        tickets.solve(ticket=row, resolution=Resolution.OFFICE, by=by)
        drain()
        now.shift(dt.timedelta(days=8))
        tickets.close(ticket=row, by=SYSTEM)
        drain()
        assert heard_kinds(sink) == [
            "ticket.created", "ticket.updated", "ticket.updated", "ticket.solved", "ticket.closed",
        ]  # fmt: skip
        last = sink.posts[-1].verify(hook.secret)

    assert last["timestamp"] == "2026-11-24T15:00:00.000Z"
    assert last["data"] == {
        "change": "close",
        "ticket": {
            "id": row.public_id, "reference": row.reference, "version": refresh(row).version,
            "category": "LOGIN_PWD", "state": "closed", "turn": "nobody", "side": "office",
            "office": {"id": cast.north.public_id, "name": "North"}, "incident": "", "resolution": "office",
            "created_at": "2026-11-16T15:00:00.000Z", "updated_at": "2026-11-24T15:00:00.000Z", "due_at": None,
        },
    }  # fmt: skip
    assert [post.headers["webhook-id"] for post in sink.posts] == [
        post.id for post in reversed(posts_to(hook.key))
    ]  # fmt: skip
    said = b" ".join(post.body for post in sink.posts).decode()
    for word in ("Pat", "patients.example", "Sertraline", "Error 17", "look into it", cast.pat.public_id, "Olivia"):
        assert word not in said


def heard_kinds(sink):
    return [post.json["type"] for post in sink.posts]


def test_the_way_of_a_flag_is_told(cast, hook, sink, drain, ticket, draft):
    first = escalations.relay(ticket=ticket, draft=draft(note="Pat's phone"), staff=cast.olivia, by=cast.olivia.actor)
    escalations.accept(flag=first, staff=cast.ian, by=cast.ian.actor)
    escalations.decline(flag=first, code=RefusalCode.NOT_IT, note="", staff=cast.ian, by=cast.ian.actor)
    second = escalations.relay(ticket=ticket, draft=draft(), staff=cast.olivia, by=cast.olivia.actor)
    escalations.answer(flag=second, text="Restarted it for Pat.", staff=cast.ian, by=cast.ian.actor)
    drain()

    flags = [one for one in heard(sink, hook) if one[0].startswith("flag.")]
    assert flags == [
        ("flag.sent", "sent"), ("flag.accepted", "investigating"), ("flag.returned", "returned"),
        ("flag.sent", "sent"), ("flag.answered", "answered"),
    ]  # fmt: skip
    returned = next(post.json["data"]["flag"] for post in sink.posts if post.json["type"] == "flag.returned")
    assert returned["refusal"] == "NOT_IT"
    assert returned["ticket"] == {"id": ticket.public_id, "reference": ticket.reference}
    said = b" ".join(post.body for post in sink.posts).decode()
    assert not any(word in said for word in ("Pat", "Restarted", "Chrome", "Error 500", "+1217", cast.pat.initials))


def test_a_deed_that_may_be_taken_back_is_told_after_ten_seconds_or_never(cast, hook, sink, drain, ticket):
    with time_machine.travel(clock.now(), tick=False) as now:
        tickets.solve(ticket=ticket, resolution=Resolution.OFFICE, hold=True, by=cast.olivia.actor)
        drain()
        assert heard_kinds(sink) == []
        tickets.undo(undo_id=TicketUndo.objects.get().public_id, by=cast.olivia.actor)
        now.shift(dt.timedelta(seconds=11))
        drain()
        assert heard(sink, hook) == [("ticket.updated", "open")]

        tickets.solve(ticket=ticket, resolution=Resolution.OFFICE, hold=True, by=cast.olivia.actor)
        now.shift(dt.timedelta(seconds=11))
        drain()
        assert heard(sink, hook)[1:] == [("ticket.solved", "solved")]


def test_each_address_hears_what_it_asked_for_and_no_other_practice(cast, hook, sink, drain):
    WebhookEndpoint.objects.filter(pk=hook.pk).update(events=["ticket.solved"])
    WebhookFactory(practice=cast.elsewhere, url=sink.url("/other"))
    off = WebhookFactory(practice=cast.practice, url=sink.url("/off"), state=EndpointState.OFF)
    row = opened(cast)
    tickets.solve(ticket=row, resolution=Resolution.OFFICE, by=cast.olivia.actor)
    drain()

    assert [post.path for post in sink.posts] == ["/hook"]
    assert heard(sink, hook) == [("ticket.solved", "solved")]
    assert posts_to(off.key) == []


def test_news_handed_out_twice_are_promised_once(cast, hook):
    """A worker that dies after its work and before its mark does it again."""
    event = PracticeNews(id="n1", practice_id=cast.practice.pk, kind="ticket.created", data="{}", at=clock.now())

    assert [webhook_news.promise(event), webhook_news.promise(event)] == [1, 1]
    assert Delivery.objects.filter(recipient_key=hook.key).count() == 1


def test_nobody_listening_costs_one_query_and_publishes_nothing(cast, ticket, events):
    WebhookFactory(practice=cast.elsewhere)
    with CaptureQueriesContext(connection) as asked:
        found = webhook_news.of_ticket(ticket, "ticket:take", events=(), at=clock.now(), not_before=None)

    assert (found, len(asked)) == ([], 1)
    tickets.add_note(ticket=ticket, body="A note", by=cast.olivia.actor)
    assert "PracticeNews" not in events()


# --- an address: added, checked, changed ------------------------------------------------------------------------------
def typed(sink, path="/echo", **changes):
    return {"name": "Records", "url": sink.url(path), "events": EVERY, "idempotency_key": "k1", **changes}


def test_an_address_hears_of_nothing_until_it_has_echoed(cast, ana, sink, drain):
    answer = ana.post(LIST, typed(sink))
    ana.post(LIST, typed(sink))  # a double click
    row = WebhookEndpoint.objects.get()
    assert answer.url == page("", row)
    assert (row.state, row.host, row.url) == ("new", f"localhost:{sink.port}", sink.url("/echo"))
    assert sink.url("/echo") not in row.url_cipher

    opened(cast)
    drain()
    assert sink.posts == []

    shown = ana.post(page("-check", row), follow=True).content.decode()
    assert "It answered, but not with the value we sent." in shown
    assert (again(row).state, again(row).check_result) == ("new", "no_echo")

    sink.echo.add("/echo")
    shown = ana.post(page("-check", row), follow=True).content.decode()
    assert "The address answered. It is on from now." in shown
    assert (again(row).state, again(row).check_result) == ("active", "")
    assert sink.posts[-1].verify(row.secret)["type"] == "challenge"
    assert AuditEvent.objects.filter(action__startswith="webhook:").count() == 3


def test_another_address_has_to_echo_anew(cast, ana, sink, hook):
    same = {"name": "Billing", "url": sink.url(), "events": ["flag.sent"]}
    ana.post(page("", hook), same)
    assert (again(hook).state, again(hook).name, again(hook).events) == ("active", "Billing", ["flag.sent"])

    ana.post(page("", hook), {**same, "url": sink.url("/elsewhere")})
    assert again(hook).state == "new"
    assert again(hook).url.endswith("/elsewhere")


def test_a_check_of_an_address_that_was_changed_meanwhile_switches_nothing_on(cast, sink, monkeypatch):
    row = WebhookFactory(practice=cast.practice, url=sink.url("/echo"), state=EndpointState.NEW)

    def slow(url, *, secret, value):
        values = {"name": row.name, "url": sink.url("/swapped"), "events": EVERY}
        webhooks.change(endpoint=row, **values, staff=cast.ana, by=cast.ana.actor)
        return ""

    monkeypatch.setattr("portal_core.notify.transports.webhook.challenge", slow)

    assert webhooks.check(endpoint=row, staff=cast.ana, by=cast.ana.actor) == "changed"
    assert again(row).state == "new"


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("http://hooks.example.org/x", 422),
        ("https://10.0.0.7/x", 422),
        ("https://me:secret@hooks.example.org/", 422),
        ("https://hooks.example.org:25/", 422),
        ("https://hooks.example.org/ü", 422),
        ("", 422),
        ("https://hooks.example.org:8443/x?y=1", 302),
    ],
)
def test_only_addresses_we_may_talk_to_are_taken(cast, ana, url, status):
    data = {"name": "Records", "url": url, "events": EVERY, "idempotency_key": "k1"}

    answer = ana.post(LIST, data)

    assert answer.status_code == status
    assert WebhookEndpoint.objects.count() == (status == 302)
    if status == 422:
        assert 'value="Records"' in answer.content.decode()


def test_ten_are_the_most(cast, ana):
    WebhookFactory.create_batch(10, practice=cast.practice)

    answer = ana.post(LIST, {"name": "One more", "url": "https://a.example/", "events": EVERY, "idempotency_key": "k"})

    assert (answer.status_code, WebhookEndpoint.objects.count()) == (409, 10)
    assert str(TooManyEndpoints.message) in answer.content.decode()


def test_strangers_find_nothing(cast, staff_client, hook):
    """TR-01: neither IT nor an office keeps the practice's settings; another practice's owner does not find it."""
    posts = [page(f"-{name}", hook) for name in ("check", "off", "remove", "secret", "test", "missed")]
    posts.append(page("-again", hook, "0" * 20))
    for name in ("olivia", "ian", "ines", "carla", "omar"):
        client = staff_client(getattr(cast, name))
        assert client.get(LIST).status_code == client.get(page("", hook)).status_code == 403
        assert {client.post(path).status_code for path in posts} == {403}
    with pytest.raises(Forbidden):
        webhooks.switch_off(endpoint=hook, staff=cast.oscar, by=cast.oscar.actor)

    foreign = WebhookFactory(practice=cast.elsewhere)
    ana = staff_client(cast.ana)
    assert ana.get(page("", foreign)).status_code == 404
    assert ana.post(page("-remove", foreign)).status_code == 404
    assert foreign.name not in ana.get(LIST).content.decode()
    assert again(hook).state == again(foreign).state == "active"


# --- the secret -------------------------------------------------------------------------------------------------------
def test_the_secret_is_shown_once_and_a_new_one_leaves_a_day_for_the_change(cast, ana, hook, sink, drain):
    shown = ana.post(page("-secret", hook))
    assert f'value="{hook.secret}"' in shown.content.decode().replace("&#x3D;", "=")
    assert "no-store" in shown["Cache-Control"]
    assert ana.post(page("-secret", hook)).status_code == 409
    with pytest.raises(SecretWasShown):
        webhooks.show_secret(endpoint=hook, staff=cast.ana, by=cast.ana.actor)

    now = clock.now()
    with time_machine.travel(now, tick=False) as at:
        fresh = webhooks.new_secret_for(endpoint=hook, staff=cast.ana, by=cast.ana.actor)
        opened(cast)
        drain()
        assert sink.posts[-1].verify(fresh) == sink.posts[-1].verify(hook.secret)
        at.shift(dt.timedelta(hours=24))
        opened(cast)
        drain()
        assert sink.posts[-1].verify(fresh)
        with pytest.raises(WebhookVerificationError):
            sink.posts[-1].verify(hook.secret)


def test_two_secrets_make_two_signatures_and_none_is_refused():
    one, two = signatures.new_secret(), signatures.new_secret()
    body, at = b'{"a":1}', clock.now()

    headers = signatures.headers(f"{one} {two}", message_id="m", at=at, body=body)

    assert [part[:3] for part in headers["webhook-signature"].split(" ")] == ["v1,", "v1,"]
    for secret in (one, two):
        assert Webhook(secret).verify(body, headers) == {"a": 1}
        assert signatures.verify([secret], headers=headers, body=body, now=at) == "m"
    with pytest.raises(signatures.BadSecret):
        signatures.headers(" ", message_id="m", at=at, body=body)


# --- when it does not answer ------------------------------------------------------------------------------------------
def test_what_is_refused_for_now_is_repeated_under_the_same_id(cast, ana, hook, sink, drain):
    sink.answers["/hook"] = (503, {}, b"")
    with time_machine.travel(clock.now(), tick=False) as now:
        opened(cast)
        drain()
        assert fates(hook) == [("waiting", "http_503", 1)]
        shown = ana.get(page("", hook)).content.decode()
        assert "It answered with status 503." in shown
        assert "1 attempt" in shown
        del sink.answers["/hook"]
        now.shift(dt.timedelta(seconds=10))
        drain()
    assert fates(hook) == [("sent", "", 2)]
    assert len({post.headers["webhook-id"] for post in sink.posts}) == 1


def test_an_address_that_is_gone_stops_is_told_about_and_keeps_what_happens(cast, ana, hook, sink, drain):
    sink.answers["/hook"] = (410, {}, b"")
    opened(cast)
    drain()

    row = again(hook)
    assert (row.state, row.stopped_code, row.failures) == ("stopped", "http_410", 1)
    mail = Delivery.objects.select_related("message").get(message__template="triage/webhook_stopped")
    assert mail.recipient_key == f"staff:{cast.ana.public_id}"
    assert (hook.name in mail.message.text, "http_410" in mail.message.text) == (True, True)

    opened(cast)
    drain()
    assert [state for state, _code, _attempts in fates(hook)] == ["failed", "cancelled"]
    assert ana.post(page("-test", hook), {"idempotency_key": "k"}).status_code == 409
    assert ana.post(page("-missed", hook)).status_code == 409

    sink.answers.clear()
    sink.posts.clear()
    sink.echo.add("/hook")
    ana.post(page("-check", hook))
    sink.echo.clear()
    assert (again(hook).state, again(hook).failures, again(hook).stopped_at) == ("active", 0, None)
    shown = ana.post(page("-missed", hook), follow=True).content.decode()
    assert "2 messages are sent again." in shown
    assert "0 messages are sent again." in ana.post(page("-missed", hook), follow=True).content.decode()
    drain()
    assert heard_kinds(sink) == ["challenge", "ticket.created", "ticket.created"]


def test_five_given_up_over_a_day_stop_an_address_and_one_success_starts_the_count_anew(cast, hook):
    def fail():
        webhook_news.note_failure(keys=frozenset({hook.key}), channel="webhook", code="timeout", permanent=False)

    with time_machine.travel("2026-11-16 15:00:00Z", tick=False) as now:
        for _ in range(6):
            fail()
        assert (again(hook).state, again(hook).failures) == ("active", 6)
        webhook_news.note_success(keys=frozenset({hook.key}), channel="webhook")
        assert (again(hook).failures, again(hook).failing_since) == (0, None)
        for _ in range(4):
            fail()
        now.shift(dt.timedelta(days=1))
        assert again(hook).state == "active"
        fail()
        fail()
    assert (again(hook).state, again(hook).stopped_code) == ("stopped", "timeout")
    assert AuditEvent.objects.filter(action="webhook:stop").count() == 1


# --- sending again, testing, ending -----------------------------------------------------------------------------------
def test_what_arrived_is_sent_again_once_a_press_with_the_same_body(cast, ana, hook, sink, drain):
    opened(cast)
    drain()
    (post,) = posts_to(hook.key)
    for _ in range(2):
        ana.post(page("-again", hook, post.id), {"idempotency_key": "k1"})
    drain()

    first, second = sink.posts
    assert first.body == second.body
    assert first.headers["webhook-id"] != second.headers["webhook-id"]
    assert second.verify(hook.secret)["id"] == first.json["id"]
    ana.post(page("-again", hook, post.id), {"idempotency_key": "k2"})
    drain()
    assert len(sink.posts) == 3


def test_what_is_on_its_way_or_somebody_elses_is_not_sent_again(cast, hook):
    other = WebhookFactory(practice=cast.elsewhere)
    opened(cast)
    outbox.drain()
    (post,) = posts_to(hook.key)
    foreign = Delivery.objects.get(public_id=post.id)
    for row, staff in ((hook, cast.ana), (other, make_owner(cast))):
        with pytest.raises(NothingToSend):
            webhooks.send_again(endpoint=row, delivery_id=foreign.public_id, key="k", staff=staff, by=staff.actor)
    assert Delivery.objects.filter(recipient_key__startswith="endpoint:").count() == 1


def make_owner(cast):
    return make_staff("Olga", cast.elsewhere, (Role.OWNER, None))


def test_a_test_goes_to_this_address_alone(cast, ana, hook, sink, drain):
    WebhookFactory(practice=cast.practice, url=sink.url("/second"))
    for _ in range(2):
        ana.post(page("-test", hook), {"idempotency_key": "k1"})
    drain()

    assert [post.path for post in sink.posts] == ["/hook"]
    body = sink.posts[0].verify(hook.secret)
    assert (body["type"], body["data"]) == ("webhook.test", {"endpoint": hook.public_id})
    assert "Test" in ana.get(page("", hook)).content.decode()


def test_switched_off_or_removed_nothing_leaves_any_more(cast, ana, hook, sink, drain):
    gone = WebhookFactory(practice=cast.practice, url=sink.url("/gone"))
    opened(cast)
    outbox.drain()
    for _ in range(2):
        ana.post(page("-off", hook))
    ana.post(page("-remove", gone))
    assert ana.post(page("-remove", gone)).status_code == 404
    drain()

    assert sink.posts == []
    assert again(hook).state == "off"
    assert list(Delivery.objects.filter(recipient_key__startswith="endpoint:").values_list("state", flat=True)) == [
        "cancelled", "cancelled",
    ]  # fmt: skip
    with pytest.raises(EndpointNotOn):
        webhooks.send_test(endpoint=hook, key="k", staff=cast.ana, by=cast.ana.actor)
    with pytest.raises(EndpointMoved):
        again(hook).move(EndpointState.STOPPED, at=clock.now())


@pytest.mark.parametrize("rows", [1, 12])
def test_the_page_costs_the_same_for_one_message_and_for_many(cast, ana, hook, rows):
    for number in range(rows):
        webhook_news.send(hook, {"type": "ticket.created", "data": {}}, cause=f"c{number}")
    ana.get(page("", hook))

    with CaptureQueriesContext(connection) as asked:
        shown = ana.get(page("", hook))

    assert shown.content.decode().count("ticket.created</code>") == rows
    assert len(asked) <= 9
