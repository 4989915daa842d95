"""Joining, splitting, linking: nothing is lost, nobody reads what was not meant for them."""

import pytest

from helpdesk.actions import tickets
from helpdesk.contracts import Intake
from helpdesk.enums import Category, Channel, LinkKind, RequesterKind, TicketState, Turn
from helpdesk.errors import (
    NothingToSplit,
    OtherPatient,
    SameTicket,
    StillAtIT,
    TicketClosed,
    TicketMerged,
    WrongMove,
    WrongOffice,
)
from helpdesk.models import Ticket, TicketLink
from helpdesk.queries import public_thread, thread
from portal_core.kernel.contracts import SYSTEM
from portal_core.notify.models import Delivery
from tests.helpdesk.factories import TicketFactory, TicketMessageFactory, refresh

S = TicketState


def bodies(rows):
    return [row.body for row in rows]


@pytest.fixture
def two(cast):
    """The same trouble told twice: by Pat, and by Pat's wife from an address of her own."""
    pats = TicketFactory(office=cast.north, patient=cast.pat)
    wifes = TicketFactory(office=cast.north, requester_email="wife@patients.example", requester_name="Wilma")
    TicketMessageFactory(ticket=pats, body="Mine.")
    TicketMessageFactory(ticket=wifes, body="His, from me.", author_label="Wilma")
    return pats, wifes


def test_a_duplicate_is_joined_and_both_get_the_answer(cast, two, drain, deeds):
    pats, wifes = two
    by = cast.olivia.actor

    assert tickets.merge(ticket=wifes, into=pats, by=by) == pats
    assert tickets.merge(ticket=wifes, into=pats, by=by) == pats  # a double click
    tickets.reply(ticket=pats, body="Fixed.", by=by)
    drain()

    gone = refresh(wifes)
    assert (gone.state, gone.merged_into, gone.turn) == (S.MERGED, pats, Turn.NOBODY)
    assert bodies(thread(pats)) == ["Mine.", "His, from me.", "Fixed."]
    assert bodies(public_thread(pats)) == ["Mine.", "Fixed."]
    assert bodies(public_thread(gone)) == ["His, from me.", "Fixed."]
    told = Delivery.objects.filter(message__cause__startswith="ticket-reply").values_list("address", flat=True)
    assert sorted(told) == ["pat@patients.example", "wife@patients.example"]
    assert deeds() == ["ticket:merge", "ticket:reply"]


def test_what_was_said_before_the_joining_stays_with_whom_it_was_said_to(cast, two):
    pats, wifes = two
    tickets.reply(ticket=pats, body="Your balance is due.", by=cast.olivia.actor)
    tickets.merge(ticket=wifes, into=pats, by=cast.olivia.actor)

    assert bodies(public_thread(refresh(wifes))) == ["His, from me."]


def test_an_answer_to_the_joined_one_moves_the_other(cast, two):
    pats, wifes = two
    tickets.merge(ticket=wifes, into=pats, by=cast.olivia.actor)
    tickets.reply(ticket=pats, body="Which?", expects_answer=True, by=cast.olivia.actor)

    tickets.reply(ticket=wifes, body="The blue one.", by=tickets.requester_of(wifes))

    assert (refresh(pats).state, refresh(wifes).state) == (S.OPEN, S.MERGED)
    assert bodies(thread(pats))[-1] == "The blue one."
    assert "The blue one." not in bodies(public_thread(pats))


def test_joining_one_that_others_were_joined_into_brings_them_along(cast, two):
    pats, wifes = two
    third = TicketFactory(office=cast.north)
    tickets.merge(ticket=wifes, into=pats, by=cast.olivia.actor)
    tickets.merge(ticket=pats, into=third, by=cast.olivia.actor)

    assert {one.pk for one in third.merged.all()} == {pats.pk, wifes.pk}
    assert bodies(thread(third)) == ["Mine.", "His, from me."]


@pytest.mark.parametrize(
    ("source", "target", "refusal"),
    [
        ({}, "same", SameTicket),
        ({}, {"side": "it", "requester_kind": "provider"}, WrongOffice),
        ({}, {"state": S.SOLVED}, WrongMove),
        ({}, {"state": S.MERGED}, WrongMove),
        ({"state": S.SOLVED}, {}, WrongMove),
        ({"state": S.CLOSED}, {}, TicketClosed),
        ({"state": S.WAIT_INCIDENT}, {}, WrongMove),
        ({"patient": "pat"}, {"patient": "paula"}, OtherPatient),
        ({"relayed": True}, {}, StillAtIT),
        ({}, {"office": "elsewhere_office"}, WrongOffice),
    ],
)
def test_what_cannot_be_joined(cast, source, target, refusal):
    def make(fields):
        fields = {"office": "north", **fields}
        relayed = fields.pop("relayed", False)
        values = {name: getattr(cast, one) if name in ("office", "patient") else one for name, one in fields.items()}
        row = TicketFactory(**values)
        return tickets.mark_relayed(ticket=row, by=SYSTEM) if relayed else row

    ticket = make(source)
    into = ticket if target == "same" else make(target)

    with pytest.raises(refusal):
        tickets.merge(ticket=ticket, into=into, by=cast.olivia.actor)
    assert refresh(ticket).merged_into is None


def test_a_second_matter_gets_a_ticket_of_its_own(cast, two, deeds):
    pats, _wifes = two
    extra = TicketMessageFactory(ticket=pats, body="And my bill is wrong.")
    note = TicketMessageFactory(ticket=pats, author_kind="office", visibility="internal", body="Hm.")

    fresh = tickets.split(
        ticket=pats, message_ids=[extra.public_id, note.public_id], category=Category.BILLING, by=cast.olivia.actor
    )

    assert (fresh.category, fresh.office, fresh.patient, fresh.requester_email, fresh.state) == (
        Category.BILLING, cast.north, cast.pat, "pat@patients.example", S.NEW,
    )  # fmt: skip
    assert bodies(thread(fresh)) == ["And my bill is wrong."]
    assert bodies(thread(pats)) == ["Mine.", "And my bill is wrong.", "Hm."]
    link = TicketLink.objects.get()
    assert (link.ticket, link.other, link.kind) == (fresh, pats, LinkKind.SPLIT)
    assert deeds() == ["ticket:split_off", "ticket:split"]


def test_there_must_be_something_to_split(cast, two):
    pats, wifes = two
    strange = wifes.messages.get()
    for chosen in ([], ["nonsense"], [strange.public_id]):
        with pytest.raises(NothingToSplit):
            tickets.split(ticket=pats, message_ids=chosen, category=Category.OTHER, by=cast.olivia.actor)
    tickets.merge(ticket=wifes, into=pats, by=cast.olivia.actor)
    with pytest.raises(TicketMerged):
        tickets.split(ticket=wifes, message_ids=[strange.public_id], category=Category.OTHER, by=cast.olivia.actor)

    assert Ticket.objects.count() == 2


def test_tickets_are_linked_once_and_unlinked(cast, two, deeds):
    pats, wifes = two
    by = cast.olivia.actor
    tickets.link(ticket=pats, other=wifes, by=by)
    tickets.link(ticket=wifes, other=pats, by=by)
    assert TicketLink.objects.count() == 1

    tickets.unlink(ticket=wifes, other=pats, by=by)
    tickets.unlink(ticket=wifes, other=pats, by=by)
    assert TicketLink.objects.count() == 0
    assert deeds() == ["ticket:link", "ticket:unlink"]
    with pytest.raises(SameTicket):
        tickets.link(ticket=pats, other=pats, by=by)
    with pytest.raises(WrongOffice):
        tickets.link(ticket=pats, other=TicketFactory(office=cast.elsewhere_office), by=by)


def test_writing_about_a_closed_request_opens_a_linked_one_with_the_same_person(cast):
    """HD-08: usually the same person."""
    old = TicketFactory(office=cast.north, state=S.CLOSED, owner=cast.olivia, patient=cast.pat)
    with pytest.raises(TicketClosed):
        tickets.reply(ticket=old, body="Again.", by=tickets.requester_of(old))

    fresh = tickets.follow_up(ticket=old, body="It is back.", by=tickets.requester_of(old))

    assert (fresh.owner, fresh.state, fresh.patient, fresh.first_response_at) == (cast.olivia, S.NEW, cast.pat, None)
    assert bodies(public_thread(fresh)) == ["It is back."]
    assert TicketLink.objects.get().kind == LinkKind.FOLLOW_UP


@pytest.mark.parametrize("state", [S.OPEN, S.SOLVED])
def test_what_is_not_closed_is_answered_not_followed_up(cast, state):
    old = TicketFactory(office=cast.north, state=state)
    with pytest.raises(WrongMove):
        tickets.follow_up(ticket=old, body="Again.", by=tickets.requester_of(old))


def test_a_colleague_who_left_gets_no_follow_up(cast):
    old = TicketFactory(office=cast.north, state=S.CLOSED, owner=cast.olivia)
    type(cast.olivia).objects.filter(pk=cast.olivia.pk).update(is_active=False)

    assert tickets.follow_up(ticket=old, body="Hi.", by=tickets.requester_of(old)).owner is None


def test_an_intake_of_a_provider_stays_with_it(cast):
    ticket = tickets.open_from_contact(
        intake=Intake(
            requester_kind=RequesterKind.PROVIDER, category=Category.STAFF_HOWTO, channel=Channel.WEB, body="How?",
            email="doc@staff.example",
        ),
        office=cast.north, by=SYSTEM,
    )  # fmt: skip
    TicketMessageFactory(ticket=ticket, body="And?")
    ids = list(ticket.messages.values_list("public_id", flat=True))

    fresh = tickets.split(ticket=ticket, message_ids=ids, category=Category.OTHER, by=cast.ian.actor)

    assert (fresh.side, fresh.turn) == ("it", Turn.IT)
