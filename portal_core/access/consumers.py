from channels.db import database_sync_to_async

from portal_core.access.access import run_for
from portal_core.access.actions.onboarding import group
from portal_core.directory.enums import Permission
from portal_core.kernel.errors import Forbidden
from portal_core.kernel.realtime.consumer import LiveConsumer


class OnboardingConsumer(LiveConsumer):
    """Tells the page of a run how far it has come."""

    async def join_groups(self) -> list[str]:
        return [await database_sync_to_async(self._group)()]

    def _group(self) -> str:
        staff = self.scope.get("staff")
        if staff is None or not staff.may(Permission.PORTAL_ACCESS):
            raise Forbidden
        return group(run_for(staff, self.scope["url_route"]["kwargs"]["public_id"]))
