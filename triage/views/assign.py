"""One button: give this ticket to a colleague."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from portal_core.directory.guards import StaffRequest
from triage.actions import assigning
from triage.views.office import button

if TYPE_CHECKING:
    from helpdesk.models import Ticket


@button
def assign(request: StaffRequest, row: "Ticket") -> str:
    """To the colleague who was chosen; a refusal is told on the ticket's page."""
    to, held_by = request.POST.get("to", ""), request.POST.get("held_by", "")
    person = assigning.assign(ticket=row, to=to, held_by=held_by, by=request.actor)
    return _("%(name)s has it now.") % {"name": person.name}
