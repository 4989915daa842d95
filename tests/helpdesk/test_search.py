"""Full-text search: the same words find the same tickets on both databases, and only those a person may open."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk import search
from helpdesk.actions import search as indexing
from helpdesk.actions import tickets
from helpdesk.contracts import Intake
from helpdesk.enums import Category, Channel, RequesterKind, Side, TicketState
from helpdesk.models import SearchEntry, Ticket
from helpdesk.rules.words import Question, document, excerpt, marked, question, words_of
from tests.helpdesk.factories import TicketFactory, TicketMessageFactory


def intake(body="The page says ZX-500.", **changes):
    values = {
        "requester_kind": RequesterKind.PATIENT, "category": Category.ERROR_MSG, "channel": Channel.WEB, "body": body,
        "name": "Ada Ñandú", "email": "ada@example.test", "phone": "(217) 555-0142",
        "device": {"browser": "Chrome 126"},
    }  # fmt: skip
    return Intake(**{**values, **changes})


def found(staff, text, **how):
    return [hit.ticket.reference for hit in search.tickets(staff, text, **how).hits]


# --- words ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Can't sign-in!", ["can", "t", "sign", "in"]),
        ("Ñandú ÉTÉ straße", ["nandu", "ete", "strasse"]),
        ("e_mail K7M2-9QF", ["e", "mail", "k7m2", "9qf"]),
        ("ﬁle ½", ["file", "1", "2"]),
        ("' & | ! :* \\ \" \x00", []),
        ("x" * 90, ["x" * 40]),
    ],
)
def test_words_are_folded(text, words):
    assert words_of(text) == words


@pytest.mark.parametrize("typed", ["(217) 555-0142", "217.555.0142", "+1 217 555 0142", "5550142", "0142"])
def test_a_number_is_found_however_it_is_written(typed):
    kept = document(["please call back"], phones=["+12175550142"]).split()

    assert all(any(one.startswith(word) for one in kept) for word in question(typed).words)
    assert question(typed).words


@given(st.text(max_size=300), st.text(max_size=60))
@settings(max_examples=80, deadline=None)
def test_cutting_up_a_text_loses_nothing_and_never_fails(text, typed):
    asked = question(typed)

    assert "".join(piece for piece, _hit in marked(text, asked)) == text
    excerpt(text, asked)
    assert all(word.isalnum() for word in asked.words)


def test_an_excerpt_shows_the_place():
    text = "Hello. " * 60 + "Then ZX-500 came up. " + "Good bye. " * 60

    pieces = excerpt(text, question("zx"))

    assert pieces[0][0] == "… "
    assert ("ZX", True) in pieces
    assert pieces[-1][0] == " …"
    assert len("".join(piece for piece, _hit in pieces)) < 240


# --- tickets ----------------------------------------------------------------------------------------------------------
def test_what_is_written_is_found_at_once(cast):
    """Every verb keeps the words in step: opening, answering, noting, matching, naming another kind."""
    row = tickets.open_from_contact(intake=intake(), office=cast.north, by=tickets_requester())
    by = cast.olivia.actor
    wanted = [
        row.reference, row.reference.replace("-", "").lower(), "zx 500", "ada nandu", "ADA ñan", "ada@example.test",
        "217 555-0142", "5550142", "0142", "chrome 126", "error mess",
    ]  # fmt: skip
    assert {text: found(cast.olivia, text) for text in wanted} == {text: [row.reference] for text in wanted}

    assert found(cast.olivia, "router") == []
    tickets.reply(ticket=row, body="Please restart the router.", by=by)
    tickets.add_note(ticket=row, body="Sounded hurried.", by=by)
    tickets.match_patient(ticket=row, patient=cast.pat, by=by)
    tickets.set_category(ticket=row, category=Category.SLOW, by=by)
    for text in ("router", "hurr", "pat", "timing out"):
        assert found(cast.olivia, text) == [row.reference], text
    assert found(cast.olivia, "error mess") == []
    assert found(cast.olivia, "router unplugged") == []  # every word
    assert found(cast.olivia, "outer") == []  # from the beginning of a word


def tickets_requester():
    from portal_core.kernel.contracts import Actor
    from portal_core.kernel.enums import ActorKind

    return Actor(kind=ActorKind.REQUESTER, id="", label="Somebody")


def test_each_sees_what_concerns_their_desk_alone(cast):
    """TR-01: IT finds no patient's ticket; an office none of another office or practice."""
    mine = TicketFactory(office=cast.north, patient=cast.pat, error_text="teapot")
    TicketFactory(office=cast.south, error_text="teapot")
    TicketFactory(office=cast.elsewhere_office, error_text="teapot")
    provider = TicketFactory(office=cast.north, side=Side.IT, requester_kind="provider", error_text="teapot")
    indexing.index_many(Ticket.objects.all())

    assert found(cast.olivia, "teapot") == [mine.reference]
    assert found(cast.ian, "teapot") == [provider.reference]
    for stranger in (cast.carla, cast.omar):
        assert found(stranger, "teapot") == []
    assert len(found(cast.charlie, "teapot")) == 1


def test_a_handed_over_ticket_is_found_where_it_is_now(cast, ticket):
    tickets.add_note(ticket=ticket, body="teapot", by=cast.olivia.actor)
    tickets.hand_over(ticket=ticket, office=cast.south, by=cast.olivia.actor)

    assert found(cast.olivia, "teapot") == []
    assert found(cast.oscar, "teapot") == [ticket.reference]


def test_pages_go_on_from_the_newest_and_lose_nobody(cast, django_assert_num_queries):
    rows = [TicketFactory(office=cast.north, error_text="teapot") for _ in range(5)]
    for row in rows:
        TicketMessageFactory(ticket=row, body="The teapot again")
    indexing.index_many(rows)

    olivia = type(cast.olivia).objects.get(pk=cast.olivia.pk)
    with django_assert_num_queries(3):  # roles, tickets, messages
        first = search.tickets(olivia, "teapot", limit=2)
    second = search.tickets(cast.olivia, "teapot", limit=2, after=first.after)
    third = search.tickets(cast.olivia, "teapot", limit=2, after=second.after)

    shown = [hit.ticket.pk for page in (first, second, third) for hit in page.hits]
    assert shown == [row.pk for row in reversed(rows)]
    assert third.after == ""
    assert search.tickets(cast.olivia, "teapot", after="nonsense").hits == []


def test_open_and_solved_ones_apart(cast):
    waits = TicketFactory(office=cast.north, error_text="teapot")
    done = TicketFactory(office=cast.north, error_text="teapot", state=TicketState.SOLVED)
    indexing.index_many([waits, done])

    assert found(cast.olivia, "teapot", live=True) == [waits.reference]
    assert found(cast.olivia, "teapot", live=False) == [done.reference]
    assert found(cast.olivia, "teapot") == [done.reference, waits.reference]


def test_the_excerpt_is_from_the_text_that_answers_most(cast, ticket):
    TicketMessageFactory(ticket=ticket, body="The kettle works.")
    TicketMessageFactory(
        ticket=ticket, body="The kettle and the teapot <b>broke</b>.", visibility="internal", author_kind="office"
    )
    indexing.index(ticket)

    (hit,) = search.tickets(cast.olivia, "teapot kettle").hits

    assert hit.where == "Internal note"
    assert [text for text, is_hit in hit.excerpt if is_hit] == ["kettle", "teapot"]


@pytest.mark.parametrize("text", ["", " ", "' OR 1=1", '"*', "a:b", "NEAR(x y)", "-", "\x00", "NOT teapot", "x" * 5000])
def test_strange_questions_find_nothing_and_harm_nothing(cast, ticket, text):
    indexing.index(ticket)

    assert found(cast.olivia, text) == []


def test_a_deleted_ticket_leaves_nothing_behind(cast, ticket):
    indexing.index(ticket)
    pk = ticket.pk
    ticket.delete()

    assert not SearchEntry.objects.filter(pk=pk).exists()
    assert not SearchEntry.objects.filter(words__hold=Question(("pat",))).exists()
