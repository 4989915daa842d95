"""What was done to many tickets at once can be taken back for ten seconds, all of it, like a deed on one."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from helpdesk.actions import tickets
from helpdesk.enums import Category, Resolution, TicketState, Turn
from helpdesk.errors import UndoNotFound
from helpdesk.models import TicketUndo
from helpdesk.queries import undoable
from portal_core.directory.enums import Role
from portal_core.kernel.contracts import SYSTEM
from portal_core.notify.models import Delivery
from statuspage.actions import incidents
from tests.cast import make_staff
from tests.helpdesk.factories import TicketFactory, refresh

S = TicketState
NOON = dt.datetime(2026, 11, 16, 18, 0, tzinfo=dt.UTC)


def url(name, *args):
    return reverse(f"triage:{name}", args=args)


@pytest.fixture
def at():
    """`at(9)`: nine seconds past noon."""
    return lambda seconds: time_machine.travel(NOON + dt.timedelta(seconds=seconds), tick=False)


@pytest.fixture
def olivia(cast, staff_client, at):
    with at(-120):
        return staff_client(cast.olivia)


@pytest.fixture
def rows(cast, at):
    with at(-60):
        return [TicketFactory(office=cast.north, requester_email=f"p{n}@patients.example") for n in range(3)]


def press(client, rows, key="k1", **typed):
    return client.post(url("bulk"), {"ticket": [row.public_id for row in rows], "idempotency_key": key, **typed})


def stand(rows):
    """What a deed may change, and what follows from it."""
    names = ("state", "turn_now", "owner_id", "office_id", "category", "subject", "incident_id", "solved_at")
    return [tuple(getattr(refresh(row), name) for name in names) for row in rows]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"do": "take"}, "3 tickets: Taken."),
        ({"do": "categorise", "category": "LOCKED"}, "3 tickets: Another kind."),
        ({"do": "solve", "resolution": "not_needed"}, "3 tickets: Solved."),
        ({"do": "link", "incident": "the one"}, "3 tickets: Linked to an incident."),
    ],
)
def test_a_deed_on_many_is_offered_and_taken_back_as_one(cast, olivia, rows, at, drain, mail_component, typed, said):
    with at(-30):
        late = incidents.declare(
            name="Late mail", body="We look.", components={mail_component: "partial_outage"}, by=SYSTEM, key="k"
        )
        before = stand(rows)
    if typed["do"] == "link":
        typed = typed | {"incident": late.id}
    with at(0):
        page = press(olivia, rows, **typed)
        assert said in page.content.decode()
        assert all(was != now for was, now in zip(before, stand(rows), strict=True))
        offer = undoable(cast.olivia.public_id, now=NOON)
        assert (offer.count, bool(offer.batch)) == (3, True)
        assert olivia.get(url("office")).context["undoable"] == offer
    with at(9):
        drain()
        back = olivia.post(url("undo"), {"batch": offer.batch}, follow=True)
        assert "3 tickets stand as before. Nobody outside heard of it." in back.content.decode()
        again = olivia.post(url("undo"), {"batch": offer.batch})  # a double click
        assert again.status_code == 302
    with at(60):
        drain()

    assert stand(rows) == before
    assert not Delivery.objects.exists()
    assert undoable(cast.olivia.public_id, now=NOON) is None


def test_tickets_handed_to_another_office_come_home(cast, rows, at, staff_client, deeds):
    with at(-120):
        both = make_staff("Bea", cast.practice, (Role.OFFICE_STAFF, cast.north), (Role.OFFICE_STAFF, cast.south))
        bea = staff_client(both)
    before = stand(rows[:1])
    with at(0):
        press(bea, rows[:1], do="hand_over", office=cast.south.public_id)
        assert refresh(rows[0]).office == cast.south
    with at(5):
        bea.post(url("undo"), {"batch": TicketUndo.objects.get().batch})

    assert stand(rows[:1]) == before
    assert [one for one in deeds() if one.startswith("ticket:") and one != "ticket:list"] == [
        "ticket:hand_over", "ticket:undo_office",
    ]  # fmt: skip
    assert rows[0].segments.filter(ended_at=None).count() == 1


def test_what_moved_on_meanwhile_stays_and_is_named(cast, olivia, rows, at):
    """The requester was quicker: what they wrote counts, not the second thought."""
    with at(0):
        press(olivia, rows, do="solve", resolution="not_needed")
    with at(3):
        tickets.reply(ticket=rows[1], body="It is still broken.", by=tickets.requester_of(rows[1]))
    with at(5):
        page = olivia.post(url("undo"), {"batch": TicketUndo.objects.first().batch}, follow=True).content.decode()

    assert "2 tickets stand as before" in page
    assert f"Too late to take back, or moved on meanwhile: {rows[1].reference}." in page
    assert [refresh(row).state for row in rows] == [S.NEW, S.OPEN, S.NEW]


def test_ten_seconds_later_all_of_it_stands(olivia, rows, at, drain):
    with at(0):
        press(olivia, rows, do="solve", resolution="not_needed")
    with at(10):
        page = olivia.post(url("undo"), {"batch": TicketUndo.objects.first().batch}, follow=True).content.decode()
        drain()

    assert "stand as before" not in page
    assert {refresh(row).state for row in rows} == {S.SOLVED}
    assert Delivery.objects.count() == 3


def test_nobody_else_takes_it_back(cast, olivia, rows, at, staff_client):
    with at(0):
        press(olivia, rows, do="take")
        batch = TicketUndo.objects.first().batch
        cast.oscar.role_assignments.update(office=cast.north)
        assert staff_client(refresh(cast.oscar)).post(url("undo"), {"batch": batch}).status_code == 404
        assert staff_client(cast.ian).post(url("undo"), {"batch": batch}).status_code == 403
        for odd in ("", "x" * 20):
            with pytest.raises(UndoNotFound):
                tickets.undo_all(batch=odd, by=cast.olivia.actor)

    assert {refresh(row).owner for row in rows} == {cast.olivia}


def test_a_form_sent_twice_is_taken_back_once(cast, olivia, rows, at):
    with at(0):
        press(olivia, rows, do="take")
        press(olivia, rows, do="take")
        assert TicketUndo.objects.count() == 3
        offer = undoable(cast.olivia.public_id, now=NOON)
        olivia.post(url("undo"), {"batch": offer.batch})

    assert {(refresh(row).owner, refresh(row).turn) for row in rows} == {(None, Turn.OFFICE)}


def test_single_deeds_are_no_part_of_it(cast, rows, at):
    with at(0):
        tickets.solve(ticket=rows[0], resolution=Resolution.OFFICE, hold=True, by=cast.olivia.actor)
        with tickets.as_one() as batch:
            tickets.set_category(ticket=rows[1], category=Category.LOCKED, hold=True, by=cast.olivia.actor)
        tickets.take(ticket=rows[2], staff=cast.olivia, by=cast.olivia.actor)
        found = tickets.undo_all(batch=batch, by=cast.olivia.actor)

    assert ([row.pk for row in found.back], found.late) == ([rows[1].pk], [])
    assert [refresh(row).state for row in rows] == [S.SOLVED, S.NEW, S.OPEN]
