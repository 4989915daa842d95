from channels.db import database_sync_to_async

from helpdesk import access
from helpdesk.actions.tickets import ticket_group
from portal_core.kernel.realtime.consumer import LiveConsumer


class TicketConsumer(LiveConsumer):
    """A requester's page listens to its one ticket; the link is the key. Refused like any other unknown link."""

    async def join_groups(self) -> list[str]:
        token = self.scope["url_route"]["kwargs"]["token"]
        ticket = await database_sync_to_async(access.ticket_by_token)(token)
        return [ticket_group(ticket.public_id)]
