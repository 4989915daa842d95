"""From Publish to the last of N open WebSockets hearing it, against `websockets.broadcast` in the same run.

    .venv/bin/python -m bench.fan_out [--sockets 5000] [--rounds 5]

Ours: an operator's POST to the console of the server as people run it (embedded), snapshot written before the push.
Theirs: a bare server of the `websockets` library that broadcasts on a word. The same raw clients listen to both.
"""

import argparse
import asyncio
import base64
import os
import resource
import statistics
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

from bench.served import free_port, process, product

OPERATOR = """
from portal_core.directory.enums import Role
from portal_core.directory.models import Practice
from statuspage import queries
from tests.cast import make_staff, signed_in
practice = Practice.objects.create(name="Bench", slug="bench")
omar = make_staff("Omarbench", practice, (Role.STATUS_OPERATOR, None))
print(signed_in(omar).cookies["staff_session"].value, queries.components()[1].id)
"""


class Listener(asyncio.Protocol):
    """One raw WebSocket: notes when the first byte of a frame comes in after `arm()`."""

    def __init__(self, port: int, path: str) -> None:
        self.port, self.path = port, path
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nOrigin: http://127.0.0.1:{self.port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n"
        )
        transport.write(head.encode())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if not self.open.done():
            if b" 101 " not in data[:20]:
                self.open.set_exception(RuntimeError(data[:60]))
            else:
                self.open.set_result(None)
            return
        while data:
            length = data[1]  # servers do not mask, and nothing here is longer than 125 bytes
            if data[0] == 0x81 and not self.heard.done():
                self.heard.set_result(time.perf_counter())
            elif data[0] == 0x89:  # who does not answer a ping is hung up on
                pong = b"\x8a" + bytes((0x80 | length,)) + bytes(4) + data[2 : 2 + length]
                self.transport.write(pong)  # type: ignore[attr-defined]
            data = data[2 + length :]

    def arm(self) -> "asyncio.Future[float]":
        self.heard = asyncio.get_running_loop().create_future()
        return self.heard


async def listeners(port: int, path: str, count: int) -> list[Listener]:
    loop, found = asyncio.get_running_loop(), []
    for _ in range(count):
        _transport, one = await loop.create_connection(lambda: Listener(port, path), "127.0.0.1", port)
        found.append(one)
        if len(found) % 50 == 0:
            await asyncio.gather(*(each.open for each in found))
    await asyncio.gather(*(each.open for each in found))
    await asyncio.sleep(1)
    return found


async def rounds(
    count: int, port: int, path: str, sockets: int, trigger, pid: int
) -> tuple[list[tuple[float, float, float]], float]:
    """Per round: ms from the trigger to the first listener, to the last one, and between the two; and the server's KiB
    per open socket."""
    before = resident(pid)
    crowd = await listeners(port, path, sockets)
    weight = (resident(pid) - before) / sockets
    results = []
    for turn in range(count + 1):  # the first warms up and is not counted
        waiting = [one.arm() for one in crowd]
        begun = time.perf_counter()
        answer = asyncio.ensure_future(trigger(turn))
        times = await asyncio.wait_for(asyncio.gather(*waiting), 60)
        await answer
        if turn:
            first, last = (min(times) - begun) * 1000, (max(times) - begun) * 1000
            results.append((first, last, last - first))
        await asyncio.sleep(0.5)
    for one in crowd:
        one.transport.close()
    return results, weight


def resident(pid: int) -> float:
    """Resident memory in KiB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return float(text.partition("VmRSS:")[2].split()[0])


def listener_of(port: int) -> int:
    """The process that serves there: the child of ours with that port on its command line."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if b"serve" in words and str(port).encode() in words:
                    return int(entry.name)
    raise LookupError(port)


async def publish(port: int, session: str, component: str, turn: int) -> None:
    form = urlencode(
        {
            "name": f"Bench {turn}", "body": "Measured.", "status": "investigating", "idempotency_key": f"bench-{turn}",
            "do": "publish", "lint_reason": "checked", f"component_{component}": "partial_outage",
            "csrfmiddlewaretoken": "a" * 32,
        }
    )  # fmt: skip
    head = (
        f"POST /desk/status/incidents/new/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"Cookie: staff_session={session}; csrftoken={'a' * 32}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write((head + form).encode())
    status = (await reader.readline()).split()[1]
    writer.close()
    if status != b"302":
        raise RuntimeError(f"the console answered {status!r}")


async def serve_broadcast(port: int) -> None:
    """The other side: `websockets.broadcast` to everybody when somebody says so."""
    import websockets
    from websockets.asyncio.server import serve

    crowd: set = set()
    text = '{"type":"status.changed","snapshot":123}'

    async def handle(connection) -> None:
        crowd.add(connection)
        with suppress(websockets.ConnectionClosed):
            async for _word in connection:
                websockets.broadcast(crowd, text)

    async with serve(handle, "127.0.0.1", port, compression=None):
        await asyncio.get_running_loop().create_future()


async def compare(arguments: argparse.Namespace) -> None:
    import websockets

    theirs_port = free_port()
    command = [sys.executable, "-m", "bench.fan_out", "--serve-broadcast", str(theirs_port)]
    with product(OPERATOR) as (port, words), process(command, dict(os.environ), theirs_port) as other:
        session, component = words.split()
        ours, weight = await rounds(
            arguments.rounds, port, "/ws/status/", arguments.sockets,
            lambda turn: publish(port, session, component, turn), listener_of(port),
        )  # fmt: skip
        async with websockets.connect(f"ws://127.0.0.1:{theirs_port}/") as speaker:
            theirs, their_weight = await rounds(
                arguments.rounds, theirs_port, "/", arguments.sockets, lambda turn: speaker.send("now"), other.pid
            )
    print(f"{arguments.sockets} sockets, median of {arguments.rounds} rounds, ms: to first / to last / first to last")
    for name, results in (("Publish in the console", ours), ("websockets.broadcast", theirs)):
        print(f"{name:24}", " / ".join(f"{statistics.median(column):7.1f}" for column in zip(*results, strict=True)))
    ratio = statistics.median(row[2] for row in ours) / statistics.median(row[1] for row in theirs)
    print(f"our first-to-last over their broadcast-to-last: {ratio:.2f}")
    print(f"memory per open socket, KiB: {weight:.1f} / {their_weight:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sockets", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve-broadcast", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # children inherit it
    asyncio.run(serve_broadcast(arguments.serve_broadcast) if arguments.serve_broadcast else compare(arguments))


if __name__ == "__main__":
    main()
