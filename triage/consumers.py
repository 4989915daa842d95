"""The live end of the two desks. Sockets only listen: what is done, is done by a form."""

from typing import TYPE_CHECKING

from channels.db import database_sync_to_async

from helpdesk.actions.tickets import it_group, office_group
from portal_core.directory.enums import Permission
from portal_core.directory.queries import offices
from portal_core.kernel.errors import Forbidden
from portal_core.kernel.realtime.consumer import LiveConsumer

if TYPE_CHECKING:
    from portal_core.directory.models import Staff


class OfficeDeskConsumer(LiveConsumer):
    """/ws/triage/office/: nudges about tickets of the person's offices."""

    async def join_groups(self) -> list[str]:
        staff: Staff | None = self.scope["staff"]
        if staff is None or not staff.may(Permission.OFFICE_DESK):
            raise Forbidden
        groups: list[str] = await database_sync_to_async(_office_groups)(staff)
        return groups


class ITConsoleConsumer(LiveConsumer):
    """/ws/triage/it/: nudges about flags, incidents and provider tickets of the practice."""

    async def join_groups(self) -> list[str]:
        staff: Staff | None = self.scope["staff"]
        if staff is None or not staff.may(Permission.IT_DESK):
            raise Forbidden
        return [it_group(staff.practice.public_id)]


def _office_groups(staff: "Staff") -> list[str]:
    mine = staff.offices_for(Permission.OFFICE_DESK)
    rows = offices(staff.practice_id)
    return [office_group(row.public_id) for row in (rows if mine is None else rows.filter(pk__in=mine))]
