"""Words that must not wait are heard in whatever way they come (HD-07): the kind of the request says so, and it is
due within the hour."""

import pytest

from helpdesk.actions import tickets
from helpdesk.actions.tickets.alarms import heard
from helpdesk.contracts import Intake
from helpdesk.enums import Author, Category, Channel, RequesterKind, TicketState
from helpdesk.models import Ticket
from helpdesk.queries import said, said_in, thread
from helpdesk.rules.alarms import alarm
from helpdesk.rules.mail_topic import topic
from helpdesk.search import tickets as search
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from portal_core.kernel.models import AuditEvent
from tests.helpdesk.factories import PhoneCallFactory, TicketFactory, TicketMessageFactory, refresh

C = Category


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I can\u2019t breathe", C.CLINICAL_URGENT),
        ("I cant breathe", C.CLINICAL_URGENT),
        ("he couldn't\nbreathe", C.CLINICAL_URGENT),
        ("I have difficulty breathing", C.CLINICAL_URGENT),
        ("can't swallow my pills", C.CLINICAL_URGENT),
        ("Chest\n   pains since noon", C.CLINICAL_URGENT),
        ("a heart attack?", C.CLINICAL_URGENT),
        ("I want to kill myself", C.CLINICAL_URGENT),
        ("Tengo dolor de pecho", C.CLINICAL_URGENT),
        ("un ataque al corazo\u0301n", C.CLINICAL_URGENT),
        ("Me cuesta respirar", C.CLINICAL_URGENT),
        ("I was hacked and have chest pain", C.CLINICAL_URGENT),
        ("Somebody else is in my account", C.SEC_REPORT),
        ("my phone was stolen", C.SEC_REPORT),
        ("¿Alguien entró en mi cuenta?", C.SEC_REPORT),
        ("Every keystroke is slow", None),
        ("The chest of drawers hurt my pain threshold", None),
        ("I cannot sign in to my account", None),
        ("", None),
    ],
)
def test_what_must_not_wait_is_known_however_it_is_typed(text, found):
    """One list, for phones' apostrophes, missing ones, line breaks and Spanish."""
    assert alarm(text) == found
    assert topic("x " * 1500 + text) == (found or C.OTHER)  # wherever it stands in a long letter


def patient_writes(office):
    return Actor(kind=ActorKind.REQUESTER, id="form", label="Somebody", practice_id=office.practice_id)


def open_one(cast, body="I have chest pain", *, kind=RequesterKind.PATIENT, **changes):
    values = {"requester_kind": kind, "category": C.OTHER, "channel": Channel.WEB, "body": body,
              "email": "pat@patients.example"}  # fmt: skip
    return tickets.open_from_contact(
        intake=Intake(**{**values, **changes}), office=cast.north, by=patient_writes(cast.north)
    )


@pytest.mark.parametrize(
    ("changes", "category"),
    [
        ({}, C.CLINICAL_URGENT),
        ({"body": "Help", "error_text": "You have been hacked"}, C.SEC_REPORT),
        ({"body": "Help"}, C.OTHER),
        ({"kind": RequesterKind.PROVIDER}, C.OTHER),  # about somebody else, and IT reads it
    ],
)
def test_a_new_request_is_about_what_must_not_wait(cast, changes, category):
    row = open_one(cast, **changes)

    assert (row.category, row.subject) == (category, "Something else")  # what they chose is what they read


def test_an_answer_raises_the_kind_once_and_brings_the_deadline_forward(cast):
    ticket = open_one(cast, body="I forgot my password", category=C.LOGIN_PWD)
    due, by = ticket.due_at, tickets.requester_of(ticket)

    for words in ("My laptop was stolen", "And I have chest pain", "I was hacked"):
        tickets.reply(ticket=ticket, body=words, by=by)

    found = refresh(ticket)
    assert (found.category, found.due_at < due) == (C.CLINICAL_URGENT, True)
    changed = AuditEvent.objects.filter(action="ticket:categorise", target_id=ticket.public_id).order_by("id")
    assert [(row.actor_kind, row.facts["before"], row.facts["after"]) for row in changed] == [
        ("system", "LOGIN_PWD", "SEC_REPORT"), ("system", "SEC_REPORT", "CLINICAL_URGENT"),
    ]  # fmt: skip


def test_what_staff_write_and_what_they_put_right_stays(cast):
    ticket = open_one(cast)
    tickets.set_category(ticket=ticket, category=C.APPT, by=cast.olivia.actor)

    tickets.reply(ticket=ticket, body="Call 911 for chest pain.", by=cast.olivia.actor)
    tickets.add_note(ticket=ticket, body="chest pain, long ago", by=cast.olivia.actor)

    assert refresh(ticket).category == C.APPT


# --- what was spoken --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("before", "words", "after"),
    [
        (C.OTHER, "I forgot my password", C.LOGIN_PWD),
        (C.OTHER, "mumble", C.OTHER),
        (C.REFILL, "I forgot my password", C.REFILL),  # somebody listened already
        (C.REFILL, "I can't breathe", C.CLINICAL_URGENT),
    ],
)
def test_a_spoken_message_says_what_it_is_about_and_is_found(cast, before, words, after):
    """HD-11"""
    ticket = TicketFactory(office=cast.north, channel=Channel.VOICEMAIL, category=before)
    PhoneCallFactory(office=cast.north, ticket=ticket, transcript=words, transcript_state="ready")

    for _ in range(2):
        heard(ticket=ticket, words=words)

    assert refresh(ticket).category == after
    assert [hit.ticket for hit in search(cast.olivia, words.split()[-1]).hits] == [ticket]
    assert AuditEvent.objects.filter(action="ticket:categorise").count() == (before != after)


def test_a_closed_ticket_keeps_its_kind(cast):
    ticket = TicketFactory(office=cast.north, channel=Channel.VOICEMAIL, category=C.OTHER, state=TicketState.CLOSED)

    heard(ticket=ticket, words="chest pain")

    assert refresh(ticket).category == C.OTHER


def test_all_that_was_said_is_read_in_one_ticket_as_in_many(cast, django_assert_num_queries):
    spoken = TicketFactory(office=cast.north, channel=Channel.VOICEMAIL, subject="Subject", error_text="Error")
    PhoneCallFactory(office=cast.north, ticket=spoken, transcript="Spoken")
    for author, body in ((Author.REQUESTER, "First"), (Author.OFFICE, "Ours"), (Author.REQUESTER, "Last")):
        TicketMessageFactory(ticket=spoken, author_kind=author, body=body)
    call = TicketFactory(office=cast.north, channel=Channel.PHONE, subject="Call")
    TicketMessageFactory(ticket=call, author_kind=Author.OFFICE, body="Heard")

    assert said(spoken, thread(spoken)) == "Subject\nError\nSpoken\nLast\nFirst"
    assert said(call, thread(call)) == "Call\nHeard"
    alone = said(spoken, thread(spoken))
    with django_assert_num_queries(3):  # the tickets themselves, what was written, what was spoken
        assert said_in(Ticket.objects.filter(pk=spoken.pk)) == {spoken.pk: alone}
