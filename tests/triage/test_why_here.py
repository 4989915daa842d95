"""Why a request is where it is: urgent words whichever way they came, and the way itself as it was (HD-05, TR-03)."""

import datetime as dt
import re

import pytest

from helpdesk.access import ticket_token
from helpdesk.actions import hours, inbound_texts, tickets
from helpdesk.contracts import Intake, Placed
from helpdesk.enums import Category, Channel, RequesterKind, TicketState
from helpdesk.models import TicketUndo
from helpdesk.rules.hours import parse_spans
from tests.helpdesk.factories import PhoneCallFactory, TicketFactory, TicketMessageFactory
from tests.helpdesk.test_contact import typed
from triage import queries

URGENT = "Urgent words: hand it to a clinician now."
REPORT = "It sounds like a security report: take it from anyone, verify afterwards."


@pytest.fixture
def requester():
    return tickets.requester_of


def page_of(ticket, desk="office"):
    return f"/triage/{desk}/tickets/{ticket.public_id}/"


def text_of(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def warned(page):
    """The title of the red notice above a ticket, or ""."""
    found = re.search(r'notice-danger" role="alert">.*?notice-title">(.*?)</p>', page)
    return found[1] if found else ""


def test_urgent_words_on_the_contact_form_stand_above_the_ticket_and_in_the_list(cast, client, olivia):
    client.post("/help/contact/", typed(cast, category="OTHER", error_text="", body="I have chest pain.",
                                        office=cast.north.public_id))  # fmt: skip
    ticket = queries.helpdesk.office_queue(cast.olivia).tickets[0]

    page = text_of(olivia.get(page_of(ticket)))

    assert warned(page) == URGENT
    assert '<span class="ticket-what">Urgent symptoms</span>' in page
    assert re.search(r'class="badge[^"]*danger[^"]*">.*?Now', page.partition('id="tickets"')[2])
    theirs = text_of(client.get(f"/help/tickets/{ticket_token(ticket)}/"))
    assert ("Is somebody in danger? Call 911 now." in theirs, "Urgent symptoms" in theirs) == (True, False)
    why = text_of(olivia.get(page_of(ticket) + "why/"))
    assert f"<strong>{URGENT}</strong>" in why
    assert "Came in (Contact form) as “Something else” for North; its words made it “Urgent symptoms”" in why


@pytest.mark.parametrize(
    ("channel", "category", "words", "warning"),
    [
        (Channel.EMAIL, "BILLING", "I can\u2019t breathe", URGENT),
        (Channel.SMS, "OTHER", "I was hacked", REPORT),
        (Channel.PORTAL, "APPT", "Tengo dolor de pecho", URGENT),
        (Channel.SMS, "CLINICAL_URGENT", "as the mail said", URGENT),  # the kind alone says it
        (Channel.EMAIL, "SEC_REPORT", "as the mail said", REPORT),
        (Channel.EMAIL, "BILLING", "my bill", ""),
    ],
)
def test_what_was_written_later_counts_too(cast, olivia, channel, category, words, warning):
    ticket = TicketFactory(office=cast.north, channel=channel, category=category)
    TicketMessageFactory(ticket=ticket, body="Hello")
    TicketMessageFactory(ticket=ticket, body=words)
    TicketMessageFactory(ticket=ticket, author_kind="office", body="For a stroke call 911.")

    assert warned(text_of(olivia.get(page_of(ticket)))) == warning


def test_a_dry_run_reads_what_was_written_too(cast):
    row = TicketFactory(office=cast.north, category="BILLING")
    TicketMessageFactory(ticket=row, body="I was hacked")

    (sample,) = queries.samples_since(
        cast.practice.pk, Category.BILLING, row.created_at - dt.timedelta(days=1), patient_line=False
    )

    assert (sample.public_id, sample.facts.heard) == (row.public_id, Category.SEC_REPORT)


def test_who_puts_the_kind_right_is_believed_until_more_is_said(cast, olivia, requester):
    ticket = TicketFactory(office=cast.north, category="LOGIN_PWD")
    tickets.reply(ticket=ticket, body="Since my stroke I forget my password", by=requester(ticket))
    tickets.set_category(ticket=ticket, category="LOGIN_PWD", by=cast.olivia.actor)

    assert warned(text_of(olivia.get(page_of(ticket)))) == ""
    why = text_of(olivia.get(page_of(ticket) + "why/"))
    assert "Are there urgent words in it?</span> <br> There are, and somebody here has put the kind right since." in why

    tickets.reply(ticket=ticket, body="Now I have chest pain", by=requester(ticket))
    assert warned(text_of(olivia.get(page_of(ticket)))) == URGENT


def test_a_solved_request_warns_of_nothing(cast, olivia):
    ticket = TicketFactory(office=cast.north, category="CLINICAL_URGENT", state=TicketState.SOLVED)

    assert warned(text_of(olivia.get(page_of(ticket)))) == ""


def test_a_spoken_message_counts_too(cast, olivia):
    ticket = TicketFactory(office=cast.north, channel=Channel.VOICEMAIL, category="OTHER")
    PhoneCallFactory(office=cast.north, ticket=ticket, transcript="I have a stroke")

    assert warned(text_of(olivia.get(page_of(ticket)))) == URGENT


# --- the way it came --------------------------------------------------------------------------------------------------
NOBODY_YET = "no patient is matched yet."


@pytest.mark.parametrize(
    ("placed", "sentence"),
    [
        (Placed.CHOSEN, f"The requester chose North; {NOBODY_YET}"),
        (Placed.ON_FILE, "The address or number it came from is on file at North."),
        (Placed.ADDRESSED, f"It was sent to the address of North; {NOBODY_YET}"),
        (Placed.CALLED, f"The caller was put through to North; {NOBODY_YET}"),
        (Placed.MAIN, "No office was named and no patient is matched: it waits in the main office."),
        (None, f"It stands at North; {NOBODY_YET}"),
    ],
)
def test_why_it_stands_at_that_office(cast, olivia, placed, sentence):
    intake = Intake(requester_kind=RequesterKind.PATIENT, category="OTHER", channel=Channel.SMS, body="Hello")
    ticket = tickets.open_from_contact(
        intake=intake, office=cast.north, placed=placed, by=tickets.requester_of(TicketFactory(office=cast.north))
    )

    for address in (page_of(ticket), page_of(ticket) + "why/"):
        assert sentence in text_of(olivia.get(address))


def test_what_a_desk_did_since_is_said_instead(cast, olivia, staff_client):
    intake = Intake(requester_kind=RequesterKind.PATIENT, category="OTHER", channel=Channel.PHONE, body="Hello")
    ticket = tickets.log_call(intake=intake, office=cast.north, staff=cast.olivia, by=cast.olivia.actor)
    assert f"It was written down for North; {NOBODY_YET}" in text_of(olivia.get(page_of(ticket)))

    tickets.hand_over(ticket=ticket, office=cast.south, by=cast.olivia.actor)

    page = text_of(staff_client(cast.oscar).get(page_of(ticket)))
    assert f"It was handed over to South; {NOBODY_YET}" in page
    assert "written down for" not in page


def test_what_was_taken_back_does_not_count(cast):
    intake = Intake(requester_kind=RequesterKind.PATIENT, category="OTHER", channel=Channel.PHONE, body="Hello")
    ticket = tickets.log_call(intake=intake, office=cast.north, staff=cast.olivia, by=cast.olivia.actor)
    tickets.hand_over(ticket=ticket, office=cast.south, hold=True, by=cast.olivia.actor)
    assert queries.placed(ticket) == Placed.HANDED_OVER

    tickets.undo(undo_id=TicketUndo.objects.get().public_id, by=cast.olivia.actor)

    assert queries.placed(ticket) == Placed.WRITTEN_DOWN


def test_what_it_gave_to_the_right_desk_was_handed_over(cast):
    """Not "it was sent to the address of the main office", which is where it was before."""
    intake = Intake(requester_kind=RequesterKind.PROVIDER, category="OTHER", channel=Channel.EMAIL, body="Hello")
    by = tickets.requester_of(TicketFactory(office=cast.north))
    ticket = tickets.open_from_contact(intake=intake, office=cast.north, placed=Placed.MAIN, by=by)

    tickets.change_desk(ticket=ticket, kind=RequesterKind.PATIENT, office=cast.south, by=cast.ian.actor)

    assert queries.placed(ticket) == Placed.HANDED_OVER


@pytest.mark.parametrize("office", ["", "chosen"])
def test_the_contact_form_says_whether_an_office_was_named(cast, client, office):
    client.post("/help/contact/", typed(cast, office=cast.north.public_id if office else ""))

    ticket = queries.helpdesk.office_queue(cast.olivia).tickets[0]
    assert queries.placed(ticket) == (Placed.CHOSEN if office else Placed.MAIN)


def test_a_number_on_file_is_no_choice(cast):
    cast.pat.phone, cast.pat.home_office = "+12175550177", cast.south
    cast.pat.save()

    for number, sender in enumerate(("+12175550177", "+12175550178")):
        inbound_texts.receive(sid=f"SM{number}", sender=sender, recipient="+12175550900", body="Hello")

    found = queries.helpdesk.office_queue(cast.oscar).tickets + queries.helpdesk.office_queue(cast.olivia).tickets
    assert [queries.placed(row) for row in found] == [Placed.ON_FILE, Placed.MAIN]


def test_why_tells_of_closed_doors(cast, olivia):
    """HD-11: an office that was closed when it came in opened later, and the time for an answer runs from then."""
    hours.set_week(
        practice=cast.practice, office=cast.north, spans=parse_spans({"0": [["08:00", "17:00"]]}), by=cast.ana.actor
    )
    moments = (dt.datetime(2026, 11, 21, 18, tzinfo=dt.UTC), dt.datetime(2026, 11, 23, 18, tzinfo=dt.UTC))
    rows = [TicketFactory(office=cast.north, created_at=at, state=TicketState.OPEN) for at in moments]

    shut, there = (text_of(olivia.get(page_of(row) + "why/")) for row in rows)

    said = "No, it was closed until Mon, Nov 23, 08:00: the time for an answer runs from then."
    assert (said in shut, said in there) == (True, False)
    assert "Was somebody there when it came in?</span> <br> Yes." in there
