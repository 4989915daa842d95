"""Who else is here: a soft lease over the console's socket, never a lock."""

import json

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from statuspage.actions import presence
from statuspage.routing import websocket_urlpatterns
from tests.statuspage.factories import declare

pytestmark = pytest.mark.django_db(transaction=True)


def socket(staff):
    async def application(scope, receive, send):
        await URLRouter(websocket_urlpatterns)({**scope, "staff": staff}, receive, send)

    return WebsocketCommunicator(application, "/ws/desk/status/")


@pytest.fixture(autouse=True)
def _known(cast):
    """The people middleware reads somebody's roles before a socket opens."""
    for name in ("omar", "ines", "olivia", "ian", "carla", "ana"):
        _ = getattr(cast, name).assignments


async def heard(one, kind):
    while True:
        message = json.loads(await one.receive_from(5))
        if message["type"] == kind:
            return message


async def test_colleagues_hear_who_came_who_types_and_who_left(page, cast):
    omar, ines = socket(cast.omar), socket(cast.ines)
    assert (await omar.connect())[0]
    assert (await ines.connect())[0]

    await ines.send_json_to({"type": "here", "place": "event-abcd", "typing": True})
    assert (await heard(omar, "presence.changed"))["place"] == "event-abcd"
    people = await sync_to_async(presence.who)(["event-abcd"], but=cast.omar.public_id)
    assert [(person.name, person.typing) for person in people["event-abcd"]] == [(cast.ines.actor.label, True)]
    mine = await sync_to_async(presence.who)(["event-abcd"], but=cast.ines.public_id)
    assert mine == {"event-abcd": []}

    await ines.disconnect()
    await heard(omar, "presence.changed")
    assert await sync_to_async(presence.who)(["event-abcd"]) == {"event-abcd": []}
    await omar.disconnect()


async def test_a_publication_reaches_the_console(page, cast):
    omar = socket(cast.omar)
    assert (await omar.connect())[0]
    summary = await sync_to_async(declare)()

    assert await heard(omar, "event.changed") == {"type": "event.changed", "id": summary.id}
    await omar.disconnect()


@pytest.mark.parametrize("name", ["olivia", "ian", "carla", "ana", None])
async def test_nobody_else_may_listen(page, cast, name):
    stranger = socket(getattr(cast, name) if name else None)

    assert (await stranger.connect())[0] is False


@pytest.mark.parametrize("place", ["../x", "", 5, None, "event-" + "a" * 50])
async def test_a_place_that_is_none_is_refused_and_the_socket_stays(page, cast, place):
    omar = socket(cast.omar)
    assert (await omar.connect())[0]
    await omar.send_json_to({"type": "here", "place": place})

    assert (await heard(omar, "error"))["code"] == "bad_frame"
    await omar.send_json_to({"type": "ping"})
    assert await heard(omar, "pong") == {"type": "pong"}
    await omar.disconnect()


def test_a_lease_runs_out_by_itself(page, monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(presence.time, "time", lambda: moment[0])
    presence.here(place="new", person_id="a", name="Ines", typing=True)
    assert [person.typing for person in presence.who(["new"])["new"]] == [True]

    moment[0] += presence.TYPING + 1
    assert [person.typing for person in presence.who(["new"])["new"]] == [False]
    moment[0] += presence.LEASE
    assert presence.who(["new"]) == {"new": []}
