"""SP-02, the door of it: double opt-in, no enumeration, nothing by GET."""

import pytest
from django.core import signing

from portal_core.kernel.models import AuditEvent, OutboxMessage
from portal_core.notify.models import Delivery
from statuspage import access
from statuspage.actions import subscribers
from statuspage.errors import AddressUnusable
from statuspage.models import Subscriber, vault
from statuspage.rules.addresses import Unreadable, Vault
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, mails, subscriber

URL = "/status/subscribe/"


def test_subscribing_asks_the_mailbox_first(page, client, drain):
    answer = client.post(URL, {"email": "Ann@Example.test", "components": [component("telehealth").public_id]})
    drain()

    assert (answer.status_code, answer["Location"]) == (302, "/status/subscribe/done/")
    row = Subscriber.objects.get()
    assert (row.address, row.confirmed_at, row.is_active) == ("Ann@Example.test", None, False)
    assert (row.asked["components"], row.components.count()) == ([component("telehealth").public_id], 0)
    assert mails() == [("Ann@Example.test", "subscription_confirm", "sent")]
    assert Delivery.objects.get().address == ""  # the ledger of deliveries holds none
    assert f"/status/confirm/{row.public_id}:" in Delivery.objects.get().message.text


def test_confirming_needs_the_button(page, client):
    """A link scanner that opens the link confirms nobody."""
    row = subscriber(confirmed_at=None)
    url = f"/status/confirm/{access.confirm_token(row)}/"

    for method in (client.get, client.head):
        assert method(url).status_code == 200
    row.refresh_from_db()
    assert row.confirmed_at is None

    answer = client.post(url)
    assert answer["Location"] == f"/status/manage/{access.manage_token(row)}/"
    row.refresh_from_db()
    assert row.is_active
    confirmed_at = row.confirmed_at

    assert client.post(url).status_code == 302
    row.refresh_from_db()
    assert row.confirmed_at == confirmed_at


def test_a_confirm_link_ends_after_a_week(page, client):
    import time_machine

    row = subscriber(confirmed_at=None)
    with time_machine.travel("2026-11-01 10:00:00Z", tick=False) as clock:
        url = f"/status/confirm/{access.confirm_token(row)}/"
        clock.move_to("2026-11-08 09:59:59Z")
        assert client.get(url).status_code == 200
        clock.move_to("2026-11-08 10:00:01Z")
        assert client.post(url).status_code == 404
    row.refresh_from_db()
    assert row.confirmed_at is None


@pytest.mark.parametrize("state", ["unknown", "unconfirmed", "confirmed", "unsubscribed"])
def test_known_and_unknown_addresses_get_the_same_answer(page, client, state):
    from portal_core.kernel import clock

    if state != "unknown":
        subscriber(
            "ann@example.test",
            confirmed_at=None if state == "unconfirmed" else clock.now(),
            unsubscribed_at=clock.now() if state == "unsubscribed" else None,
        )

    answer = client.post(URL, {"email": "ann@example.test"})

    assert (answer.status_code, answer["Location"], answer.content) == (302, "/status/subscribe/done/", b"")
    assert answer.cookies.keys() <= {"csrftoken"}
    assert Subscriber.objects.count() == 1
    assert OutboxMessage.objects.filter(event_name="statuspage.SubscriptionRequested").count() == 1


def test_a_stranger_who_types_an_address_changes_nothing_of_its_subscription(page, client, drain):
    """cachet #2096"""
    row = subscriber("ann@example.test", only=("ehr",))

    client.post(URL, {"email": "ANN@example.test", "components": [component("telehealth").public_id]})
    drain()

    assert [member.slug for member in row.components.all()] == ["ehr"]
    assert mails() == [("ann@example.test", "subscription_known", "sent")]


def test_typing_an_address_again_and_again_sends_one_question(page, client, drain):
    import time_machine

    with time_machine.travel("2026-11-22 10:01:00Z", tick=False):
        for _ in range(3):
            client.post(URL, {"email": "ann@example.test"})
            drain()

    assert mails() == [("ann@example.test", "subscription_confirm", "sent")]


def test_too_many_tries_are_refused(page, client):
    answers = [client.post(URL, {"email": f"reader{number}@example.test"}) for number in range(21)]

    assert [answer.status_code for answer in answers] == [302] * 20 + [429]
    assert Subscriber.objects.count() == 20
    page_again = answers[-1].content.decode()
    assert 'value="reader20@example.test"' in page_again  # what was typed is still there
    assert "This was sent too often. Nothing is lost" in page_again
    assert 0 < int(answers[-1]["Retry-After"]) <= 600


@pytest.mark.parametrize(
    "email", ["", "ann", "ann@", '"a b"@example.test', "ann@example.test\r\nBcc: x@example.test", "a" * 65 + "@x.test"]
)
def test_an_address_that_cannot_be_used_is_said_beside_the_field(page, client, email):
    answer = client.post(URL, {"email": email})

    assert answer.status_code == 422
    assert "email" in answer.context["form"].errors
    assert Subscriber.objects.count() == 0


def test_unknown_components_are_refused(page, client):
    answer = client.post(URL, {"email": "ann@example.test", "components": ["nothinghere0"]})

    assert answer.status_code == 422
    assert b'value="ann@example.test"' in answer.content


def test_link_scanners_unsubscribe_nobody(page, client):
    """Rock #7034, useSend #412: GET and HEAD never mutate."""
    row = subscriber()
    url = f"/status/unsubscribe/{access.manage_token(row)}/"

    for method in (client.get, client.head):
        assert method(url).status_code == 200
    row.refresh_from_db()
    assert row.is_active


def test_one_click_unsubscribe_works_without_cookies_or_csrf(page, django_user_model):
    """RFC 8058"""
    from django.test import Client

    row = subscriber()
    strict = Client(enforce_csrf_checks=True)
    url = f"/status/unsubscribe/{access.manage_token(row)}/"

    for _ in range(2):
        answer = strict.post(url, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200

    row.refresh_from_db()
    assert row.unsubscribed_at is not None
    actions = AuditEvent.objects.filter(action__startswith="subscriber:").values_list("action", flat=True)
    assert list(actions) == ["subscriber:unsubscribe"]


def test_the_other_forms_want_their_csrf_token(page):
    from django.test import Client

    row = subscriber(confirmed_at=None)
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(URL, {"email": "ann@example.test"}).status_code == 403
    assert strict.post(f"/status/confirm/{access.confirm_token(row)}/").status_code == 403
    assert strict.post(f"/status/manage/{access.manage_token(row)}/").status_code == 403


def test_managing_chooses_components(page, client):
    row = subscriber()
    url = f"/status/manage/{access.manage_token(row)}/"

    answer = client.post(url, {"components": [component("ehr").public_id]})

    assert answer["Location"] == url + "?saved=1"
    assert [member.slug for member in row.components.all()] == ["ehr"]
    assert client.post(url, {}).status_code == 302
    assert row.components.count() == 0


@pytest.mark.parametrize("page_name", ["manage", "confirm"])
def test_forged_links_and_those_of_the_gone_are_one_404(page, client, page_name):
    row = subscriber()
    tokens = {
        "forged": f"{row.public_id}:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "other salt": signing.Signer(salt="elsewhere").sign(row.public_id),
        "empty": "x",
        "gone": access.manage_token(row) if page_name != "confirm" else access.confirm_token(row),
    }
    row.delete()

    answers = {
        (
            client.post(f"/status/{page_name}/{token}/").status_code,
            client.get(f"/status/{page_name}/{token}/").status_code,
        )
        for token in tokens.values()
    }

    assert answers == {(404, 404)}


def test_unsubscribing_where_nothing_is_left_says_yes_and_a_forged_link_404(page, client):
    """The address was deleted a month after it left; its old mails still have the button."""
    row = subscriber()
    url = f"/status/unsubscribe/{access.manage_token(row)}/"
    row.delete()

    assert client.get(url).status_code == client.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert client.post("/status/unsubscribe/x:y/", {"List-Unsubscribe": "One-Click"}).status_code == 404


def test_a_manage_link_confirms_nobody(page, client):
    row = subscriber(confirmed_at=None)

    assert client.post(f"/status/confirm/{access.manage_token(row)}/").status_code == 404
    row.refresh_from_db()
    assert row.confirmed_at is None


def test_addresses_are_unreadable_at_rest_and_nowhere_in_outbox_or_ledger(page, client, drain):
    client.post(URL, {"email": "secret.reader@example.test"})
    row = Subscriber.objects.get()

    stored = row.address_cipher + row.address_index
    stored += "".join(str(message.payload) for message in OutboxMessage.objects.all())
    stored += "".join(str(line.facts) + line.target_id for line in AuditEvent.objects.all())

    assert "secret" not in stored.lower()
    assert row.address == "secret.reader@example.test"


def test_a_vault_seals_each_time_anew_finds_the_same_and_needs_its_key():
    new, old = Vault(["new", "old"]), Vault(["old"])
    sealed = old.seal("ann@example.test")

    assert old.seal("ann@example.test") != sealed
    assert new.open(sealed) == "ann@example.test"
    assert new.index(" Ann@Example.TEST ") == new.index("ann@example.test") != old.index("ann@example.test")
    with pytest.raises(Unreadable):
        Vault(["other"]).open(sealed)


def test_an_import_takes_over_a_consent_and_sends_nothing(page, drain):
    subscribers.import_confirmed(email="sam@example.test", consent="paper form", by=OMAR)
    subscribers.import_confirmed(email="SAM@example.test", consent="again", by=OMAR)
    drain()

    assert Subscriber.objects.get().is_active
    assert Subscriber.objects.get().address_index == vault().index("sam@example.test")
    assert mails() == []
    with pytest.raises(AddressUnusable):
        subscribers.import_confirmed(email="nonsense", consent="", by=OMAR)


def test_the_pages_answer(page, client):
    for url in (URL, "/status/subscribe/done/"):
        answer = client.get(url)
        assert answer.status_code == 200
        assert "Content-Security-Policy" in answer
