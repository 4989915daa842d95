"""Secure messages: the office writes to its patient, who reads and answers behind their sign-in."""

import datetime as dt

import pytest
import time_machine
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from helpdesk import errors
from helpdesk.access import ticket_token
from helpdesk.actions import messages, tickets
from helpdesk.consumers import MessagesConsumer
from helpdesk.enums import Category, Channel, Resolution, TicketState
from helpdesk.models import MessageReceipt, Ticket, TicketLink
from portal_core.access.enums import AccessLevel
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import set_access
from tests.helpdesk.factories import TicketFactory, TicketMessageFactory, refresh

WORDS = "Your form is ready. Please bring your insurance card on Monday."
LIST = "/portal/messages/"


def write(cast, **changes):
    values = {"patient": cast.pat, "subject": "Your form", "body": WORDS, "staff": cast.olivia, "by": cast.olivia.actor}
    return messages.begin(**{**values, **changes})


def page_of(ticket):
    return f"/portal/requests/{ticket.public_id}/"


# --- the office writes ------------------------------------------------------------------------------------------------
def test_a_message_is_a_ticket_whose_move_is_the_patients(cast, deeds, events):
    """HD-10"""
    ticket = write(cast)

    assert (ticket.channel, ticket.state, ticket.turn) == (Channel.MESSAGE, TicketState.WAIT_PATIENT, "patient")
    assert (ticket.patient, ticket.owner, ticket.office) == (cast.pat, cast.olivia, cast.north)
    assert (ticket.subject, ticket.category) == ("Your form", Category.OTHER)
    assert [(row.author_kind, row.visibility, row.body) for row in ticket.messages.all()] == [
        ("office", "patient", WORDS)
    ]
    assert deeds() == ["message:begin", "ticket:reply"]
    assert events() == ["TicketOpened", "TicketReplied"]


def test_one_that_wants_no_answer_is_done_and_an_answer_opens_it(cast):
    ticket = write(cast, expects_answer=False)
    assert (ticket.state, ticket.resolution) == (TicketState.SOLVED, Resolution.NOT_NEEDED)
    assert ticket.public_label == "No answer needed"

    tickets.reply(ticket=ticket, body="One question.", by=cast.pat.actor)

    assert (refresh(ticket).state, refresh(ticket).turn) == (TicketState.OPEN, "office")


@pytest.mark.parametrize("who", ["oscar", "ian", "dan", "charlie"])
def test_only_a_desk_of_the_patients_own_office_writes(cast, who):
    staff = getattr(cast, who)

    with pytest.raises(errors.WrongOffice):
        write(cast, staff=staff, by=staff.actor)

    assert not Ticket.objects.exists()


def test_nothing_is_written_to_somebody_who_cannot_read_it(cast):
    set_access(cast.pat, level=AccessLevel.NONE)

    for patient in (cast.pat, cast.paula):
        with pytest.raises(errors.PatientCannotRead):
            write(cast, patient=patient)

    assert not Ticket.objects.exists()


def test_a_password_set_by_hand_is_enough_to_read(cast):
    """C3: without an e-mail the state is INACTIVE, and they sign in all the same."""
    cast.pat.email = ""
    cast.pat.save(update_fields=["email"])

    assert write(cast).state == TicketState.WAIT_PATIENT


def test_it_is_linked_with_the_ticket_it_began_from(cast):
    old = TicketFactory(office=cast.north, patient=cast.pat, state=TicketState.CLOSED, category=Category.FORM)

    ticket = write(cast, about=old)

    assert ticket.category == Category.FORM
    assert list(TicketLink.objects.values_list("ticket", "other")) == [(ticket.pk, old.pk)]
    with pytest.raises(errors.OtherPatient):
        write(cast, about=TicketFactory(office=cast.north, patient=cast.paula))


# --- what leaves the house --------------------------------------------------------------------------------------------
def test_the_notice_says_that_a_message_waits_and_not_a_word_of_it(cast, drain):
    """PC-06"""
    ticket = write(cast)
    drain()

    sent = Delivery.objects.get()
    assert (sent.channel, sent.address, sent.recipient_key) == (
        "email", "pat@patients.example", f"ticket:{ticket.public_id}",
    )  # fmt: skip
    said = f"{sent.message.subject}\n{sent.message.text}"
    assert sent.message.subject == "You have a new message from Larkfield Health Group"
    assert page_of(ticket) in said
    for kept in ("form", "insurance", "Monday", cast.pat.last_name + ",", cast.olivia.first_name):
        assert kept not in said


def test_without_an_email_a_text_tells(cast, drain):
    cast.pat.email = ""
    cast.pat.save(update_fields=["email"])
    ticket = write(cast)
    drain()

    sent = Delivery.objects.get()
    assert (sent.channel, sent.address) == ("sms", "+12175550100")
    assert page_of(ticket) in sent.message.sms
    assert "form" not in sent.message.sms


def test_an_unanswered_message_is_repeated_and_its_end_makes_no_noise(cast, drain):
    with time_machine.travel("2026-03-02 15:00Z", tick=False):
        ticket = write(cast)
        drain()
    days = (2.1, 5.2, 9.3)
    for day in days:
        with time_machine.travel(dt.datetime(2026, 3, 2, 15, tzinfo=dt.UTC) + dt.timedelta(days=day), tick=False):
            tickets.wake(ticket=ticket, by=SYSTEM)
            drain()

    assert refresh(ticket).state == TicketState.SOLVED
    templates = list(Delivery.objects.order_by("pk").values_list("message__template", flat=True))
    assert templates == ["helpdesk/message", "helpdesk/message_waits", "helpdesk/message_waits"]


# --- the patient reads ------------------------------------------------------------------------------------------------
def test_the_list_says_what_is_unread_in_a_word_and_reading_tells_the_desk(cast, patient_client):
    ticket = write(cast)
    client = patient_client(cast.pat)

    before = client.get(LIST).content.decode()
    assert "1 message is unread." in before
    assert "Unread</span>" in before

    page = client.get(page_of(ticket)).content.decode()
    assert WORDS in page
    assert "New</span>" in page
    receipt = MessageReceipt.objects.get()
    assert receipt.message.body == WORDS
    line = AuditEvent.objects.get(action="message:read")
    assert (line.actor_kind, line.actor_id, line.target_id) == ("patient", cast.pat.public_id, ticket.public_id)

    again = client.get(page_of(ticket)).content.decode()
    assert "New</span>" not in again
    assert MessageReceipt.objects.get().read_at == receipt.read_at
    after = client.get(LIST).content.decode()
    assert "You have read everything." in after
    assert "Unread</span>" not in after


def test_the_home_page_shows_the_newest_and_asks_for_its_part_alone(cast, patient_client):
    write(cast)
    client = patient_client(cast.pat)

    home = client.get("/portal/").content.decode()
    part = client.get(LIST, {"part": "card"}).content.decode()

    assert "1 unread</span>" in home
    assert "1 unread</span>" in part
    assert "<html" not in part


def test_a_refresh_of_an_open_page_is_no_reading(cast, patient_client):
    ticket = write(cast)
    client = patient_client(cast.pat)

    client.get(page_of(ticket), headers={"HX-Request": "true"})
    client.head(page_of(ticket))

    assert not MessageReceipt.objects.exists()


def test_a_reply_that_may_still_be_taken_back_is_not_there_yet(cast, patient_client):
    ticket = write(cast)
    client = patient_client(cast.pat)
    client.get(page_of(ticket))

    tickets.reply(ticket=ticket, body="Second thoughts.", hold=True, by=cast.olivia.actor)

    assert "Second thoughts." not in client.get(page_of(ticket)).content.decode()
    assert "You have read everything." in client.get(LIST).content.decode()
    with time_machine.travel(clock.now() + dt.timedelta(seconds=11), tick=False):
        assert "1 message is unread." in client.get(LIST).content.decode()


def test_the_answer_comes_back_to_the_desk_once(cast, patient_client, deeds):
    ticket = write(cast)
    client = patient_client(cast.pat)
    form = {"body": "I will.", "idempotency_key": "k1"}

    for _press in range(2):
        answer = client.post(f"{page_of(ticket)}reply/", form)
        assert (answer.status_code, answer["Location"]) == (302, page_of(ticket))

    row = refresh(ticket)
    assert (row.state, row.turn) == (TicketState.OPEN, "office")
    assert [one.body for one in row.messages.order_by("pk")] == [WORDS, "I will."]
    assert deeds().count("ticket:reply") == 2


def test_strangers_and_links_open_nothing(cast, client, patient_client, staff_client):
    ticket = write(cast)

    assert patient_client(cast.charlie_patient).get(page_of(ticket)).status_code == 404
    assert client.get(f"/help/tickets/{ticket_token(ticket)}/").status_code == 404
    assert client.get(LIST).status_code == 302
    assert staff_client(cast.olivia).get(LIST).status_code == 302
    assert not MessageReceipt.objects.exists()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(cast, patient_client, rows, django_assert_num_queries):
    for number in range(rows):
        TicketMessageFactory(ticket=write(cast, subject=f"Number {number}"), body="Yes.")
    client = patient_client(cast.pat)
    client.get(LIST)

    with django_assert_num_queries(COST):
        page = client.get(LIST)

    assert len(page.context["page"].rows) == rows


COST = 6  # session, user, patient; conversations, who wrote last; unread, for the page and the navigation


def test_older_ones_are_a_page_further(cast, patient_client):
    began = clock.now() - dt.timedelta(days=3)
    for number in range(22):
        with time_machine.travel(began + dt.timedelta(minutes=number), tick=False):
            write(cast, subject=f"Number {number:02}")
    client = patient_client(cast.pat)

    first = client.get(LIST).context["page"]
    second = client.get(LIST, {"after": first.after}).context["page"]

    assert [row.ticket.subject for row in first.rows][:2] == ["Number 21", "Number 20"]
    assert [row.ticket.subject for row in second.rows] == ["Number 01", "Number 00"]
    assert second.after == ""


def test_it_joins_with_no_request_that_a_link_opens(cast):
    ticket, other = write(cast), TicketFactory(office=cast.north, patient=cast.pat, state=TicketState.OPEN)

    for one, into in ((ticket, other), (other, ticket)):
        with pytest.raises(errors.PortalAlone):
            tickets.merge(ticket=one, into=into, by=cast.olivia.actor)

    assert refresh(ticket).merged_into is None


def socket(patient, public_id=""):
    app = MessagesConsumer.as_asgi()

    async def routed(scope, receive, send):
        kwargs = {"public_id": public_id} if public_id else {}
        await app({**scope, "patient": patient, "url_route": {"args": (), "kwargs": kwargs}}, receive, send)

    return WebsocketCommunicator(routed, "/ws/portal/messages/")


@pytest.mark.django_db(transaction=True)
async def test_the_list_hears_of_a_new_message_and_strangers_hear_nothing(cast, drain):
    mine, charlies = socket(cast.pat), socket(cast.charlie_patient)
    assert (await mine.connect())[0]
    assert (await charlies.connect())[0]

    ticket = await sync_to_async(write)(cast)
    await sync_to_async(drain)()

    assert await mine.receive_json_from() == {"type": "message.changed", "id": ticket.public_id}
    assert await charlies.receive_nothing()
    assert await socket(cast.charlie_patient, ticket.public_id).connect() == (False, 4404)
    assert await socket(None).connect() == (False, 4404)
    await mine.disconnect()
    await charlies.disconnect()
