"""Programs that subscribe: Statuspage's public form (research §2.1), and nothing told about who is on the list."""

import json

import pytest
from django.test import Client

from portal_core.kernel.models import OutboxMessage
from statuspage import access
from statuspage.enums import Way
from statuspage.models import ComponentGroup, Subscriber
from tests.statuspage.factories import audit_actions, component, declare, events, subscriber

PATH = "/api/v2/subscribers.json"
ASKED = "statuspage.SubscriptionRequested"


@pytest.fixture
def outsider() -> Client:
    """No cookies, and a server that insists on CSRF tokens where it wants them."""
    return Client(enforce_csrf_checks=True)


def post(client: Client, **fields: str):
    return client.post(PATH, {f"subscriber[{name}]": value for name, value in fields.items()})


def as_json(client: Client, **fields: object):
    return client.post(PATH, json.dumps({"subscriber": fields}), content_type="application/json")


@pytest.mark.parametrize("send", [post, as_json])
def test_sp_02_an_address_is_taken_down_and_asked(page, outsider, send):
    """SP-02"""
    answer = send(outsider, email=" Reader@Example.org ")
    body = answer.json()["subscriber"]

    assert answer.status_code == 201
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert not answer.cookies
    assert list(body) == [
        "id", "mode", "email", "created_at", "skip_confirmation_notification", "quarantined_at", "purge_at",
    ]  # fmt: skip
    assert (body["mode"], body["email"], body["skip_confirmation_notification"]) == (
        "email", "Reader@Example.org", False,
    )  # fmt: skip
    assert body["created_at"][-6:] in ("-05:00", "-04:00")
    row = Subscriber.objects.get()
    assert (row.way, row.address, row.is_active) == (Way.EMAIL, "Reader@Example.org", False)
    assert events(ASKED) == 1
    assert "reader" not in " ".join(map(str, OutboxMessage.objects.values_list("payload", flat=True))).lower()


def test_known_and_unknown_addresses_get_the_same_answer(page, outsider):
    subscriber("known@example.org")
    keys = ("mode", "skip_confirmation_notification", "quarantined_at", "purge_at")
    known, unknown = (post(outsider, email=f"{name}@example.org") for name in ("known", "strange"))

    assert (known.status_code, list(known.json()["subscriber"])) == (201, list(unknown.json()["subscriber"]))
    assert [known.json()["subscriber"][key] for key in keys] == [unknown.json()["subscriber"][key] for key in keys]
    assert len(known.json()["subscriber"]["id"]) == len(unknown.json()["subscriber"]["id"])
    again = post(outsider, email="known@example.org").json()["subscriber"]["id"]
    assert again == known.json()["subscriber"]["id"]
    assert Subscriber.objects.get(confirmed_at__isnull=False).address == "known@example.org"


def test_a_webhook_needs_somebody_to_turn_to(page, outsider):
    answer = post(outsider, endpoint="https://hooks.example.org/status")

    assert answer.status_code == 422
    assert answer.json()["message"].startswith("An e-mail address is needed")
    assert answer.json()["error"]["fields"] == {"email": [answer.json()["message"]]}
    assert not Subscriber.objects.exists()
    done = post(outsider, endpoint="https://hooks.example.org/status", email="ops@example.org").json()["subscriber"]
    assert (done["mode"], done["endpoint"], done["email"]) == (
        "webhook", "https://hooks.example.org/status", "ops@example.org",
    )  # fmt: skip
    assert Subscriber.objects.get().way == Way.WEBHOOK


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"phone_number": "(212) 456-7890"}, "+12124567890"),
        ({"phone_number": "07400 123456", "phone_country": "gb"}, "+447400123456"),
        ({"phone_number": "+44 7400 123456"}, "+447400123456"),
    ],
)
def test_a_number_may_come_with_its_country(page, outsider, fields, kept):
    answer = post(outsider, **fields)

    assert answer.status_code == 201, answer.content
    body = answer.json()["subscriber"]
    assert (body["mode"], body["phone_country"]) == ("sms", fields.get("phone_country", "us"))
    assert Subscriber.objects.get().address == kept


def test_only_about_one_component_a_group_or_an_incident(page, outsider):
    part, group, incident = component("ehr"), ComponentGroup.objects.get(name="For patients"), declare()

    for fields in ({"component_id": part.public_id}, {"component_id": group.public_id}, {"incident": incident.id}):
        number = Subscriber.objects.count()
        assert post(outsider, email=f"reader{number}@example.org", **fields).status_code == 201
    first, second, third = (row.asked for row in Subscriber.objects.order_by("pk"))
    assert (first["components"], first["groups"]) == ([part.public_id], [])
    assert (second["components"], second["groups"]) == ([], [group.public_id])
    assert third["incident"] == incident.id


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b\r\nBcc: c@d"}, "email"),
        ({"email": "x@example.org", "component_id": "nothing"}, "component_id"),
        ({"email": "x@example.org", "incident_id": "nothing"}, "incident_id"),
        ({"email": "x@example.org", "endpoint": "http://hooks.example.org/"}, "endpoint"),
        ({"email": "x@example.org", "endpoint": "https://127.0.0.1/"}, "endpoint"),
        ({"email": "x@example.org", "endpoint": "https://u:p@hooks.example.org/"}, "endpoint"),
        ({"phone_number": "12"}, "phone_number"),
        ({"phone_number": "2124567890", "phone_country": "usa"}, "phone_country"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_is_kept(page, outsider, fields, field):
    answer = post(outsider, **fields)
    body = answer.json()

    assert answer.status_code == 422
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert list(body["error"]["fields"]) == [field]
    assert body["message"] == body["error"]["message"] == body["error"]["fields"][field][0]
    assert not Subscriber.objects.exists()
    assert events(ASKED) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422), (b"{", 400), (b"\xff\xfe", 400), (b"[" * 100_000, 400), (b"[]", 422), (b"null", 422),
        (b'{"subscriber": 1}', 422), (b'{"subscriber": {"email": ["a@b.example"]}}', 422),
        (b'{"subscriber": {"email": {"a": 1}}}', 422), (b'{"subscriber": {"email": true}}', 422),
        (b'{"subscriber": {"email": "\\ud800@example.org"}}', 422),
        (b'{"subscriber": {"email": "a@example.org", "component_id": "\\u0000"}}', 422),
        (b'{"subscriber": {"email": "a@example.org", "component_id": "\\udfff"}}', 422),
    ],
)  # fmt: skip
def test_bodies_that_cannot_be_read_are_refused_in_words(page, outsider, body, status):
    answer = outsider.post(PATH, body, content_type="application/json")

    assert answer.status_code == status
    assert answer.json()["message"]
    assert not Subscriber.objects.exists()


def test_one_address_and_one_caller_can_only_ask_so_often(page, outsider):
    assert [post(outsider, email="a@example.org").status_code for _ in range(6)] == [201] * 5 + [429]
    refused = post(outsider, email="A@EXAMPLE.org")
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert post(outsider, email="b@example.org").status_code == 201
    for number in range(12):
        post(outsider, email=f"c{number}@example.org")
    assert post(outsider, email="d@example.org").status_code == 429


def test_an_id_is_no_proof_of_ownership(page, outsider):
    """Whoever knows it only makes us write to the address, which gets the link that cancels."""
    row = subscriber("known@example.org")
    handle = post(outsider, email="known@example.org").json()["subscriber"]["id"]
    known = outsider.delete(f"/api/v2/subscribers/{handle}.json")
    stranger = access.handle_of("email", "nobody@example.org")  # as if the row had been deleted meanwhile
    unknown = outsider.delete(f"/api/v2/subscribers/{stranger}.json")

    assert outsider.delete(f"/api/v2/subscribers/{handle}x.json").status_code == 404
    assert known.status_code == unknown.status_code == 202
    assert known.content == unknown.content
    assert known["Access-Control-Allow-Origin"] == "*"
    row.refresh_from_db()
    assert row.is_active
    assert events(ASKED) == 3, "the same is written for a stranger's id, so that the time tells nothing"
    assert audit_actions() == ["subscriber:ask", "subscriber:remind", "subscriber:remind"]


def test_a_confirmation_can_be_asked_for_again_but_not_for_ever(page, outsider):
    handle = post(outsider, email="new@example.org").json()["subscriber"]["id"]
    path = f"/api/v2/subscriptions/{handle}/resend_confirmation"

    assert [outsider.post(path).status_code for _ in range(4)] == [202, 202, 202, 429]
    assert events(ASKED) == 4
    assert not Subscriber.objects.get().is_active


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        (PATH, "POST, OPTIONS"),
        ("/api/v2/subscribers/x.json", "DELETE, OPTIONS"),
        ("/api/v2/subscriptions/x/resend_confirmation", "POST, OPTIONS"),
        ("/api/v2/summary.json", "GET, HEAD, OPTIONS"),
        ("/maintenance.ics", "GET, HEAD, OPTIONS"),
    ],
)
def test_scripts_of_other_sites_may_call(page, outsider, path, methods):
    preflight = outsider.options(path)
    assert (preflight.status_code, preflight["Access-Control-Allow-Methods"]) == (204, methods)
    assert preflight["Access-Control-Allow-Origin"] == "*"
    wrong = outsider.put(path)
    assert (wrong.status_code, wrong["Allow"], wrong.json()["error"]["code"]) == (405, methods, "method_not_allowed")


def test_the_link_scanner_that_opens_everything_subscribes_nobody(page, outsider):
    """GET never changes anything."""
    handle = post(outsider, email="new@example.org").json()["subscriber"]["id"]
    before = (Subscriber.objects.count(), events(ASKED))

    assert outsider.get(f"{PATH}?subscriber[email]=a@example.org").status_code == 405
    assert outsider.get(f"/api/v2/subscribers/{handle}.json").status_code == 405
    assert outsider.get(f"/api/v2/subscriptions/{handle}/resend_confirmation").status_code == 405
    assert (Subscriber.objects.count(), events(ASKED)) == before


def test_the_page_for_programmers_names_every_address(page, client):
    from statuspage.urls import DOCUMENTS

    text = client.get("/status/api/").content.decode()
    assert [name for name in DOCUMENTS if f'href="/{name}"' not in text] == []
