import json
import logging
from typing import Any

from channels.exceptions import StopConsumer

from portal_core.kernel.errors import AppError
from portal_core.kernel.realtime.hub import daphne_transport, hub

logger = logging.getLogger(__name__)

MAX_FRAME = 64 * 1024  # an SDP is about 10 kB; anything larger than this is not ours


class LiveConsumer:
    """ASGI WebSocket endpoint on the hub.

    Subclasses say which groups a socket joins (`join_groups`) and may answer frames (`on_<type>` for {"type": "x-y"}
    is `on_x_y`). Raising AppError in `join_groups` closes the handshake; raising it in a command answers
    {"type": "error", "code": …, "message": …} and keeps the socket.
    """

    scope: dict[str, Any]
    raw_frames = True  # False: what the group carries passes through `deliver` for each socket

    @classmethod
    def as_asgi(cls) -> Any:
        async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await cls(scope, send).run(receive)

        return app

    def __init__(self, scope: dict[str, Any], send: Any) -> None:
        self.scope, self._send = scope, send
        self.joined: list[str] = []
        self._ender: SessionEnd | None = None
        self.transport: Any | None = None

    # --- for subclasses -----------------------------------------------------------------------
    async def join_groups(self) -> list[str]:
        """Group names to join. Raise NotFound or Forbidden to refuse the socket."""
        raise NotImplementedError

    async def on_open(self) -> None:
        """Called after the socket is accepted and has joined its groups."""

    @classmethod
    def before_frames(cls) -> None:
        """Called once for all sockets of this class, before a frame of one of their groups goes out."""

    async def on_close(self) -> None:
        """Called once, whichever side closed."""

    async def send_json(self, message: dict[str, Any]) -> None:
        await self.deliver(json.dumps(message, separators=(",", ":")))

    async def close(self, code: int = 1000) -> None:
        await self._send({"type": "websocket.close", "code": code})

    # --- machinery ----------------------------------------------------------------------------
    async def run(self, receive: Any) -> None:
        opened = False
        try:
            while True:
                event = await receive()
                if event["type"] == "websocket.connect":
                    opened = await self._open()
                    if not opened:
                        return
                elif event["type"] == "websocket.receive":
                    await self._received(event)
                elif event["type"] == "websocket.disconnect":
                    return
        except StopConsumer:
            return
        finally:
            for group in self.joined:
                hub().leave(group, self)
            if self._ender is not None:
                hub().leave(self._ender.group, self._ender)
            if opened:
                await self.on_close()

    async def _open(self) -> bool:
        try:
            groups = await self.join_groups()
        except AppError:
            await self._send({"type": "websocket.close", "code": 4404})
            return False
        # First the process hears the layer, then the socket is open: a nudge in between would be lost.
        await hub().listen()
        await self._send({"type": "websocket.accept"})
        self.transport = daphne_transport(self._send) if self.raw_frames else None
        for group in groups:
            self.joined.append(group)
            await hub().join(group, self)
        if session := self.scope.get("session_group"):
            self._ender = SessionEnd(session, self)
            await hub().join(session, self._ender)
        await self.on_open()
        return True

    async def _received(self, event: dict[str, Any]) -> None:
        text = event.get("text")
        try:
            if text is None or len(text) > MAX_FRAME:
                raise ValueError
            message = json.loads(text)
            kind = message["type"]
            if not isinstance(kind, str) or not kind.replace("-", "").isalpha():
                raise ValueError
        except (ValueError, KeyError, TypeError, RecursionError):
            await self.send_json(
                {"type": "error", "code": "bad_frame", "message": "Expected a JSON object with a type."}
            )
            return
        if kind == "ping":
            await self.send_json({"type": "pong"})
            return
        command = getattr(self, f"on_{kind.replace('-', '_')}", None)
        if command is None or kind in ("open", "close"):
            await self.send_json(
                {"type": "error", "code": "unknown_type", "message": "This socket has no such command."}
            )
            return
        try:
            await command(message)
        except AppError as error:
            await self.send_json({"type": "error", "code": error.code, "message": str(error)})
        except (KeyError, TypeError, ValueError):
            logger.info("live: a frame had the wrong shape", extra={"frame_type": kind})
            await self.send_json(
                {"type": "error", "code": "bad_frame", "message": "That frame lacks a field or has a wrong one."}
            )

    async def deliver(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})


class SessionEnd:
    """Hangs up when the person behind a socket signs out, or may no longer do what they could when it opened.

    A page whose session still holds opens its socket again and is asked anew who it is; the others are refused.
    """

    transport = None  # frames of this group are for us, never for the browser

    def __init__(self, group: str, consumer: LiveConsumer) -> None:
        self.group, self._consumer = group, consumer

    async def deliver(self, text: str) -> None:
        if json.loads(text).get("type") != "resync":
            await self._consumer.close(4401)

    @classmethod
    def before_frames(cls) -> None:
        """Nothing to prepare."""
