"""Joining, splitting, linking, deadlines and second thoughts on the pages of both desks, without JavaScript."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from helpdesk.actions import tickets
from helpdesk.contracts import Intake
from helpdesk.enums import Category, Channel, RequesterKind, TicketState
from helpdesk.models import Ticket, TicketLink, TicketUndo
from portal_core.kernel.contracts import SYSTEM
from tests.helpdesk.factories import TicketFactory, TicketMessageFactory
from tests.triage.factories import refresh

S = TicketState


def url(name, *args):
    return reverse(f"triage:{name}", args=args)


@pytest.fixture
def providers(cast):
    """Two tickets of one provider."""
    return [
        TicketFactory(office=cast.north, side="it", requester_kind="provider", state=S.OPEN, category="STAFF_HOWTO")
        for _ in range(2)
    ]


def text(answer):
    return answer.content.decode()


# --- joining ----------------------------------------------------------------------------------------------------------
def test_a_duplicate_is_offered_joined_by_one_press_and_taken_back(cast, ticket, olivia):
    twin = TicketFactory(office=cast.north, patient=cast.pat)
    TicketMessageFactory(ticket=ticket, body="Said in the other one.")
    TicketFactory(office=cast.north, patient=cast.paula, requester_email="", requester_phone="+12175550999")
    page = text(olivia.get(url("more", ticket.public_id)))
    assert f'name="other" value="{twin.public_id}"' in page
    assert page.count('name="other" value="') == 2  # the twin, and "another one, by its number"

    answer = olivia.post(url("merge", ticket.public_id), {"other": twin.public_id})

    assert answer.url.startswith(url("office-ticket", twin.public_id))
    shown = text(olivia.get(answer.url))
    assert "Joined into this one:" in shown
    assert "Said in the other one." in shown
    assert f"{ticket.reference} · <time" in shown
    assert ticket.reference in shown
    assert refresh(ticket).state == S.MERGED
    assert "Go on there:" in text(olivia.get(url("office-ticket", ticket.public_id)))
    back = olivia.post(url("undo"), {"undo": TicketUndo.objects.get().public_id})
    assert back.url.startswith(url("office-ticket", ticket.public_id))
    assert refresh(ticket).state == S.OPEN


@pytest.mark.parametrize("typed", ["{0}", " {1} ", "{2}"])
def test_a_ticket_is_named_by_its_number_however_it_is_typed(cast, ticket, olivia, typed):
    other = TicketFactory(office=cast.north)
    number = other.reference
    said = typed.format(number, number.lower(), number.replace("-", ""))

    olivia.post(url("merge", ticket.public_id), {"other": "", "reference": said})

    assert refresh(ticket).merged_into == other


def test_what_one_may_not_open_cannot_be_joined_or_linked(cast, ticket, olivia, providers):
    """Another office's, IT's, another practice's, or one that does not exist: the same answer."""
    strange = [providers[0], TicketFactory(office=cast.elsewhere_office), TicketFactory(office=cast.south)]
    for name in ("merge", "link-ticket"):
        for values in [{"other": one.public_id} for one in strange] + [{"reference": strange[1].reference}, {}]:
            answer = olivia.post(url(name, ticket.public_id), values)
            assert answer.status_code == 422
            assert "There is no ticket with that number that you may open." in text(answer)

    assert refresh(ticket).state == S.OPEN
    assert TicketLink.objects.count() == 0


def test_tickets_of_two_patients_are_not_joined(cast, ticket, olivia):
    other = TicketFactory(office=cast.north, patient=cast.paula)
    answer = olivia.post(url("merge", ticket.public_id), {"other": other.public_id})

    assert answer.status_code == 422
    assert "about two different patients" in text(answer)


# --- splitting and linking --------------------------------------------------------------------------------------------
def test_a_second_matter_is_split_off(cast, ticket, olivia):
    extra = TicketMessageFactory(ticket=ticket, body="And my bill is wrong.")

    answer = olivia.post(url("split", ticket.public_id), {"message": [extra.public_id], "category": "BILLING"})

    fresh = Ticket.objects.exclude(pk=ticket.pk).get()
    assert answer.url.startswith(url("office-ticket", fresh.public_id))
    page = text(olivia.get(answer.url))
    assert "And my bill is wrong." in page
    assert "Split off" in page
    assert "Split off into" in text(olivia.get(url("office-ticket", ticket.public_id)))
    assert olivia.post(url("split", ticket.public_id), {"category": "BILLING"}).status_code == 422
    assert olivia.post(url("split", ticket.public_id), {"category": "NONSENSE"}).status_code == 404


def test_tickets_are_linked_and_the_link_is_taken_away(cast, ticket, olivia):
    other = TicketFactory(office=cast.north)
    olivia.post(url("link-ticket", ticket.public_id), {"reference": other.reference})
    assert other.reference in text(olivia.get(url("office-ticket", ticket.public_id)))

    olivia.post(url("unlink-ticket", other.public_id), {"other": ticket.public_id})
    assert TicketLink.objects.count() == 0


# --- IT's own tickets -------------------------------------------------------------------------------------------------
# --- the right office -------------------------------------------------------------------------------------------------
def test_what_came_to_the_wrong_office_goes_to_any_other_and_can_be_taken_back(cast, olivia, staff_client):
    """TR-03: she can neither match South's patients nor serve there; whoever serves South can."""
    ticket = TicketFactory(office=cast.north, owner=cast.olivia, state=S.OPEN)
    page = text(olivia.get(url("more", ticket.public_id)))
    assert f'value="{cast.south.public_id}"' in page
    assert f'value="{cast.north.public_id}"' not in page

    answer = olivia.post(url("hand-over", ticket.public_id), {"office": cast.south.public_id})

    row = refresh(ticket)
    assert (answer.url, row.office, row.owner) == (url("office"), cast.south, None)
    assert olivia.get(url("office-ticket", ticket.public_id)).status_code == 404
    assert staff_client(cast.oscar).get(url("office-ticket", ticket.public_id)).status_code == 200
    undo = TicketUndo.objects.get(ticket=ticket).public_id
    assert undo in text(olivia.get(url("office")))
    olivia.post(url("undo"), {"undo": undo})
    assert (refresh(ticket).office, refresh(ticket).owner) == (cast.north, cast.olivia)


@pytest.mark.parametrize("place", ["north", "elsewhere_office", "nowhere"])
@pytest.mark.parametrize("state", [S.OPEN, S.SOLVED])
def test_it_goes_to_no_other_place_and_nothing_that_is_over_goes(cast, olivia, place, state):
    ticket = TicketFactory(office=cast.north, state=state)
    office = getattr(cast, place, None) if state == S.OPEN else cast.south

    answer = olivia.post(url("hand-over", ticket.public_id), {"office": getattr(office, "public_id", place)})

    assert (answer.status_code, refresh(ticket).office) == (409, cast.north)


def test_it_does_the_same_with_providers_tickets(cast, ian, providers):
    """TR-09, HD-17: join, link, split, put aside, wake."""
    first, second = providers
    words = TicketMessageFactory(ticket=first, body="And another thing.")
    ian.post(url("it-link-ticket", first.public_id), {"reference": second.reference})
    assert second.reference in text(ian.get(url("it-ticket", first.public_id)))
    ian.post(url("it-unlink-ticket", first.public_id), {"other": second.public_id})
    ian.post(url("it-split", first.public_id), {"message": [words.public_id], "category": "OTHER"})
    assert Ticket.objects.count() == 3
    ian.post(url("it-snooze", first.public_id), {"reason": "colleague", "hours": "24"})
    assert "Put aside until" in text(ian.get(url("it-ticket", first.public_id)))
    ian.post(url("it-wake", first.public_id))
    assert refresh(first).snoozed_until is None
    answer = ian.post(url("it-merge", first.public_id), {"other": second.public_id})
    assert answer.url == url("it-ticket", second.public_id)
    assert "was joined with another" in text(ian.get(url("it")))


def test_it_takes_a_reply_back_and_finds_its_words_again(cast, ian, providers):
    page = url("it-ticket", providers[0].public_id)
    ian.post(url("it-reply", providers[0].public_id), {"body": "Press F5, please."})
    assert "leaves in a moment" in text(ian.get(page))

    ian.post(url("it-undo"), {"undo": TicketUndo.objects.get().public_id})

    assert providers[0].messages.count() == 0
    assert "Press F5, please.</textarea>" in text(ian.get(page))


def test_no_door_of_it_leads_to_a_patients_ticket(cast, ticket, ian):
    """TR-01: an office's ticket does not exist for IT, whatever the deed."""
    for name in ("it-snooze", "it-wake", "it-merge", "it-split", "it-link-ticket", "it-unlink-ticket"):
        assert ian.post(url(name, ticket.public_id), {"other": ticket.public_id}).status_code == 404
    for name in ("merge", "split", "link-ticket", "unlink-ticket"):
        assert ian.post(url(name, ticket.public_id), {"other": ticket.public_id}).status_code == 403
    for name, status in (("more", 403), ("clock", 403), ("it-more", 404), ("it-clock", 404)):
        assert ian.get(url(name, ticket.public_id)).status_code == status


def test_a_bad_form_is_refused_on_its_tickets_page(ian, providers):
    answer = ian.post(
        url("it-snooze", providers[0].public_id),
        {"reason": "?", "hours": "24"},
    )
    assert answer.status_code == 422
    assert "Choose a time from now on" in text(answer)


# --- the clock --------------------------------------------------------------------------------------------------------
def test_the_page_explains_the_deadline_and_whose_move_it_was(cast, staff_client):
    """Friday 16:30 in Chicago, four business hours, a question in between."""
    friday = dt.datetime(2026, 11, 13, 22, 30, tzinfo=dt.UTC)
    with time_machine.travel(friday, tick=False):
        row = tickets.open_from_contact(
            intake=Intake(
                requester_kind=RequesterKind.PATIENT, category=Category.LOGIN_PWD, channel=Channel.WEB, body="Help.",
                email="pat@patients.example",
            ),
            office=cast.north, by=SYSTEM,
        )  # fmt: skip
    with time_machine.travel(friday + dt.timedelta(minutes=10), tick=False):
        page = text(staff_client(cast.olivia).get(url("clock", row.public_id)))
    assert "4 business hours, from Fri Nov 13, 16:30: Mon Nov 16, 11:30." in page
    assert "10 open minutes counted so far" in page
