"""One subscription to the channel layer per process, then a plain loop over that process's sockets.

A group per socket in the layer costs O(sockets) layer work per message (measured: 3.5 s on Redis and 25 s in memory
for 5,000 sockets); the hub serialises a frame once and writes it to each socket in this process.
"""

import asyncio
import functools
import logging
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from channels.layers import get_channel_layer

from portal_core.kernel.realtime.push import LAYER_GROUP

logger = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]
MAX_BACKLOG = 1024 * 1024  # bytes that may wait for one socket
CHUNK = 500  # sockets served before the loop gets a turn, so that HTTP requests are not held up by a broadcast
# Every write to a socket gives up the interpreter's lock; a busy thread (events, deliveries) then keeps it for 5 ms by
# default. While a broadcast runs it keeps it for a moment only (5,000 writes beside two busy threads: 170 ms before,
# 55 ms with this; still shorter turns gain nothing).
SWITCH_SECONDS = 0.000_5


class Member(Protocol):
    """What the hub needs of a socket. `transport`: where prebuilt frames may be written; None: only `deliver`."""

    transport: Any | None

    async def deliver(self, text: str) -> None: ...

    @classmethod
    def before_frames(cls) -> None: ...


class Hub:
    """Group name → sockets of this process. Lives on one event loop; all methods are called from it."""

    def __init__(self) -> None:
        self.groups: dict[str, set[Member]] = defaultdict(set)
        self._reader: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Return once this process hears the channel layer."""
        await self._ensure_reader()

    async def join(self, group: str, member: Member) -> None:
        self.groups[group].add(member)
        await self._ensure_reader()

    def leave(self, group: str, member: Member) -> None:
        members = self.groups.get(group)
        if members is not None:
            members.discard(member)
            if not members:
                del self.groups[group]

    async def _ensure_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            return
        subscribed = asyncio.Event()
        self._reader = asyncio.ensure_future(self._read(subscribed))
        # A socket is told that it is open only once its process really hears the layer.
        await subscribed.wait()

    async def _read(self, subscribed: asyncio.Event) -> None:
        pause, lost = 0.1, False
        while True:
            try:
                layer = get_channel_layer()
                channel = await layer.new_channel()
                await layer.group_add(LAYER_GROUP, channel)
                subscribed.set()
                if lost:
                    await self.resync()
                pause, lost = 0.1, False
                renewed = asyncio.get_running_loop().time()
                while True:
                    if asyncio.get_running_loop().time() - renewed > 3600:  # group membership expires after a day
                        await layer.group_add(LAYER_GROUP, channel)
                        renewed = asyncio.get_running_loop().time()
                    message = await layer.receive(channel)
                    await self.broadcast(message["group"], message["text"])
            except asyncio.CancelledError:
                raise
            except Exception:  # the layer is away; pages keep their last state and are told to refetch when it is back
                logger.warning("hub: channel layer lost, trying again", exc_info=True)
                lost = True
                subscribed.set()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)

    async def broadcast(self, group: str, text: str) -> int:
        """Write one frame to each member; return how many. A dead socket never stops the others."""
        members = list(self.groups.get(group, ()))
        frame = text_frame(text)
        for kind in {type(member) for member in members}:
            kind.before_frames()
        for start in range(0, len(members), CHUNK):
            with _quick_switches():
                for member in members[start : start + CHUNK]:
                    try:
                        if member.transport is not None:
                            write_to_transport(member.transport, frame)
                        else:
                            await member.deliver(text)
                    except Exception:
                        logger.debug("hub: a socket went away during a broadcast", exc_info=True)
            await asyncio.sleep(0)
        return len(members)

    async def resync(self) -> None:
        """Tell every socket that it may have missed something: pages refetch what they show."""
        for group in list(self.groups):
            await self.broadcast(group, '{"type":"resync"}')


@contextmanager
def _quick_switches() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, SWITCH_SECONDS))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def text_frame(text: str) -> bytes:
    """An unmasked, unfragmented WebSocket text frame (RFC 6455 section 5.2)."""
    body = text.encode()
    if len(body) < 126:
        return bytes((0x81, len(body))) + body
    if len(body) < 65536:
        return b"\x81\x7e" + len(body).to_bytes(2, "big") + body
    return b"\x81\x7f" + len(body).to_bytes(8, "big") + body


def daphne_transport(send: Any) -> Any | None:
    """The Twisted transport behind daphne's `send`, or None on any other server.

    Daphne passes `functools.partial(server.handle_reply, protocol)`. Writing a prebuilt frame to the transport skips
    autobahn's per-message work (measured 5 to 7 times faster per socket); a contract test pins this shape.
    """
    if isinstance(send, functools.partial) and send.args:
        protocol = send.args[0]
        if type(protocol).__module__ == "daphne.ws_protocol":
            return getattr(protocol, "transport", None)
    return None


def write_to_transport(transport: Any, frame: bytes) -> None:
    """Write now if nothing is queued, else queue: order is kept either way.

    A socket whose reader has stopped reading is dropped: it would fill our memory, and it refetches when it is back.
    """
    if transport.disconnecting:
        return
    waiting = len(transport.dataBuffer) + transport._tempDataLen
    if waiting > MAX_BACKLOG:
        transport.abortConnection()
        return
    if not waiting:
        try:
            sent = transport.socket.send(frame)
        except BlockingIOError:
            sent = 0
        if sent == len(frame):
            return
        frame = frame[sent:]
    transport.write(frame)


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop (one in a server process)."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        for old in [other for other in _hubs if other.is_closed()]:
            del _hubs[old]
        _hubs[loop] = Hub()
    return _hubs[loop]
