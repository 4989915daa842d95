from channels.db import database_sync_to_async

from helpdesk import access
from helpdesk.actions.tickets import ticket_group
from helpdesk.actions.tickets.telling import messages_group
from portal_core.kernel.errors import Forbidden
from portal_core.kernel.realtime.consumer import LiveConsumer


class TicketConsumer(LiveConsumer):
    """A requester's page listens to its one ticket; the link is the key. Refused like any other unknown link."""

    async def join_groups(self) -> list[str]:
        token = self.scope["url_route"]["kwargs"]["token"]
        ticket = await database_sync_to_async(access.ticket_by_token)(token)
        return [ticket_group(ticket.public_id)]


class MessagesConsumer(LiveConsumer):
    """A signed-in patient's own messages: the list, and the conversation that is open. Nobody who acts for a patient
    gets as far as here: their sockets have no patient."""

    async def join_groups(self) -> list[str]:
        groups: list[str] = await database_sync_to_async(self._groups)()
        return groups

    def _groups(self) -> list[str]:
        patient = self.scope.get("patient")
        if patient is None or patient.acted_by is not None:
            raise Forbidden
        groups = [messages_group(patient.public_id)]
        public_id = self.scope["url_route"]["kwargs"].get("public_id", "")
        if public_id:
            groups.append(ticket_group(access.ticket_of_patient(patient, public_id).public_id))
        return groups
