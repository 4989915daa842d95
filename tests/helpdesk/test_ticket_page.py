"""A requester's own page: what it shows, what it does, and who stays outside."""

import datetime as dt

import pytest
import time_machine
from channels.testing import WebsocketCommunicator

from helpdesk.access import ticket_token
from helpdesk.actions import tickets
from helpdesk.consumers import TicketConsumer
from helpdesk.enums import TicketState
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.helpdesk.factories import TicketFactory, TicketMessageFactory, refresh

S = TicketState


def url(ticket, rest=""):
    return f"/help/tickets/{ticket_token(ticket)}/{rest}"


@pytest.mark.parametrize(
    ("state", "label"),
    [
        (S.NEW, "Received"),
        (S.OPEN, "We are working on it"),
        (S.WAIT_PATIENT, "We need you"),
        (S.WAIT_INCIDENT, "We are working on it"),
        (S.CLOSE_LOOP, "We think it is fixed"),
        (S.SOLVED, "Solved"),
        (S.CLOSED, "Closed"),
    ],
)
def test_the_page_says_where_it_stands_in_plain_words(cast, client, state, label):
    ticket = TicketFactory(office=cast.north, state=state)

    page = client.get(url(ticket)).content.decode()

    assert f"{label}</span>" in page
    assert ticket.reference in page
    assert ("Is it fixed for you?" in page) == (state == S.CLOSE_LOOP)
    assert url(ticket, "reply/") in page


def test_internal_notes_and_other_tickets_never_show(cast, client, ticket):
    TicketMessageFactory(ticket=ticket, body="Visible words.")
    TicketMessageFactory(ticket=ticket, body="Secret note.", visibility="internal", author_kind="office")
    TicketMessageFactory(ticket=TicketFactory(office=cast.north), body="Foreign words.")

    page = client.get(url(ticket)).content.decode()

    assert "Visible words." in page
    assert "Secret note." not in page
    assert "Foreign words." not in page


def test_what_was_written_is_text_and_never_markup(client, ticket):
    TicketMessageFactory(ticket=ticket, body="<script>alert(1)</script>")

    assert "<script>alert(1)" not in client.get(url(ticket)).content.decode()


def test_opening_the_page_changes_nothing(cast, client):
    """Mail scanners open every link."""
    ticket = TicketFactory(office=cast.north, state=S.CLOSE_LOOP)
    before = refresh(ticket).version

    for path in (url(ticket), url(ticket, "answer/"), url(ticket, "reply/"), url(ticket, "answer/?works=yes")):
        client.get(path)
        client.head(path)

    assert (refresh(ticket).state, refresh(ticket).version) == (S.CLOSE_LOOP, before)
    assert AuditEvent.objects.count() == 0


@pytest.mark.parametrize("rest", ["", "reply/", "answer/"])
def test_strangers_learn_nothing(cast, client, ticket, rest):
    token = ticket_token(ticket)
    forged = [token[:-1] + ("A" if token[-1] != "A" else "B"), ticket.public_id, f"{ticket.public_id}.", "x" * 300]
    forged.append(ticket_token(TicketFactory.build(office=cast.north)))  # well signed, but no such ticket

    for stranger in forged:
        path = f"/help/tickets/{stranger}/{rest}"
        answer = client.post(path, {"body": "Hello", "works": "yes"}) if rest else client.get(path)
        assert answer.status_code == 404, stranger
    assert refresh(ticket).messages.count() == 0


def test_the_link_dies_sixty_days_after_closing(cast, client):
    ticket = TicketFactory(office=cast.north, state=S.CLOSED)

    with time_machine.travel(ticket.closed_at + dt.timedelta(days=60), tick=False):
        assert client.get(url(ticket)).status_code == 200
    with time_machine.travel(ticket.closed_at + dt.timedelta(days=60, seconds=1), tick=False):
        assert client.get(url(ticket)).status_code == 404


def test_a_reply_is_written_once_though_sent_twice(client, ticket):
    for _ in range(2):
        answer = client.post(url(ticket, "reply/"), {"body": "Still waiting.", "idempotency_key": "k"})
        assert (answer.status_code, answer["Location"]) == (302, url(ticket))

    assert [row.body for row in ticket.messages.all()] == ["Still waiting."]


def test_a_bad_reply_keeps_what_was_typed(client, ticket):
    answer = client.post(url(ticket, "reply/"), {"body": "y" * 5001, "idempotency_key": "k"})

    assert answer.status_code == 422
    assert "y" * 5001 in answer.content.decode()
    assert ticket.messages.count() == 0


@pytest.mark.parametrize(("works", "state"), [("yes", S.SOLVED), ("no", S.OPEN)])
def test_one_click_says_whether_it_works_and_a_double_click_says_it_once(cast, client, works, state):
    ticket = TicketFactory(office=cast.north, state=S.CLOSE_LOOP)

    answers = [client.post(url(ticket, "answer/"), {"works": works}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert refresh(ticket).state == state
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize("works", ["", "maybe", "YES"])
def test_any_other_answer_is_refused(cast, client, works):
    ticket = TicketFactory(office=cast.north, state=S.CLOSE_LOOP)

    assert client.post(url(ticket, "answer/"), {"works": works}).status_code == 422
    assert refresh(ticket).state == S.CLOSE_LOOP


def test_an_answer_nobody_asked_for_is_a_conflict(client, ticket):
    assert client.post(url(ticket, "answer/"), {"works": "yes"}).status_code == 409


def test_htmx_gets_the_live_part_only(client, ticket):
    page = client.get(url(ticket), headers={"hx-request": "true"}).content.decode()

    assert page.strip().startswith('<div id="ticket-live"')
    assert "<html" not in page


@pytest.mark.parametrize("messages", [1, 3])
def test_the_page_costs_the_same_for_one_and_three_messages(client, ticket, messages, django_assert_num_queries):
    TicketMessageFactory.create_batch(messages, ticket=ticket)
    with django_assert_num_queries(4):  # ticket, tickets joined into it, messages, help articles
        client.get(url(ticket))


# --- mails ------------------------------------------------------------------------------------------------------------
def test_each_mail_goes_out_exactly_once_and_says_nothing_private(cast, drain):
    ticket = TicketFactory(office=cast.north)
    tickets.reply(ticket=ticket, body="Private words.", by=cast.olivia.actor)
    tickets.wait_for_incident(ticket=ticket, incident_id="abc", by=cast.ian.actor)
    drain()
    tickets.close_loop(incident_id="abc", by=SYSTEM)
    drain()
    tickets.still_broken(ticket=ticket, by=tickets.requester_of(ticket))
    tickets.solve(ticket=ticket, resolution="office", by=cast.olivia.actor)
    drain()
    drain()

    subjects = [row.message.subject for row in Delivery.objects.order_by("id")]
    assert subjects == [
        f"An answer is waiting for you ({ticket.reference})",
        f"We know about the problem and are fixing it ({ticket.reference})",
        f"Is it fixed for you? ({ticket.reference})",
        f"We marked your message as solved ({ticket.reference})",
    ]
    for row in Delivery.objects.all():
        assert "Private words" not in row.message.text
        assert "Pat" not in row.message.text


def test_a_second_asking_is_a_second_mail(cast, drain):
    ticket = TicketFactory(office=cast.north, state=S.WAIT_INCIDENT)
    for number in (1, 2):
        tickets.close_loop(incident_id=f"incident000{number}", by=SYSTEM)
        assert tickets.close_loop(incident_id=f"incident000{number}", by=SYSTEM) == 0  # said twice it is done once
        tickets.still_broken(ticket=ticket, by=tickets.requester_of(ticket))
        assert tickets.close_loop(incident_id=f"incident000{number}", by=SYSTEM) == 0  # and they have been asked
        tickets.wait_for_incident(ticket=ticket, incident_id=f"incident000{number + 1}", by=cast.ian.actor)
        drain()

    subjects = [row.message.subject.split(" (")[0] for row in Delivery.objects.order_by("id")]
    assert subjects.count("Is it fixed for you?") == 2
    assert subjects.count("We know about the problem and are fixing it") == 2
    assert refresh(ticket).dissent_count == 2


def test_somebody_without_an_address_gets_no_mail(cast, drain):
    ticket = TicketFactory(office=cast.north, requester_email="")
    tickets.reply(ticket=ticket, body="Hello", by=cast.olivia.actor)
    drain()

    assert Delivery.objects.count() == 0


# --- live -------------------------------------------------------------------------------------------------------------
def socket(token):
    app = TicketConsumer.as_asgi()

    async def routed(scope, receive, send):
        await app({**scope, "url_route": {"kwargs": {"token": token}}}, receive, send)

    return WebsocketCommunicator(routed, f"/ws/help/tickets/{token}/")


@pytest.mark.django_db(transaction=True)
async def test_the_page_hears_of_replies_but_not_of_notes(cast):
    from asgiref.sync import sync_to_async

    ticket = await sync_to_async(TicketFactory)(office=cast.north)
    pair = socket(ticket_token(ticket))
    connected, _ = await pair.connect()
    assert connected

    await sync_to_async(tickets.add_note)(ticket=ticket, body="Inside.", by=cast.olivia.actor)
    await sync_to_async(tickets.reply)(ticket=ticket, body="Hello.", by=cast.olivia.actor)

    assert await pair.receive_json_from() == {"type": "ticket.changed", "id": ticket.public_id}
    assert await pair.receive_nothing()
    await pair.disconnect()


@pytest.mark.django_db(transaction=True)
async def test_the_socket_is_closed_to_strangers():
    connected, code = await socket("nonsense.token").connect()

    assert (connected, code) == (False, 4404)
