from collections import Counter

from django.conf import settings

from portal_core.kernel.errors import TooMany
from portal_core.kernel.realtime.consumer import LiveConsumer
from statuspage.actions.pages import LIVE_GROUP
from statuspage.snapshot import memory


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
        return str((self.scope.get("client") or ("",))[0])

    @classmethod
    def before_frames(cls) -> None:
        # The page fetches the moment it hears; it must not be handed what is still in memory.
        memory.invalidate()
