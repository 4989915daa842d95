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
    person = assigning.assign(ticket=row, to=request.POST.get("to", ""), by=request.actor)
    return _("%(name)s has it now.") % {"name": person.name}
