"""Who else is at a ticket: a lease of 15 seconds over the desk's socket, seen on the list and on the ticket."""

import json

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.urls import reverse

from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import FlagFactory
from triage.actions import presence
from triage.routing import websocket_urlpatterns


def socket(staff, desk="office"):
    async def application(scope, receive, send):
        await URLRouter(websocket_urlpatterns)({**scope, "staff": staff}, receive, send)

    return WebsocketCommunicator(application, f"/ws/triage/{desk}/")


async def heard(one, kind):
    while True:
        message = json.loads(await one.receive_from(5))
        if message["type"] == kind:
            return message


@pytest.fixture
def _known(cast):
    """The people middleware reads somebody's roles before a socket opens."""
    for name in ("olivia", "oscar", "ian", "ines", "carla"):
        _ = getattr(cast, name).assignments


@pytest.fixture
def at(cast):
    """`at(person, ticket)` gives a sign of life there."""

    def sign(staff, place, *, typing=False, page="p1"):
        presence.here(
            room=f"office:{cast.north.public_id}", socket=page, person_id=staff.public_id, name=staff.name,
            place=place, typing=typing,
        )  # fmt: skip

    return sign


def test_colleagues_are_seen_in_the_list_and_on_the_ticket_but_never_oneself(cast, at, staff_client):
    row = TicketFactory(office=cast.north)
    at(cast.dan, row.public_id, typing=True)
    at(cast.olivia, row.public_id, page="p2")
    olivia = staff_client(cast.olivia)
    for page in (reverse("triage:office"), reverse("triage:office-ticket", args=[row.public_id])):
        text = olivia.get(page).content.decode()
        assert "Dan Staff is writing" in text
        assert "Olivia Staff is" not in text
    told = olivia.get(reverse("triage:office-people"))
    assert told.json() == {"people": {row.public_id: [{"name": "Dan Staff", "typing": True}]}}
    assert told["Cache-Control"] == "no-store"
    assert staff_client(cast.oscar).get(reverse("triage:office-people")).json() == {"people": {}}


def test_the_lease_runs_out_by_itself(cast, at, monkeypatch):
    room = [f"office:{cast.north.public_id}"]
    start = presence.time.time()
    monkeypatch.setattr(presence.time, "time", lambda: start)
    at(cast.dan, "t1", typing=True)
    monkeypatch.setattr(presence.time, "time", lambda: start + presence.TYPING)
    assert [one.typing for one in presence.who(room)["t1"]] == [False]
    monkeypatch.setattr(presence.time, "time", lambda: start + presence.LEASE)
    assert presence.who(room) == {}


def test_two_pages_of_one_person_are_one_person(cast, at):
    at(cast.dan, "t1", page="p1", typing=True)
    at(cast.dan, "t1", page="p2")
    assert [one.typing for one in presence.who([f"office:{cast.north.public_id}"])["t1"]] == [True]
    presence.gone(room=f"office:{cast.north.public_id}", socket="p1")
    assert [one.typing for one in presence.who([f"office:{cast.north.public_id}"])["t1"]] == [False]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_known")
async def test_two_people_on_one_ticket_hear_of_each_other(cast):
    """§4.1, 8: over the socket, with typing, and gone when the page closes. A strange ticket is refused."""
    row = await sync_to_async(TicketFactory)(office=cast.north)
    strange = await sync_to_async(TicketFactory)(office=cast.south)
    room = [f"office:{cast.north.public_id}"]
    olivia, again = socket(cast.olivia), socket(cast.olivia)
    assert (await olivia.connect())[0]
    assert (await again.connect())[0]

    await again.send_json_to({"type": "here", "place": row.public_id, "typing": True})
    assert (await heard(olivia, "presence.changed")) == {"type": "presence.changed"}
    found = await sync_to_async(presence.who)(room)
    assert [(one.name, one.typing) for one in found[row.public_id]] == [("Olivia Staff", True)]

    await again.send_json_to({"type": "here", "place": strange.public_id})
    assert (await heard(again, "error"))["code"] == "ticket_not_found"
    await again.send_json_to({"type": "here", "place": 7})
    assert (await heard(again, "error"))["code"] == "bad_frame"
    assert await sync_to_async(presence.who)(room) == {}

    await again.send_json_to({"type": "here", "place": row.public_id})
    await heard(olivia, "presence.changed")
    await again.disconnect()
    await heard(olivia, "presence.changed")
    assert await sync_to_async(presence.who)(room) == {}
    await olivia.disconnect()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_known")
async def test_the_console_has_its_own_and_no_place_at_an_offices_ticket(cast):
    """TR-01: IT says where it is among flags; an office's ticket does not exist for it."""
    flag = await sync_to_async(FlagFactory)(office=cast.north, sent_by=cast.olivia)
    ian = socket(cast.ian, "it")
    assert (await ian.connect())[0]
    await ian.send_json_to({"type": "here", "place": flag.public_id})
    await heard(ian, "presence.changed")
    ticket_id = await sync_to_async(lambda: flag.ticket.public_id)()
    await ian.send_json_to({"type": "here", "place": ticket_id})
    assert (await heard(ian, "error"))["code"] == "ticket_not_found"
    await ian.disconnect()
