"""Who may open which ticket, and what a queue costs."""

import datetime as dt

import pytest

from helpdesk import access, queries
from helpdesk.enums import RequesterKind, Side, TicketState, Turn
from helpdesk.errors import TicketNotFound
from helpdesk.models import Ticket
from portal_core.kernel import clock
from tests.helpdesk.factories import TicketFactory

S = TicketState


def provider_ticket(cast, **changes):
    return TicketFactory(office=cast.north, requester_kind=RequesterKind.PROVIDER, side=Side.IT, **changes)


def sees(staff, ticket):
    try:
        return access.ticket_for(staff, ticket.public_id) == ticket
    except TicketNotFound:
        return False


def test_a_patients_ticket_opens_for_its_office_only(cast):
    """TR-01, TR-03: another office, IT, clinicians, owners, operators and another practice get a 404."""
    ticket = TicketFactory(office=cast.north)

    people = ("olivia", "oscar", "ian", "ines", "carla", "dan", "ana", "omar", "charlie")
    assert [name for name in people if sees(getattr(cast, name), ticket)] == ["olivia"]


def test_a_relayed_ticket_stays_shut_to_it(cast):
    """IT gets a flag, never the ticket."""
    ticket = TicketFactory(office=cast.north, state=S.OPEN, relayed_at=clock.now())

    assert not sees(cast.ian, ticket)
    assert sees(cast.olivia, ticket)


def test_a_providers_ticket_opens_for_it_only(cast):
    """TR-09, HD-17."""
    ticket = provider_ticket(cast)

    people = ("olivia", "oscar", "ian", "ines", "carla", "ana", "omar", "charlie")
    assert [name for name in people if sees(getattr(cast, name), ticket)] == ["ian", "ines"]


@pytest.mark.parametrize("public_id", ["", "0" * 20, "nonsense", "1"])
def test_what_does_not_exist_is_not_found(cast, public_id):
    with pytest.raises(TicketNotFound):
        access.ticket_for(cast.olivia, public_id)


def test_the_office_queue_shows_its_own_longest_waiting_first(cast):
    now = clock.now()
    young, old = (
        TicketFactory(office=cast.north, created_at=now - dt.timedelta(hours=hours)) for hours in (1, 5)
    )  # fmt: skip
    TicketFactory(office=cast.south)
    TicketFactory(office=cast.north, state=S.SOLVED)
    provider_ticket(cast)
    TicketFactory(office=cast.elsewhere_office)

    page = queries.office_queue(cast.olivia)

    assert page.tickets == [old, young]
    assert page.after == ""


def test_a_queue_narrows_to_one_sides_move_and_to_ones_own(cast):
    mine = TicketFactory(office=cast.north, state=S.OPEN, owner=cast.olivia)
    at_it = TicketFactory(office=cast.north, state=S.OPEN, relayed_at=clock.now())
    asked = TicketFactory(office=cast.north, state=S.WAIT_PATIENT)

    assert queries.office_queue(cast.olivia, turn=Turn.OFFICE).tickets == [mine]
    assert queries.office_queue(cast.olivia, turn=Turn.IT).tickets == [at_it]
    assert queries.office_queue(cast.olivia, turn=Turn.PATIENT).tickets == [asked]
    assert queries.office_queue(cast.olivia, mine=True).tickets == [mine]


def test_it_sees_providers_tickets_and_an_empty_office_queue(cast):
    """TR-01."""
    ticket = provider_ticket(cast)
    TicketFactory(office=cast.north)

    assert queries.it_queue(cast.ian).tickets == [ticket]
    assert queries.office_queue(cast.ian).tickets == []
    assert queries.it_queue(cast.olivia).tickets == []


def test_pages_follow_each_other_without_gap_or_repeat(cast):
    now = clock.now()
    made = [TicketFactory(office=cast.north, created_at=now - dt.timedelta(minutes=n // 2)) for n in range(7)]

    seen, after = [], ""
    while True:
        page = queries.office_queue(cast.olivia, after=after, limit=3)
        seen += page.tickets
        after = page.after
        if not after:
            break

    assert len(seen) == 7
    assert {row.pk for row in seen} == {row.pk for row in made}
    assert seen == sorted(made, key=lambda row: (row.turn_since, row.pk))


@pytest.mark.parametrize("cursor", ["nonsense", "_", "2020-01-01_x", "9" * 300])
def test_a_damaged_cursor_starts_at_the_beginning(cast, cursor):
    ticket = TicketFactory(office=cast.north)

    assert queries.office_queue(cast.olivia, after=cursor).tickets == [ticket]


@pytest.mark.parametrize("rows", [1, 3, 30])
def test_a_queue_costs_the_same_for_one_and_for_many(cast, rows, django_assert_num_queries):
    for _ in range(rows):
        TicketFactory(office=cast.north, owner=cast.olivia, patient=cast.pat, state=S.OPEN)
    with django_assert_num_queries(2):  # roles, tickets with office, owner and patient
        page = queries.office_queue(cast.olivia)
        assert {(row.office.name, row.owner.name, row.patient.name) for row in page.tickets} == {
            ("North", "Olivia Staff", "Pat Patient")
        }
    assert len(page.tickets) == rows


def test_a_queue_page_is_read_from_an_index(cast):
    plan = Ticket.objects.filter(office=cast.north, turn_now=Turn.OFFICE).order_by("turn_since", "id").explain()

    assert "ticket_office_turn" in plan or "Seq Scan" in plan  # PostgreSQL reads an empty table as a whole


def test_tickets_of_an_incident(cast):
    linked = TicketFactory(office=cast.north, state=S.WAIT_INCIDENT)
    TicketFactory(office=cast.north)

    assert queries.tickets_of_incident("incident0001") == [linked]
    assert queries.tickets_of_incident("") == []


def test_patients_see_their_open_requests_on_the_home_page(cast, patient_client):
    mine = TicketFactory(office=cast.north, patient=cast.pat)
    other = TicketFactory(office=cast.north, patient=cast.paula)

    page = patient_client(cast.pat).get("/portal/").content.decode()

    assert mine.reference in page
    assert other.reference not in page
