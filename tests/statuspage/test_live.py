"""SP-01: an open page hears of a publication over its socket."""

import json

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from statuspage.actions import incidents
from statuspage.errors import TextMissing
from statuspage.models import Snapshot
from statuspage.routing import websocket_urlpatterns
from statuspage.snapshot import memory, store
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import declare

pytestmark = pytest.mark.django_db(transaction=True)


def application():
    from channels.routing import URLRouter

    return URLRouter(websocket_urlpatterns)


async def test_two_open_pages_hear_of_each_publication_and_find_it_written(page):
    first, second = (WebsocketCommunicator(application(), "/ws/status/") for _ in range(2))
    for socket in (first, second):
        assert (await socket.connect())[0]
    try:
        summary = await sync_to_async(declare)("Mail is late")
        for socket in (first, second):
            message = json.loads(await socket.receive_from(5))
            newest = await Snapshot.objects.order_by("-pk").afirst()
            assert message == {"type": "status.changed", "snapshot": newest.pk}
        assert memory.current().snapshot == newest.pk
        assert store.load(store.current_name()).snapshot == newest.pk

        await sync_to_async(incidents.resolve)(incident_id=summary.id, body="Done.", by=OMAR)
        assert json.loads(await second.receive_from(5))["snapshot"] > newest.pk
    finally:
        for socket in (first, second):
            await socket.disconnect()


async def test_the_socket_takes_no_commands_and_survives_nonsense(page):
    socket = WebsocketCommunicator(application(), "/ws/status/")
    assert (await socket.connect())[0]
    for text, code in (("{", "bad_frame"), ('{"type":"resolve"}', "unknown_type"), ("[]", "bad_frame")):
        await socket.send_to(text)
        assert json.loads(await socket.receive_from(5))["code"] == code
    await socket.send_to('{"type":"ping"}')
    assert json.loads(await socket.receive_from(5)) == {"type": "pong"}
    await socket.disconnect()


async def test_a_refused_publication_pushes_nothing(page):
    socket = WebsocketCommunicator(application(), "/ws/status/")
    assert (await socket.connect())[0]
    with pytest.raises(TextMissing):
        await sync_to_async(declare)("", telehealth="major_outage")
    assert await socket.receive_nothing(0.2)
    await socket.disconnect()
