import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings

from portal_core.directory.enums import Permission
from portal_core.kernel.errors import Forbidden, TooMany
from portal_core.kernel.http.ratelimit import neighbourhood
from portal_core.kernel.realtime.consumer import LiveConsumer
from statuspage.actions import presence
from statuspage.actions.pages import CONSOLE_GROUP, LIVE_GROUP
from statuspage.snapshot import memory

if TYPE_CHECKING:
    from portal_core.directory.models import Staff


class StatusConsumer(LiveConsumer):
    """Tells every open status page that there is a new snapshot. Public, and it takes no commands.

    One address may hold `STATUS_SOCKETS_PER_ADDRESS` of them in this process; a page beyond that asks every half
    minute.
    """

    _open_by_address: Counter[str] = Counter()

    async def join_groups(self) -> list[str]:
        cap = settings.STATUS_SOCKETS_PER_ADDRESS
        if cap and self._open_by_address[self._address()] >= cap:
            raise TooMany
        return [LIVE_GROUP]

    async def on_open(self) -> None:
        self._open_by_address[self._address()] += 1

    async def on_close(self) -> None:
        address = self._address()
        self._open_by_address[address] -= 1
        if self._open_by_address[address] <= 0:
            del self._open_by_address[address]

    def _address(self) -> str:
        return neighbourhood(str((self.scope.get("client") or ("",))[0]))

    @classmethod
    def before_frames(cls) -> None:
        # The page fetches the moment it hears; it must not be handed what is still in memory.
        memory.invalidate()


class ConsoleConsumer(LiveConsumer):
    """/ws/desk/status/: nudges about events, drafts, deliveries and colleagues.

    Takes one command: {"type": "here", "place", "typing"} says where this person is. Presence locks nothing.
    """

    def __init__(self, scope: dict[str, Any], send: Any) -> None:
        super().__init__(scope, send)
        self.place = ""

    async def join_groups(self) -> list[str]:
        staff: Staff | None = self.scope["staff"]
        if staff is None or not staff.may(Permission.STATUS_PUBLISH):
            raise Forbidden
        return [CONSOLE_GROUP, LIVE_GROUP]

    async def on_here(self, message: dict[str, Any]) -> None:
        place, typing = message["place"], message.get("typing") is True
        if not presence.usable(place):
            raise ValueError
        if self.place and self.place != place:
            await self._leave()
        self.place = place
        staff: Staff = self.scope["staff"]
        await _in_thread(presence.here, place=place, person_id=staff.public_id, name=staff.actor.label, typing=typing)

    async def on_close(self) -> None:
        if self.place:
            await self._leave()

    async def _leave(self) -> None:
        await _in_thread(presence.gone, place=self.place, person_id=self.scope["staff"].public_id)


async def _in_thread(call: Callable[..., None], **values: Any) -> None:
    """The cache may be a server elsewhere; the loop does not wait for it."""
    await asyncio.get_running_loop().run_in_executor(None, partial(call, **values))
