"""The channel layer of the one-process mode."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from channels.layers import InMemoryChannelLayer

T = TypeVar("T")

CLEAN_EVERY = 5.0  # seconds; the stock layer walks every member of every group at every receive


class HomeLoopChannelLayer(InMemoryChannelLayer):  # type: ignore[misc]
    """In-memory layer that may be used from any thread of the process.

    The stock layer touches `asyncio.Queue`s from whichever loop calls it: a data race, and a receiver on another loop
    is not woken (measured: up to one second late). Here the loop that receives is home, and calls from any other loop
    hop over to it.
    """

    def __init__(self, **config: Any) -> None:
        config.setdefault("capacity", 20_000)  # the hub is the only reader; above this a burst drops frames
        super().__init__(**config)
        self._home: asyncio.AbstractEventLoop | None = None
        self._cleaned_at = 0.0

    async def new_channel(self, prefix: str = "specific.") -> str:
        self._settle()
        name: str = await super().new_channel(prefix)
        return name

    async def receive(self, channel: str) -> dict[str, Any]:
        self._settle()
        return await self._at_home(super().receive(channel))

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await self._at_home(super().send(channel, message))

    async def group_add(self, group: str, channel: str) -> None:
        await self._at_home(super().group_add(group, channel))

    async def group_discard(self, group: str, channel: str) -> None:
        await self._at_home(super().group_discard(group, channel))

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self._at_home(super().group_send(group, message))

    def _settle(self) -> None:
        """Make the running loop home when there is none yet, or when the old one is gone (with all who listened)."""
        if self._home is None or self._home.is_closed():
            if self._home is not None:
                self.channels.clear()
                self.groups.clear()
            self._home = asyncio.get_running_loop()

    async def _at_home(self, deed: Coroutine[Any, Any, T]) -> T:
        home = self._home
        if home is None or home is asyncio.get_running_loop():
            return await deed
        if not home.is_running():  # nobody can be listening
            deed.close()
            raise ConnectionError("the event loop of this channel layer has stopped")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(deed, home))

    def _clean_expired(self) -> None:
        now = time.monotonic()
        if now - self._cleaned_at >= CLEAN_EVERY:
            self._cleaned_at = now
            super()._clean_expired()
