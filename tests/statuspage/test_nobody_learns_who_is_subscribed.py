"""SP-02: whoever types an address learns nothing and changes nothing; whoever follows links neither."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent, OutboxMessage
from portal_core.notify.models import Delivery, Message
from statuspage import access
from statuspage.actions import subscribers
from statuspage.models import Subscriber
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, declare, subscriber

STATES = ["unknown", "unconfirmed", "confirmed", "unsubscribed", "quarantined"]
ADDRESSES = {
    "email": ("ann@example.test", {"email": "ann@example.test"}),
    "sms": ("+12024561111", {"phone": "+12024561111"}),
    "webhook": ("https://h.example.org/x", {"url": "https://h.example.org/x", "contact": "dev@example.test"}),
}


def a_row_in(state: str, way: str = "email") -> None:
    if state == "unknown":
        return
    now = clock.now()
    row = subscriber(
        ADDRESSES[way][0],
        way=way,
        confirmed_at=None if state == "unconfirmed" else now,
        unsubscribed_at=now if state == "unsubscribed" else None,
        quarantined_at=now if state == "quarantined" else None,
    )
    row.components.set([component("ehr")])


def words(answer) -> str:
    """A page without what is new at every request."""
    return re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]*"', "", answer.content.decode())


@pytest.mark.parametrize("way", list(ADDRESSES))
@pytest.mark.parametrize("url", ["/status/subscribe/", "/status/manage/"])
def test_every_address_gets_the_same_answer_for_the_same_work(page, settings, way, url):
    """Status, headers, body, the page that follows, and the number of queries: one of each over all states."""
    seen = set()
    for state in STATES:
        Subscriber.objects.all().delete()
        a_row_in(state, way)
        client = Client(REMOTE_ADDR=f"192.0.2.{STATES.index(state)}")
        fields = (
            ADDRESSES[way][1] if "subscribe" in url else {k: v for k, v in ADDRESSES[way][1].items() if k != "contact"}
        )
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(f"{url}?way={way}", fields)
        verbs = tuple(query["sql"].split()[0] for query in queries.captured_queries)  # the next request empties the log
        follows = client.get(answer["Location"])
        seen.add((answer.status_code, answer["Location"], answer.content, words(follows), verbs))
        assert OutboxMessage.objects.filter(done_at=None).count() == 1
        OutboxMessage.objects.all().delete()
    assert len(seen) == 1
    assert len(verbs) >= 4


def test_anyone_could_edit_anothers_subscription_by_typing_the_address(page, client, drain):
    """A named bug of a peer (cachet #2096): typing an address and guessing links change nothing."""
    row = subscriber("ann@example.test", only=("ehr",), minimum_impact="major", language="es")

    client.post("/status/subscribe/", {"email": "ann@example.test", "minimum_impact": "none", "language": "en"})
    client.post("/status/manage/", {"email": "ann@example.test"})
    stranger = subscriber("eve@example.test")
    client.post(f"/status/manage/{access.manage_token(stranger)[:-3]}AAA/", {"kinds": ["incidents"]})
    drain()

    row.refresh_from_db()
    assert (row.minimum_impact, row.language, row.asked) == ("major", "es", {})
    assert [member.slug for member in row.components.all()] == ["ehr"]
    assert {d.recipient_key for d in Delivery.objects.all()} == {row.key}  # only the mailbox itself got the link


def test_the_link_to_ones_settings_goes_to_the_address_alone(page, client, drain):
    row = subscriber("ann@example.test")

    answer = client.post("/status/manage/", {"email": "ANN@example.test"})
    client.post("/status/manage/", {"email": "nobody@example.test"})
    drain()

    assert answer["Location"] == "/status/subscribe/done/"
    message = Message.objects.get()
    assert f"/status/manage/{access.manage_token(row)}/" in message.text
    assert Delivery.objects.count() == 1
    assert Subscriber.objects.count() == 1


def test_a_number_gets_a_code_to_its_settings_and_keeps_its_choices(page, client, drain):
    row = subscriber("+12024561111", way="sms", minimum_impact="major")

    answer = client.post("/status/manage/?way=sms", {"phone": "202 456 1111"})
    drain()
    row.refresh_from_db()
    code = access.code_of(row.public_id, row.asked["code_at"])

    assert code in Message.objects.get().sms
    assert client.post(answer["Location"], {"code": code})["Location"].startswith("/status/manage/")
    row.refresh_from_db()
    assert row.minimum_impact == "major"


def test_a_handle_says_nothing_over_time(page):
    """Made of the address alone: neither a deleted row nor a confirmed one changes it."""
    first = subscribers.subscribe(way="sms", address="+12024561111", by=OMAR)
    Subscriber.objects.all().delete()
    second = subscribers.subscribe(way="sms", address="202-456-1111", by=OMAR)
    Subscriber.objects.update(confirmed_at=clock.now())
    assert first == second == subscribers.subscribe(way="sms", address="+12024561111", by=OMAR)


def test_resubscribe_doubles_rows(page, client, drain):
    """A named bug of a peer: leaving and coming back made a second row, and every mail came twice."""
    for round_number in range(3):
        client.post("/status/subscribe/", {"email": ["ann@example.test", "ANN@example.test"][round_number % 2]})
        row = Subscriber.objects.get()
        client.post(f"/status/confirm/{access.confirm_token(row)}/")
        row.refresh_from_db()
        assert row.is_active
        subscribers.unsubscribe(token=access.manage_token(row), by=OMAR)
    client.post(f"/status/manage/{access.manage_token(row)}/again/")
    drain()
    client.post(f"/status/confirm/{access.confirm_token(row)}/")
    declare(ehr="major_outage")
    drain()

    assert Subscriber.objects.get().is_active
    assert Delivery.objects.filter(message__template="statuspage/incident_created").count() == 1


def test_removed_subscribers_still_mailed(page, client, drain):
    """A named bug of a peer: whoever left between the promise and the sending got the mail."""
    gone, stays = subscriber("gone@example.test"), subscriber("stays@example.test")
    declare(ehr="major_outage")
    strict = Client(enforce_csrf_checks=True)
    strict.post(f"/status/unsubscribe/{access.manage_token(gone)}/", {"List-Unsubscribe": "One-Click"})
    drain()

    told = Delivery.objects.filter(state="sent").values_list("recipient_key", flat=True)
    assert list(told) == [stays.key]


def test_link_scanners_unsubscribe_nobody(page, client, drain, settings):
    """Every link of every mail, fetched by GET and HEAD, and posted to without what one-click posts carry."""
    client.post("/status/subscribe/", {"email": "new@example.test"})
    active = subscriber("ann@example.test")
    client.post("/status/subscribe/", {"email": "ann@example.test"})
    declare(ehr="major_outage")
    drain()
    texts = " ".join(message.text + message.html for message in Message.objects.all())
    token = access.manage_token(active)
    links = {link.rstrip(".").removeprefix(settings.PUBLIC_URL) for link in re.findall(r"https?://[^\s\"<>]+", texts)}
    links = {link for link in links if link.startswith("/")}
    links |= {f"/status/unsubscribe/{token}/", f"/status/manage/{token}/", f"/status/manage/{token}/secret/"}
    before, ledger = list(Subscriber.objects.order_by("pk").values()), AuditEvent.objects.count()
    scanner = Client(enforce_csrf_checks=True)

    assert len(links) >= 5
    for link in links:
        scanner.get(link)
        scanner.head(link)
        scanner.post(link)
        scanner.post(link, {"List-Unsubscribe": "no"})
        scanner.post(link, "", content_type="text/plain")

    assert list(Subscriber.objects.order_by("pk").values()) == before
    assert AuditEvent.objects.count() == ledger


def test_choosing_needs_a_live_subscription(page, client):
    row = subscriber(unsubscribed_at=clock.now())
    answer = client.post(f"/status/manage/{access.manage_token(row)}/", {"kinds": ["incidents"]})
    assert answer.status_code == 422
    row.refresh_from_db()
    assert row.wants_maintenances is True


def test_pressing_confirm_twice_is_confirming_once(page, client):
    client.post("/status/subscribe/", {"email": "ann@example.test"})
    url = f"/status/confirm/{access.confirm_token(Subscriber.objects.get())}/"
    assert [client.post(url).status_code for _ in range(2)] == [302, 302]
    assert AuditEvent.objects.filter(action="subscriber:confirm").count() == 1


def test_what_is_typed_after_the_yes_waits_for_nothing_and_changes_nothing(page, client):
    client.post("/status/subscribe/", {"email": "ann@example.test", "minimum_impact": "major"})
    row = Subscriber.objects.get()
    client.post(f"/status/confirm/{access.confirm_token(row)}/")
    client.post("/status/subscribe/", {"email": "ann@example.test", "minimum_impact": "critical"})
    client.post(f"/status/confirm/{access.confirm_token(row)}/")
    row.refresh_from_db()
    assert row.minimum_impact == "major"
