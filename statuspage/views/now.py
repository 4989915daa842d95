"""What is true at this moment, straight from the database: for addresses the snapshot does not answer."""

from django.utils.translation import gettext_lazy as _

from portal_core.kernel import clock
from portal_core.kernel.errors import Unavailable
from statuspage.actions import snapshots
from statuspage.rules.derive import View
from statuspage.snapshot import memory


class NotSetUp(Unavailable):
    code = "status_page_not_set_up"
    message = _("The status page has not been set up yet. Ask the people who run this service.")


def view_now() -> View:
    """Raises NotSetUp."""
    loaded = memory.current()
    view = snapshots.view_at(clock.now(), loaded.snapshot if loaded is not None else 0)
    if view is None:
        raise NotSetUp
    return view
