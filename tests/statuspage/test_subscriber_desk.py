"""SP-02 at the desk: the list, masked; the search through the blind index; one subscription, in the ledger."""

import pytest
from django.test import Client

from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from statuspage.models import Subscriber, vault
from tests.statuspage.factories import audit_actions, subscriber

LIST = "/desk/status/subscribers/"


@pytest.fixture
def omar(cast, staff_client) -> Client:
    return staff_client(cast.omar)


def test_the_list_counts_filters_and_masks(page, omar):
    now = clock.now()
    subscriber("ann.reader@example.test")
    subscriber("bo@example.test", confirmed_at=None)
    subscriber("+12024561111", way="sms", quarantined_at=now, quarantine_reason="twilio_21610")
    subscriber("left@example.test", unsubscribed_at=now)

    answer = omar.get(LIST)
    text = answer.content.decode()

    assert len(answer.context["lines"]) == 4
    assert "a•••@e•••.test" in text
    assert not any(part in text for part in ("ann.reader", "bo@", "2024561111", "left@"))
    assert answer.context["states"] == ["Not confirmed yet", "Subscribed", "Set aside", "Left"]
    assert answer.context["table"] == [
        ("E-mail", [1, 1, 0, 1], 3), ("Text message", [0, 0, 1, 0], 1), ("All", [1, 1, 1, 1], 4),
    ]  # fmt: skip
    for query, found in (("?way=sms", 1), ("?state=active", 1), ("?way=email&state=pending", 1), ("?way=voice", 0)):
        assert len(omar.get(LIST + query).context["lines"]) == found, query
    assert omar.get(LIST + "?way=pigeon&state=x").status_code == 200


@pytest.mark.parametrize("rows", [1, 3, 120])
def test_the_list_costs_the_same_for_one_and_many(page, omar, rows, django_assert_num_queries):
    for _ in range(rows):
        subscriber()
    omar.get(LIST)
    with django_assert_num_queries(6):  # session, user, staff, roles; rows, counts
        answer = omar.get(LIST)
    assert len(answer.context["lines"]) == min(rows, 50)


def test_pages_are_walked_by_key_and_show_everybody_once(page, omar):
    for _ in range(105):
        subscriber()
    seen, url = [], LIST
    while url:
        answer = omar.get(url)
        seen += [line.id for line in answer.context["lines"]]
        url = f"{LIST}?before={answer.context['after']}" if answer.context["after"] else ""
    assert len(seen) == len(set(seen)) == 105
    assert omar.get(f"{LIST}?before=nothing").context["lines"] == []


def test_search_finds_the_exact_address_in_any_spelling_and_keeps_it_out_of_the_ledger(page, omar):
    row = subscriber("Ann@example.test")
    phone = subscriber("+12024561111", way="sms")
    url = f"{LIST}search/"

    assert omar.post(url, {"q": " ann@EXAMPLE.test"})["Location"] == f"{LIST}{row.public_id}/"
    assert omar.post(url, {"q": "(202) 456-1111"})["Location"] == f"{LIST}{phone.public_id}/"
    nobody = omar.post(url, {"q": "ann@example"})
    assert (nobody.status_code, nobody.context["lines"]) == (200, [])
    assert omar.post(url, {"q": ""}).status_code == 422
    assert omar.get(url).status_code == 405
    assert "ann" not in str(list(AuditEvent.objects.values_list("facts", flat=True))).lower()


def test_opening_a_subscription_shows_the_address_and_is_in_the_ledger(page, omar):
    row = subscriber("ann@example.test", consent="paper form", contact_cipher=vault().seal("dev@example.test"))

    answer = omar.get(f"{LIST}{row.public_id}/")

    assert b"ann@example.test" in answer.content
    assert b"dev@example.test" in answer.content
    assert b"paper form" in answer.content
    assert answer["Cache-Control"].count("no-store") == 1
    assert audit_actions().count("subscriber:read") == 1


def test_staff_bring_back_and_unsubscribe_each_once(page, omar):
    now = clock.now()
    row = subscriber(quarantined_at=now, quarantine_reason="smtp_550", purge_at=now)
    url = f"{LIST}{row.public_id}/"

    assert b"Write to it again" in omar.get(url).content
    for act, state in (("reactivate", "active"), ("reactivate", "active"), ("unsubscribe", "unsubscribed")):
        assert omar.post(url, {"act": act}).status_code == 302
        row.refresh_from_db()
        assert row.state == state
    omar.post(url, {"act": "unsubscribe"})
    omar.post(url, {"act": "reactivate"})
    row.refresh_from_db()
    assert row.state == "unsubscribed"
    actions = [action for action in audit_actions() if action != "subscriber:read"]
    assert [action for action in actions if action.startswith("subscriber:")] == [
        "subscriber:reactivate",
        "subscriber:unsubscribe",
    ]


@pytest.mark.parametrize("path", ["", "search/", "import/", "export/", "{id}/", "import/x/"])
def test_others_see_nothing(page, cast, staff_client, client, path):
    row = subscriber("ann@example.test")
    url = LIST + path.format(id=row.public_id)
    for visitor, codes in ((client, (302,)), (staff_client(cast.olivia), (403,)), (staff_client(cast.ian), (403,))):
        assert visitor.get(url).status_code in (*codes, 405)
        assert visitor.post(url).status_code in (*codes, 405)
    assert not AuditEvent.objects.filter(action__in=["subscriber:read", "subscriber:export"]).exists()


def test_a_subscription_that_is_gone_is_a_404(page, omar):
    assert omar.get(f"{LIST}nothinghere/").status_code == 404
    assert omar.post(f"{LIST}nothinghere/", {"act": "reactivate"}).status_code == 404
    assert Subscriber.objects.count() == 0
