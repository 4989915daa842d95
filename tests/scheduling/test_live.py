import asyncio
import datetime as dt

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from portal_core.accounts.actions import credentials
from portal_core.directory.people import people_for_websocket
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.scheduling.actions import appointments
from portal_core.scheduling.routing import websocket_urlpatterns
from tests.cast import signed_in
from tests.scheduling.factories import AppointmentFactory

APP = people_for_websocket(URLRouter(websocket_urlpatterns))

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cookies(cast) -> dict[str, bytes]:
    found = {}
    for who in ("carla", "dan", "olivia", "oscar", "ian"):
        jar = signed_in(getattr(cast, who)).cookies
        found[who] = "; ".join(f"{name}={jar[name].value}" for name in jar).encode()
    return found


def socket_of(cookie: bytes) -> WebsocketCommunicator:
    return WebsocketCommunicator(APP, "/ws/desk/schedule/", headers=[(b"cookie", cookie)])


async def test_an_open_day_hears_of_a_change(cast, cookies):
    """The clinician and the front desk of that office are nudged, nobody else."""
    row = await sync_to_async(AppointmentFactory)(clinician=cast.carla, patient=cast.pat)
    sockets = {who: socket_of(cookies[who]) for who in ("carla", "olivia", "dan", "oscar")}
    for socket in sockets.values():
        assert (await socket.connect(timeout=10))[0]

    later = clock.now() + dt.timedelta(hours=3)
    await sync_to_async(appointments.reschedule)(
        appointment=row, start=later, end=later + dt.timedelta(hours=1), by=cast.carla.actor
    )

    for who in ("carla", "olivia"):
        heard = await sockets[who].receive_json_from(timeout=10)
        assert heard == {"type": "appointment.changed", "id": row.public_id}
    for who in ("dan", "oscar"):
        await sockets[who].send_json_to({"type": "ping"})
        assert await sockets[who].receive_json_from(timeout=10) == {"type": "pong"}
    await asyncio.gather(*(socket.disconnect() for socket in sockets.values()))


@pytest.mark.parametrize("who", ["ian", None])
async def test_it_and_the_anonymous_hear_nothing(cookies, who):
    """TR-01"""
    socket = socket_of(cookies[who] if who else b"")

    assert await socket.connect(timeout=10) == (False, 4404)


async def test_signing_out_hangs_up_and_the_page_cannot_come_back(cast, cookies):
    """An open page of somebody who signed out must not go on hearing of patients."""
    row = await sync_to_async(AppointmentFactory)(clinician=cast.carla, patient=cast.pat)
    socket, other = socket_of(cookies["carla"]), socket_of(cookies["olivia"])
    for one in (socket, other):
        assert (await one.connect(timeout=10))[0]

    await sync_to_async(credentials.end_sessions)(user=cast.carla.user, by=SYSTEM)

    assert await socket.receive_output(timeout=10) == {"type": "websocket.close", "code": 4401}
    assert await socket_of(cookies["carla"]).connect(timeout=10) == (False, 4404)
    await sync_to_async(appointments.mark_missed)(appointment=row, by=cast.carla.actor)
    assert (await other.receive_json_from(timeout=10))["id"] == row.public_id
    await other.disconnect()
