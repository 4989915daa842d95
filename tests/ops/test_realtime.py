"""Live pages on a real server and real sockets, on the in-process layer and on Redis."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.ops.conftest import StageServer
from tests.services import Redis

PATIENCE = 10


def dial(stage: StageServer, group: str, **more: Any) -> connect:
    return connect(f"{stage.socket}/{group}/", **{"origin": stage.url, "proxy": None} | more)


async def hear(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
    return message


async def drink(stream: asyncio.StreamReader) -> int:
    """Read to the end; return how many bytes came."""
    taken = 0
    try:
        while chunk := await stream.read(1_000_000):
            taken += len(chunk)
    except ConnectionResetError:
        pass
    return taken


async def get(stage: StageServer, path: str) -> tuple[int, str]:
    return await asyncio.to_thread(stage.get, path)


@pytest.mark.parametrize("by", ["view", "task"])
async def test_a_nudge_reaches_every_socket_of_its_group_and_no_other(stage, by):
    async with dial(stage, "north") as one, dial(stage, "north") as two, dial(stage, "south") as other:
        await get(stage, f"/tell/north?text=hello&by={by}")

        assert await hear(one) == {"type": "nudge", "text": "hello"}
        assert await hear(two) == {"type": "nudge", "text": "hello"}
        await get(stage, "/tell/south?text=only-you")
        assert await hear(other) == {"type": "nudge", "text": "only-you"}


async def test_a_rolled_back_deed_nudges_nobody(stage):
    async with dial(stage, "north") as socket:
        await get(stage, "/tell-in-vain/north")
        await get(stage, "/tell/north?text=after")

        assert await hear(socket) == {"type": "nudge", "text": "after"}


async def test_a_burst_arrives_whole_and_in_order(stage):
    async with dial(stage, "burst") as socket:
        await get(stage, "/tell/burst?count=300")

        assert [(await hear(socket))["text"] for _ in range(300)] == [str(number) for number in range(300)]


async def test_a_burst_of_tasks_is_worked_off(stage):
    async with dial(stage, "tasks") as socket:
        await get(stage, "/tell/tasks?count=200&by=task")

        assert {(await hear(socket))["text"] for _ in range(200)} == {str(number) for number in range(200)}


async def test_a_task_that_asks_for_another_try_gets_it_after_its_pause(stage):
    async with dial(stage, "retry") as socket:
        begun = asyncio.get_running_loop().time()
        await get(stage, "/retry/retry")

        assert await hear(socket) == {"type": "nudge", "text": "try 3"}
        assert asyncio.get_running_loop().time() - begun >= 1.0


@pytest.mark.parametrize("size", [0, 90, 97, 98, 99, 100, 1_000, 65_000, 65_507, 65_508, 65_536, 200_000])
async def test_frames_of_every_length_class_arrive_whole(embedded_stage, size):
    """The hub builds frames itself: 7-bit, 16-bit and 64-bit lengths (RFC 6455 section 5.2)."""
    async with dial(embedded_stage, "size", max_size=None) as socket:
        await get(embedded_stage, f"/tell/size?size={size}")

        assert await hear(socket) == {"type": "nudge", "text": "x" * size}


async def test_hub_frames_and_answers_keep_their_order(stage):
    async with dial(stage, "order") as socket:
        await get(stage, "/tell/order?text=first")
        heard = [await hear(socket)]  # before the next: by way of Redis a nudge may take longer than an answer
        await socket.send('{"type":"say","text":"second"}')
        heard.append(await hear(socket))
        await get(stage, "/tell/order?text=third")
        heard.append(await hear(socket))
        assert [one["text"] for one in heard] == ["first", "second", "third"]


async def test_daphne_gives_the_hub_its_transport(stage):
    """Contract: the shape of daphne's `send` that lets the hub write prebuilt frames. If this fails after an upgrade,
    sockets still work, five to seven times slower."""
    async with dial(stage, "north") as socket:
        await socket.send('{"type":"transport"}')

        assert await hear(socket) == {"type": "transport", "raw": True}


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "bad_frame"),
        ("not json", "bad_frame"),
        ("[]", "bad_frame"),
        ("null", "bad_frame"),
        ("{}", "bad_frame"),
        ('{"type":7}', "bad_frame"),
        ('{"type":"../x"}', "bad_frame"),
        ('{"type":""}', "bad_frame"),
        ("[" * 30_000, "bad_frame"),
        ('{"type":"say","text":"' + "x" * 70_000 + '"}', "bad_frame"),
        (b"\x00\x01", "bad_frame"),
        ('{"type":"say"}', "bad_frame"),
        ('{"type":"dance"}', "unknown_type"),
        ('{"type":"close"}', "unknown_type"),
        ('{"type":"open"}', "unknown_type"),
        ('{"type":"quarrel"}', "conflict"),
    ],
)
async def test_a_bad_frame_is_named_and_the_socket_lives_on(embedded_stage, frame, code):
    async with dial(embedded_stage, "north") as socket:
        await socket.send(frame)
        answer = await hear(socket)
        assert (answer["type"], answer["code"]) == ("error", code)
        assert answer["message"]

        await socket.send('{"type":"ping"}')
        assert await hear(socket) == {"type": "pong"}


async def test_a_frame_beyond_all_measure_ends_the_socket(embedded_stage):
    async with dial(embedded_stage, "north") as socket:
        await socket.send("x" * 300_000)
        with pytest.raises(ConnectionClosed):
            await hear(socket)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("/ws/stage/secret/", None),
        ("/ws/nowhere/", None),
        ("/ws/stage/north/", "http://evil.example"),
    ],
)
async def test_a_door_that_is_not_yours_stays_shut(embedded_stage, address, origin):
    url = embedded_stage.url.replace("http:", "ws:") + address
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(url, origin=origin or embedded_stage.url, proxy=None):
            pass

    assert refusal.value.response.status_code == 403
    assert "Exception inside application" not in embedded_stage.log()


async def test_a_socket_that_closes_is_forgotten(embedded_stage):
    async with dial(embedded_stage, "gone") as watcher:
        async with dial(embedded_stage, "brief"):
            pass
        # Sockets of earlier tests may still be leaving.
        while (told := await hear(watcher))["from"] != "brief":
            continue

        assert told == {"type": "gone", "from": "brief", "left": False}


async def test_a_reader_who_does_not_read_holds_up_nobody_and_is_let_go(own_stage):
    own_stage.start()
    async with dial(own_stage, "slow", max_size=None) as reader:
        # A raw connection that finishes the handshake and then never reads.
        lazy_in, lazy_out = await asyncio.open_connection("127.0.0.1", own_stage.port, limit=1024)
        lazy_out.write(
            f"GET /ws/stage/slow/ HTTP/1.1\r\nHost: 127.0.0.1:{own_stage.port}\r\nOrigin: {own_stage.url}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        assert b"101" in await asyncio.wait_for(lazy_in.readline(), PATIENCE)
        for _ in range(100):
            await get(own_stage, "/tell/slow?size=200000")
            assert len((await hear(reader))["text"]) == 200_000
        # Of the 20 MB only what the network had taken in arrives; then the connection is gone.
        assert await asyncio.wait_for(drink(lazy_in), PATIENCE) < 15_000_000
        lazy_out.close()


@pytest.mark.services
async def test_when_redis_comes_back_pages_are_told_to_refetch(postgres):
    own_redis = Redis()
    stage = StageServer({"REDIS_URL": f"{own_redis.url}/0"})
    try:
        await asyncio.to_thread(stage.start)
        async with dial(stage, "north") as socket:
            await get(stage, "/tell/north?text=before")
            assert await hear(socket) == {"type": "nudge", "text": "before"}

            own_redis.process.kill()
            own_redis.process.wait()
            assert (await get(stage, "/tell/north?text=lost"))[0] == 200  # the deed does not fail with the nudge
            replacement = await asyncio.to_thread(Redis, own_redis.port)
            try:
                assert await hear(socket) == {"type": "resync"}
                await get(stage, "/tell/north?text=again")
                assert await hear(socket) == {"type": "nudge", "text": "again"}
            finally:
                await asyncio.to_thread(replacement.stop)
    finally:
        await asyncio.to_thread(stage.stop)
