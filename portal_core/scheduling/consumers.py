from channels.db import database_sync_to_async

from portal_core.directory import queries as directory
from portal_core.directory.enums import Permission
from portal_core.kernel.errors import Forbidden
from portal_core.kernel.realtime.consumer import LiveConsumer
from portal_core.scheduling.actions.appointments import clinician_group, office_group
from portal_core.scheduling.models import offices_kept_by


class ScheduleConsumer(LiveConsumer):
    """Nudges for whoever has a day open: their own calendar, and the books of the offices they keep."""

    async def join_groups(self) -> list[str]:
        groups: list[str] = await database_sync_to_async(self._groups)()
        return groups

    def _groups(self) -> list[str]:
        staff = self.scope.get("staff")
        if staff is None or not staff.may(Permission.SCHEDULE):
            raise Forbidden
        kept = offices_kept_by(staff)
        offices = directory.offices(staff.practice_id)
        if kept is not None:
            offices = offices.filter(pk__in=kept)
        return [clinician_group(staff.public_id), *(office_group(office.public_id) for office in offices)]
