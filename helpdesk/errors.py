from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import Conflict, Invalid, NotFound


class TicketNotFound(NotFound):
    code = "ticket_not_found"
    message = _("We could not find that request. The link may be too old. Contact us again and we will help.")


class AlreadyTaken(Conflict):
    code = "ticket_taken"
    message = _("Somebody else took this ticket a moment ago.")


class WrongMove(Conflict):
    code = "ticket_moved_on"
    message = _("This ticket has moved on in the meantime. Look at it again before you go on.")


class TicketClosed(Conflict):
    code = "ticket_closed"
    message = _("This request is closed. Contact us again and mention its number.")


class AlreadyRelayed(Conflict):
    code = "ticket_already_relayed"
    message = _("This ticket is already with IT.")


class NotRelayed(Conflict):
    code = "ticket_not_relayed"
    message = _("This ticket is not with IT.")


class StillAtIT(Conflict):
    code = "ticket_still_relayed"
    message = _("IT is still working on this. Wait for their answer or take the flag back first.")


class WrongOffice(Invalid):
    code = "ticket_wrong_office"
    message = _("That office or patient belongs to another practice.")


class HoursMakeNoSense(Invalid):
    code = "hours_make_no_sense"
    message = _("These hours overlap or run backwards. Look at the day again.")
