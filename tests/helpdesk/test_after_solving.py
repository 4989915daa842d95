"""The requester's page after the end: one press says whether we helped, and writing again begins a linked request."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from helpdesk import access
from helpdesk.enums import Channel, LinkKind, Resolution, TicketState
from helpdesk.models import Ticket, TicketLink, TicketRating
from portal_core.kernel.http import ratelimit
from portal_core.kernel.models import AuditEvent
from tests.helpdesk.factories import TicketFactory, TicketMessageFactory, refresh

S = TicketState


@pytest.fixture
def solved(cast):
    return TicketFactory(office=cast.north, state=S.SOLVED)


def page(ticket, name="ticket"):
    return reverse(f"helpdesk:{name}", args=[access.ticket_token(ticket)])


def press(client, ticket, **values):
    return client.post(page(ticket, "ticket-rate"), {"solved": "yes", "round": "0", "comment": "", **values})


def test_opening_the_link_answers_nothing(client, solved):
    """Mail scanners open every link they see."""
    for address in (page(solved), page(solved) + "?solved=no&round=0"):
        assert "Did we help you?" in client.get(address).content.decode()
    assert client.get(page(solved, "ticket-rate")).status_code == 405

    assert TicketRating.objects.count() == 0
    assert AuditEvent.objects.count() == 0


def test_one_press_says_yes(client, solved):
    answer = press(client, solved)

    assert (answer.status_code, answer.url) == (302, page(solved) + "#rate")
    text = client.get(page(solved)).content.decode()
    assert "You said that we helped you." in text
    assert "Did we help you?" not in text
    assert refresh(solved).state == S.SOLVED


def test_no_reopens_and_a_double_click_is_one_no(client, solved):
    for _ in range(2):
        assert press(client, solved, solved="no", comment="Still locked.").status_code == 302

    row = refresh(solved)
    assert (row.state, row.reopened_count, row.messages.count()) == (S.OPEN, 1, 1)
    assert "Did we help you?" not in client.get(page(solved)).content.decode()


@pytest.mark.parametrize(
    ("values", "status"),
    [({"solved": "maybe"}, 422), ({"round": "x"}, 422), ({"round": "7"}, 409), ({"comment": "x" * 1001}, 422)],
)
def test_what_no_button_sends_is_refused(client, solved, values, status):
    assert press(client, solved, **values).status_code == status
    assert TicketRating.objects.count() == 0


def test_a_forged_link_rates_nothing(client, solved):
    address = reverse("helpdesk:ticket-rate", args=[solved.public_id + ".forged"])
    assert client.post(address, {"solved": "no", "round": "0"}).status_code == 404
    assert refresh(solved).state == S.SOLVED


def test_an_open_request_is_not_asked(client, cast):
    ticket = TicketFactory(office=cast.north, state=S.OPEN)
    assert "Did we help you?" not in client.get(page(ticket)).content.decode()
    assert press(client, ticket).status_code == 409


def test_writing_about_a_closed_request_begins_a_linked_one(client, cast):
    closed = TicketFactory(office=cast.north, state=S.CLOSED)
    text = client.get(page(closed)).content.decode()
    assert "We open" not in text
    assert "we open a new one that belongs to it" in text

    values = {"body": "It is back.", "idempotency_key": "once"}
    first, second = (client.post(page(closed, "ticket-reply"), values) for _ in range(2))

    fresh = Ticket.objects.exclude(pk=closed.pk).get()
    assert first.url == second.url == page(fresh)
    assert [row.body for row in fresh.messages.all()] == ["It is back."]
    assert TicketLink.objects.get().kind == LinkKind.FOLLOW_UP
    assert refresh(closed).state == S.CLOSED


def test_a_joined_request_of_the_same_person_goes_on_in_the_other(client, cast):
    target = TicketFactory(office=cast.north, requester_email="PAT@patients.example")
    old = TicketFactory(office=cast.north, state=S.MERGED, merged_into=target)
    TicketMessageFactory(ticket=old, body="Said first.")

    answer = client.get(page(old))

    assert (answer.status_code, answer.url) == (302, page(target))
    assert "Said first." in client.get(page(target)).content.decode()


def test_a_joined_request_of_another_person_keeps_its_own_page(client, cast):
    target = TicketFactory(office=cast.north, requester_email="else@patients.example", state=S.OPEN)
    TicketMessageFactory(ticket=target, body="Private words.")
    mine = TicketFactory(office=cast.north, state=S.MERGED, merged_into=target)

    text = client.get(page(mine)).content.decode()
    assert "We are working on it" in text
    assert "Private words." not in text
    client.post(page(mine, "ticket-reply"), {"body": "More from me.", "idempotency_key": "k"})
    assert [row.body for row in mine.messages.all()] == ["More from me."]
    assert "More from me." not in client.get(page(target)).content.decode()


def test_a_patient_says_so_in_the_portal_too(cast, patient_client):
    """Who asked by phone or in a secure message has no link; they are asked where they read the answer."""
    pat = patient_client(cast.pat)
    hers = TicketFactory(office=cast.north, patient=cast.paula, state=S.SOLVED)
    called = TicketFactory(office=cast.north, patient=cast.pat, state=S.SOLVED, channel=Channel.PHONE)
    letter = TicketFactory(office=cast.north, patient=cast.pat, state=S.SOLVED, channel=Channel.MESSAGE,
                           resolution=Resolution.NOT_NEEDED)  # fmt: skip
    here, there = (reverse("helpdesk:request", args=[one.public_id]) for one in (called, letter))
    assert "Did we help you?" in pat.get(here).content.decode()
    assert "Did we help you?" not in pat.get(there).content.decode()  # nobody asked for anything

    no = {"solved": "no", "round": "0", "comment": "Still locked."}
    assert pat.post(reverse("helpdesk:request-rate", args=[hers.public_id]), no).status_code == 404
    too_long = pat.post(f"{here}rate/", no | {"comment": "x" * 1001})
    assert (too_long.status_code, "x" * 1001 in too_long.content.decode()) == (422, True)
    for _ in range(20):
        ratelimit.hit("helpdesk:rate", called.public_id, limit=20, per=3600)
    too_often = pat.post(f"{here}rate/", no | {"comment": "Words to keep"})
    assert (too_often.status_code, "Words to keep" in too_often.content.decode()) == (429, True)
    cache.clear()
    for _ in range(2):
        assert pat.post(f"{here}rate/", no)["Location"] == f"{here}#rate"

    row = refresh(called)
    assert (row.state, row.reopened_count, row.messages.get().body) == (S.OPEN, 1, "Still locked.")
    assert pat.post(f"{here}rate/", {"solved": "yes", "round": "1"}).status_code == 409
    assert AuditEvent.objects.filter(action="ticket:rate", actor_id=cast.pat.public_id).count() == 1
