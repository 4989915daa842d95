from portal_core.kernel.realtime.consumer import LiveConsumer
from statuspage.actions.pages import LIVE_GROUP
from statuspage.snapshot import memory


class StatusConsumer(LiveConsumer):
    """Tells every open status page that there is a new snapshot. Public, and it takes no commands."""

    async def join_groups(self) -> list[str]:
        return [LIVE_GROUP]

    async def deliver(self, text: str) -> None:
        memory.invalidate()
        await super().deliver(text)

    def write_raw(self, text: str, frame: bytes) -> bool:
        # The page fetches the moment it hears; it must not be handed what is still in memory.
        memory.invalidate()
        return super().write_raw(text, frame)
