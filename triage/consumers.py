"""The live end of the two desks (TR-10). Sockets listen and say where somebody is; what is done, is done by a form."""

import asyncio
from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any

from channels.db import database_sync_to_async

from helpdesk.actions.tickets import it_group, office_group
from portal_core.directory.enums import Permission
from portal_core.directory.queries import offices
from portal_core.kernel.errors import Forbidden, NotFound
from portal_core.kernel.ids import new_short_id
from portal_core.kernel.realtime.consumer import LiveConsumer
from triage import access
from triage.actions import presence

if TYPE_CHECKING:
    from portal_core.directory.models import Staff


class DeskConsumer(LiveConsumer, ABC):
    """Takes one command: {"type": "here", "place", "typing"} says at which ticket or flag (public id, or "" for the
    list) this person is. Presence locks nothing; a place one may not see is refused like one that does not exist."""

    def __init__(self, scope: dict[str, Any], send: Any) -> None:
        super().__init__(scope, send)
        self.socket, self.place, self.room = new_short_id(), "", ""

    @abstractmethod
    def room_of(self, place: str) -> str:
        """The desk a place belongs to. Raises NotFound."""

    async def on_here(self, message: dict[str, Any]) -> None:
        place, typing = message["place"], message.get("typing") is True
        if not isinstance(place, str):
            raise TypeError
        if place != self.place:
            await self._leave()
            if place:
                self.room = await database_sync_to_async(self.room_of)(place)
                self.place = place
        if not self.place:
            return
        staff: Staff = self.scope["staff"]
        await _in_thread(
            presence.here, room=self.room, socket=self.socket, person_id=staff.public_id, name=staff.name,
            place=place, typing=typing,
        )  # fmt: skip

    async def on_close(self) -> None:
        await self._leave()

    async def _leave(self) -> None:
        if self.place:
            self.place = ""
            await _in_thread(presence.gone, room=self.room, socket=self.socket)


class OfficeDeskConsumer(DeskConsumer):
    """/ws/triage/office/: nudges about tickets of the person's offices."""

    async def join_groups(self) -> list[str]:
        staff: Staff | None = self.scope["staff"]
        if staff is None or not staff.may(Permission.OFFICE_DESK):
            raise Forbidden
        groups: list[str] = await database_sync_to_async(_office_groups)(staff)
        return groups

    def room_of(self, place: str) -> str:
        return office_group(access.office_ticket(self.scope["staff"], place).office.public_id)


class ITConsoleConsumer(DeskConsumer):
    """/ws/triage/it/: nudges about flags, incidents and provider tickets of the practice."""

    async def join_groups(self) -> list[str]:
        staff: Staff | None = self.scope["staff"]
        if staff is None or not staff.may(Permission.IT_DESK):
            raise Forbidden
        return [it_group(staff.practice.public_id)]

    def room_of(self, place: str) -> str:
        """A flag, or what a provider or a colleague wrote."""
        staff: Staff = self.scope["staff"]
        try:
            return it_group(access.flag_for_it(staff, place).practice.public_id)
        except NotFound:
            return it_group(access.it_ticket(staff, place).practice.public_id)


def _office_groups(staff: "Staff") -> list[str]:
    mine = staff.offices_for(Permission.OFFICE_DESK)
    rows = offices(staff.practice_id)
    return [office_group(row.public_id) for row in (rows if mine is None else rows.filter(pk__in=mine))]


async def _in_thread(call: Any, **values: Any) -> None:
    """The cache may be a server elsewhere; the loop does not wait for it."""
    await asyncio.get_running_loop().run_in_executor(None, partial(call, **values))
