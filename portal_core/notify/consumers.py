from django.conf import settings

from portal_core.kernel.errors import NotFound
from portal_core.kernel.realtime.consumer import LiveConsumer


class MailboxConsumer(LiveConsumer):
    """Tells an open development mailbox that something new is in it."""

    async def join_groups(self) -> list[str]:
        if not settings.DEMO:
            raise NotFound
        return ["mailbox"]
