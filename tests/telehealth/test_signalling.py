"""Two sockets on one visit, through the real door, hub and channel layer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from portal_core.directory.people import people_for_websocket
from telehealth import access
from telehealth.actions import visits
from telehealth.models import Visit
from telehealth.routing import websocket_urlpatterns
from tests.cast import signed_in

APP = people_for_websocket(URLRouter(websocket_urlpatterns))
SDP = {"type": "offer", "sdp": "v=0"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visit(cast, appointment) -> Visit:
    return visits.start(appointment=appointment, staff=cast.carla, by=cast.carla.actor)


@pytest.fixture
def doors(cast, visit, appointment) -> dict[str, tuple[str, str]]:
    """Address and cookie header of each person's socket."""

    def cookie(person) -> str:
        jar = signed_in(person).cookies
        return "; ".join(f"{name}={jar[name].value}" for name in jar)

    desk, portal = f"/ws/desk/telehealth/{visit.public_id}/", f"/ws/portal/telehealth/{visit.public_id}/"
    return {
        "carla": (desk, cookie(cast.carla)),
        "dan": (desk, cookie(cast.dan)),
        "ian": (desk, cookie(cast.ian)),
        "charlie": (desk, cookie(cast.charlie)),
        "pat": (portal, cookie(cast.pat)),
        "other patient": (portal, cookie(cast.charlie_patient)),
        "nobody at the desk": (desk, ""),
        "nobody at the portal": (portal, ""),
        "pat's cookie at the desk": (desk, cookie(cast.pat)),
        "link": (f"/ws/telehealth/join/{access.link_token(appointment)}/", ""),
        "forged link": (f"/ws/telehealth/join/{access.link_token(appointment)[:-1]}/", ""),
    }


class Side:
    """One browser's end of the socket."""

    def __init__(self, socket: WebsocketCommunicator) -> None:
        self.socket = socket
        self.epoch = ""

    async def say(self, **frame) -> None:
        await self.socket.send_json_to(frame)

    async def hear(self, kind: str) -> dict:
        frame = await self.socket.receive_json_from(timeout=10)
        assert frame["type"] == kind, frame
        return frame

    async def ask(self, expected: str, **frame) -> dict:
        await self.say(**frame)
        return await self.hear(expected)

    async def error(self, **frame) -> str:
        return (await self.ask("error", **frame))["code"]

    async def enter(self, kind: str = "hello", **more) -> dict:
        joined = await self.ask("joined", type=kind, **more)
        self.epoch = joined["epoch"]
        return joined

    async def silent(self) -> bool:
        """Nothing has come: whatever was sent before this ping would have come before its pong."""
        return (await self.ask("pong", type="ping"))["type"] == "pong"


@asynccontextmanager
async def at(door: tuple[str, str]) -> AsyncIterator[Side]:
    path, cookie = door
    socket = WebsocketCommunicator(APP, path, headers=[(b"cookie", cookie.encode())])
    connected, _code = await socket.connect(timeout=10)
    assert connected
    yield Side(socket)
    await socket.disconnect(timeout=10)


async def meet(carla: Side, pat: Side) -> None:
    """Both join; the handshake of hello and here runs as the browsers would run it."""
    await carla.enter()
    await pat.enter()
    hello = await carla.hear("hello")
    assert hello["from"] == pat.epoch
    await carla.say(type="here", to=pat.epoch)
    assert (await pat.hear("here"))["from"] == carla.epoch


@pytest.mark.parametrize(
    "who",
    ["dan", "ian", "charlie", "other patient", "nobody at the desk", "nobody at the portal", "pat's cookie at the desk",
     "forged link"],
)  # fmt: skip
async def test_strangers_are_refused_at_the_handshake(doors, who):
    path, cookie = doors[who]
    socket = WebsocketCommunicator(APP, path, headers=[(b"cookie", cookie.encode())])

    connected, code = await socket.connect(timeout=10)

    assert (connected, code) == (False, 4404)


async def test_the_server_names_the_offerer_and_passes_signals_on(doors):
    """TH-12: one side, always the provider, offers; the other is connected as soon as both are in."""
    async with at(doors["carla"]) as carla, at(doors["pat"]) as pat:
        first = await carla.enter()
        assert (first["offerer"], first["state"], first["peer"], first["ice"]) == (True, "open", "", [])
        second = await pat.enter()
        assert (second["offerer"], second["state"], second["peer"]) == (False, "live", carla.epoch)
        assert await carla.hear("hello") == {
            "type": "hello", "from": pat.epoch, "to": carla.epoch, "state": "live"
        }  # fmt: skip

        await carla.say(type="sig", to=pat.epoch, description=SDP)
        assert await pat.hear("sig") == {"type": "sig", "from": carla.epoch, "to": pat.epoch, "description": SDP}
        await pat.say(type="sig", to=carla.epoch, candidate=None)
        assert (await carla.hear("sig"))["candidate"] is None
        await pat.say(type="need-restart", to=carla.epoch)
        assert (await carla.hear("need-restart"))["from"] == pat.epoch
        await pat.say(type="mute-state", to=carla.epoch, audio=False, video=True)
        muted = await carla.hear("mute-state")
        assert (muted["audio"], muted["video"]) == (False, True)
        assert await pat.silent()


async def test_signals_keep_their_order(doors):
    async with at(doors["carla"]) as carla, at(doors["pat"]) as pat:
        await meet(carla, pat)
        for number in range(30):
            candidate = {"candidate": f"candidate:{number}", "sdpMLineIndex": 0}
            await carla.say(type="sig", to=pat.epoch, candidate=candidate)
        heard = [(await pat.hear("sig"))["candidate"]["candidate"] for _ in range(30)]

        assert heard == [f"candidate:{number}" for number in range(30)]


async def test_the_link_takes_the_patients_seat(doors):
    """TH-31: by link without any session; the one who was in it before is told."""
    async with at(doors["carla"]) as carla, at(doors["pat"]) as pat, at(doors["link"]) as link:
        await meet(carla, pat)
        joined = await link.enter()
        assert joined["offerer"] is False
        await pat.hear("superseded")
        assert (await pat.socket.receive_output(timeout=10)) == {"type": "websocket.close", "code": 4409}
        assert (await carla.hear("hello"))["from"] == link.epoch


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "sig", "to": "x", "description": SDP}, "not_joined"),
        ({"type": "here", "to": "x"}, "not_joined"),
        ({"type": "need-restart", "to": "x"}, "not_joined"),
        ({"type": "end"}, "not_joined"),
    ],
)
async def test_out_of_order_frames_before_joining(visit, doors, frame, code):
    async with at(doors["carla"]) as carla, at(doors["pat"]) as pat:
        await pat.enter()

        assert await carla.error(**frame) == code
        assert await pat.silent()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "sing"}, "unknown_type"),
        ({"type": "open"}, "unknown_type"),
        ({"type": "sig"}, "bad_frame"),
        ({"type": "sig", "to": 7, "description": SDP}, "bad_frame"),
        ({"type": "sig", "to": "x" * 21, "description": SDP}, "bad_frame"),
        ({"type": "sig", "to": "x"}, "bad_frame"),
        ({"type": "sig", "to": "x", "description": SDP, "candidate": None}, "bad_frame"),
        ({"type": "sig", "to": "x", "description": "v=0"}, "bad_frame"),
        ({"type": "sig", "to": "x", "description": {"type": "rollback", "sdp": ""}}, "bad_frame"),
        ({"type": "sig", "to": "x", "description": {"type": "offer", "sdp": "v" * (32 * 1024 + 1)}}, "bad_frame"),
        ({"type": "sig", "to": "x", "candidate": ["a"]}, "bad_frame"),
        ({"type": "sig", "to": "x", "candidate": {"candidate": "c" * 2049}}, "bad_frame"),
        ({"type": "sig", "to": "x", "candidate": {"candidate": "c", "sdpMLineIndex": "0"}}, "bad_frame"),
        ({"type": "mute-state", "to": "x", "audio": 1, "video": True}, "bad_frame"),
        ({"type": "hello", "resume": 5}, "bad_frame"),
    ],
)
async def test_wrong_frames_get_an_error_and_change_nothing(visit, doors, frame, code):
    async with at(doors["carla"]) as carla, at(doors["pat"]) as pat:
        await meet(carla, pat)

        assert await carla.error(**frame) == code
        assert await pat.silent()
        await carla.say(type="sig", to=pat.epoch, description=SDP)  # and the socket still serves
        await pat.hear("sig")


@pytest.mark.parametrize(
    "text", [b"binary", "no json", "[]", "{}", '{"type": 5}', '"x"', "[" * 5000, "x" * (64 * 1024 + 1)]
)
async def test_frames_that_are_no_frames(doors, text):
    async with at(doors["carla"]) as carla:
        await carla.enter()
        await carla.socket.send_to(**{"bytes_data" if isinstance(text, bytes) else "text_data": text})

        assert (await carla.hear("error"))["code"] == "bad_frame"


async def test_a_signal_to_a_stale_epoch_is_dropped(doors):
    async with at(doors["carla"]) as carla, at(doors["pat"]) as pat:
        await meet(carla, pat)
        stale = pat.epoch
        await pat.enter()  # a fresh peer connection in the same page
        assert (await carla.hear("hello"))["from"] == pat.epoch

        await carla.say(type="sig", to=stale, description=SDP)
        await carla.say(type="sig", to=pat.epoch, description={"type": "offer", "sdp": "fresh"})

        assert (await pat.hear("sig"))["description"]["sdp"] == "fresh"


async def test_nothing_else_rides_along_with_a_signal(doors):
    async with at(doors["carla"]) as carla, at(doors["pat"]) as pat:
        await meet(carla, pat)
        extras = {"from": "forged", "note": "x", "description": SDP | {"x": 1}}
        await carla.say(type="sig", to=pat.epoch, **extras)

        assert await pat.hear("sig") == {"type": "sig", "from": carla.epoch, "to": pat.epoch, "description": SDP}


@pytest.mark.parametrize("who", ["carla", "pat"])
async def test_ending_says_bye_to_both(visit, doors, who):
    """TH-15"""
    async with at(doors["carla"]) as carla, at(doors["pat"]) as pat:
        await meet(carla, pat)
        await {"carla": carla, "pat": pat}[who].say(type="end")
        role = {"carla": "provider", "pat": "client"}[who]

        for side in (carla, pat):
            assert await side.hear("bye") == {"type": "bye", "by": role, "generation": 1}
        assert await carla.error(type="sig", to=pat.epoch, description=SDP) == "not_joined"
        assert await pat.error(type="hello") == "visit_ended"
        assert await pat.error(type="end") == "not_joined"


async def test_rejoin_by_both(doors):
    """TH-16, TH-17"""
    async with at(doors["carla"]) as carla, at(doors["pat"]) as pat:
        await meet(carla, pat)
        await pat.say(type="end")
        await carla.hear("bye")
        await pat.hear("bye")

        alone = await carla.enter("rejoin")
        assert (alone["state"], alone["generation"], alone["peer"]) == ("open", 2, "")
        assert await pat.hear("rejoining") == {"type": "rejoining", "by": "provider"}
        assert await pat.error(type="hello") == "must_rejoin"
        assert await carla.silent()

        together = await pat.enter("rejoin")
        assert (together["state"], together["generation"], together["peer"]) == ("live", 2, carla.epoch)
        assert (await carla.hear("rejoining"))["by"] == "client"
        assert (await carla.hear("hello"))["from"] == pat.epoch


async def test_a_lost_socket_is_told_and_resumed(visit, doors):
    async with at(doors["carla"]) as carla:
        async with at(doors["pat"]) as pat:
            await meet(carla, pat)
            before = pat.epoch
        assert await carla.hear("left") == {"type": "left", "from": before}
        async with at(doors["pat"]) as again:
            joined = await again.enter(resume=before)
            assert (joined["epoch"], joined["resumed"], joined["state"]) == (before, True, "live")
            assert (await carla.hear("hello"))["from"] == before


async def test_a_patient_who_waits_is_told_of_the_start(cast, visit, doors):
    """TH-12"""
    async with at(doors["pat"]) as pat:
        await pat.enter()
        async with at(doors["carla"]) as carla:
            await carla.enter()
            assert (await pat.hear("hello"))["from"] == carla.epoch
            await pat.say(type="here", to=carla.epoch)
            assert (await carla.hear("here"))["from"] == pat.epoch


async def test_a_flood_is_refused(doors):
    async with at(doors["carla"]) as carla:
        await carla.enter()
        for _ in range(400):
            await carla.say(type="hello", resume=5)
        codes = [(await carla.hear("error"))["code"] for _ in range(400)]

        assert codes[0] == "bad_frame"
        assert "too_many_frames" in codes
