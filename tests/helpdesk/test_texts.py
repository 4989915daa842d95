"""Texts come in (HD-10): signed, each once, on the right desk; STOP is obeyed, and HELP tells nobody anything."""

import datetime as dt

import pytest
import time_machine
from twilio.request_validator import RequestValidator

from helpdesk.actions import tickets
from helpdesk.enums import TicketState
from helpdesk.models import InboundText, TextOptOut, Ticket
from portal_core.kernel import outbox
from portal_core.kernel.contracts import SYSTEM
from portal_core.notify.models import Delivery
from tests.helpdesk.factories import TicketFactory, VoiceLineFactory, refresh

pytestmark = pytest.mark.django_db
URL = "/hooks/twilio/sms/"
TOKEN = "a-token-of-ours"
MOBILE = "+12175550177"
NOON = dt.datetime(2026, 11, 18, 18, 0, tzinfo=dt.UTC)  # a Wednesday in Chicago
NIGHT = dt.datetime(2026, 11, 19, 4, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _twilio(settings, cast):
    settings.TWILIO_AUTH_TOKEN = TOKEN
    settings.PUBLIC_URL = "https://portal.example"


@pytest.fixture
def text(client):
    """Send a text as the provider would; `token` and `sid` can be wrong."""

    def post(body="I cannot sign in", sid="SM1", token=TOKEN, sender=MOBILE, **fields):
        values = {"MessageSid": sid, "From": sender, "To": "+12175550900", "Body": body, "NumMedia": "0", **fields}
        signature = RequestValidator(token).compute_signature(f"https://portal.example{URL}", values)
        answer = client.post(URL, values, headers={"X-Twilio-Signature": signature})
        outbox.drain()
        return answer

    return post


def test_a_text_opens_a_ticket_and_is_answered_by_text(text, cast):
    answer = text()

    ticket = Ticket.objects.get()
    assert (answer.status_code, answer.content) == (200, b'<?xml version="1.0" encoding="UTF-8"?><Response />')
    assert (ticket.office, ticket.channel, ticket.requester_phone, ticket.category, ticket.patient) == (
        cast.north, "sms", MOBILE, "LOGIN_PWD", None,
    )  # fmt: skip
    assert ticket.messages.get().body == "I cannot sign in"
    delivery = Delivery.objects.select_related("message").get()
    assert (delivery.channel, delivery.address, delivery.message.template) == ("sms", MOBILE, "helpdesk/received")
    assert "sign in" not in delivery.message.sms


def test_a_number_on_file_leads_to_the_patients_office_and_says_nothing(text, cast):
    """TR-03"""
    cast.paula.phone, cast.paula.home_office = MOBILE, cast.south
    cast.paula.save()

    known, unknown = text(), text(sid="SM2", sender="+12175550178")

    assert known.content == unknown.content
    assert [one.office for one in Ticket.objects.order_by("id")] == [cast.south, cast.north]


def test_each_practice_has_its_number(text, cast):
    VoiceLineFactory(practice=cast.elsewhere, number="+12175550900")

    text()

    assert Ticket.objects.get().office == cast.elsewhere_office


def test_the_conversation_goes_on(text):
    text()
    ticket = Ticket.objects.get()

    text("It works now", sid="SM2")
    text("Somebody else", sid="SM3", sender="+12175550178")

    assert list(ticket.messages.order_by("id").values_list("body", flat=True)) == ["I cannot sign in", "It works now"]
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize("fields", [{"token": "forged"}, {"sid": ""}, {"sender": ""}])
def test_what_the_provider_did_not_sign_changes_nothing(text, fields):
    assert text(**fields).status_code in (403, 422)
    assert (InboundText.objects.count(), Ticket.objects.count()) == (0, 0)


def test_without_a_token_nothing_is_taken(text, settings):
    settings.TWILIO_AUTH_TOKEN = ""

    assert text(token="x").status_code == 403


def test_a_replay_changes_nothing(text):
    for _ in range(3):
        assert text().status_code == 200

    assert (InboundText.objects.count(), Ticket.objects.get().messages.count()) == (1, 1)


@pytest.mark.parametrize("word", ["STOP", "stop", " Unsubscribe. ", "ALTO"])
def test_stop_is_obeyed(text, word, cast):
    text()
    ticket = Ticket.objects.get()

    assert b"<Message>" not in text(word, sid="SM2").content
    note = ticket.messages.get(visibility="internal")  # whoever works on it learns that an answer reaches nobody
    assert (note.author_kind, "gets no more texts" in note.body) == ("system", True)
    tickets.solve(ticket=ticket, resolution="office", by=cast.olivia.actor)
    outbox.drain()

    assert TextOptOut.objects.get().phone == MOBILE
    assert Delivery.objects.count() == 1  # the receipt from before
    assert ticket.messages.filter(author_kind="requester").count() == 1


def test_start_takes_it_back_and_yes_without_a_stop_is_an_answer(text):
    text("STOP")
    text("START", sid="SM2")
    assert not TextOptOut.objects.exists()

    text(sid="SM3")
    text("Yes", sid="SM4")
    assert list(Ticket.objects.get().messages.order_by("id").values_list("body", flat=True)) == [
        "I cannot sign in", "Yes",
    ]  # fmt: skip


def test_help_is_answered_with_the_same_words_for_everybody(text, cast):
    cast.pat.phone = MOBILE
    cast.pat.save()

    first, second = text("help"), text("HELP", sid="SM2", sender="+12175550178")

    assert first.content == second.content
    assert b"Larkfield Health Group: help with the portal at https://portal.example/help/ or call" in first.content
    assert not Ticket.objects.exists()


def test_a_flood_is_one_conversation_and_one_answer(text):
    """However many come, staff see every one of them, and their pictures."""
    for number in range(23):
        text(f"text {number}", sid=f"SM{number}", NumMedia="1")

    ticket = Ticket.objects.get()
    assert ticket.messages.count() == InboundText.objects.filter(ticket=ticket, message__isnull=False).count() == 23
    assert Delivery.objects.count() == 1


def test_in_a_flood_a_new_conversation_has_no_receipt(text, cast):
    for number in range(21):
        text("stop" if number else "words", sid=f"SM{number}")
    TextOptOut.objects.all().delete()
    Ticket.objects.update(channel="email")

    text("words again", sid="SM99")

    assert (Ticket.objects.filter(channel="sms").count(), Delivery.objects.count()) == (1, 1)


@pytest.mark.parametrize("days", [1, 6])
def test_a_text_after_solving_opens_the_ticket_again(text, cast, days):
    """HD-08: with its owner, as an answer by e-mail does."""
    with time_machine.travel(NOON, tick=False) as clock:
        text()
        ticket = Ticket.objects.get()
        tickets.take(ticket=ticket, staff=cast.olivia, by=cast.olivia.actor)
        tickets.solve(ticket=ticket, resolution="office", by=cast.olivia.actor)
        clock.shift(dt.timedelta(days=days))

        text("Still not", sid="SM2")

    found = Ticket.objects.get()
    assert (found.state, found.owner, found.reopened_count, found.messages.count()) == ("open", cast.olivia, 1, 2)


def test_a_text_after_closing_follows_up(text, cast):
    with time_machine.travel(NOON, tick=False) as clock:
        text()
        ticket = Ticket.objects.get()
        tickets.take(ticket=ticket, staff=cast.olivia, by=cast.olivia.actor)
        tickets.solve(ticket=ticket, resolution="office", by=cast.olivia.actor)
        clock.shift(dt.timedelta(days=7))
        tickets.close(ticket=ticket, by=SYSTEM)
        clock.shift(dt.timedelta(days=1))
        text("Again", sid="SM2")
        clock.shift(dt.timedelta(days=1))
        text("And again", sid="SM3")

    fresh = Ticket.objects.exclude(pk=ticket.pk).get()
    assert (fresh.owner, fresh.channel, fresh.links.get().other) == (cast.olivia, "sms", ticket)
    assert [one.body for one in fresh.messages.order_by("id")] == ["Again", "And again"]
    assert refresh(ticket).messages.count() == 1


def test_a_text_to_a_joined_ticket_stays_its_own_and_wakes_the_other(text, cast):
    text()
    ticket = Ticket.objects.get()
    into = TicketFactory(office=cast.north, state=TicketState.WAIT_PATIENT)
    tickets.merge(ticket=ticket, into=into, by=cast.olivia.actor)

    text("One more thing", sid="SM2")

    assert Ticket.objects.count() == 2
    assert (refresh(into).state, ticket.messages.count()) == ("open", 2)


def test_a_text_after_a_long_silence_is_a_new_matter(text, cast):
    with time_machine.travel(NOON, tick=False) as clock:
        text()
        clock.shift(dt.timedelta(days=8))
        text("Hello", sid="SM2")

    assert Ticket.objects.count() == 2


def test_the_receipt_says_when_somebody_is_there(text):
    """HD-11"""
    for number, (moment, words) in enumerate(((NOON, ""), (NIGHT, " We are closed now (back tomorrow at 8 a.m.)."))):
        with time_machine.travel(moment, tick=False):
            text(sid=f"SM{number}", sender=f"+1217555018{number}")
        ticket = Ticket.objects.order_by("-id").first()
        sent = Delivery.objects.select_related("message").order_by("-id").first().message.sms
        assert sent.startswith(f"We received your message ({ticket.reference}).{words} Follow it here: ")


def test_a_picture_is_told_to_staff(text, cast, staff_client):
    text("See here", NumMedia="1")
    ticket = Ticket.objects.get()

    page = staff_client(cast.olivia).get(f"/triage/office/tickets/{ticket.public_id}/")

    assert "A file came with a text and could not be fetched." in page.content.decode()


def test_control_characters_do_not_reach_the_database(text):
    text("a\x00b\u202ec")

    assert Ticket.objects.get().messages.get().body == "abc"


def test_an_older_ticket_by_mail_is_not_continued_by_a_number_alone(text, cast):
    ticket = TicketFactory(office=cast.north, requester_phone=MOBILE)

    text()

    assert refresh(ticket).messages.count() == 0
    assert Ticket.objects.count() == 2
