from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import Conflict, Invalid, NotFound


class IncidentNotFound(NotFound):
    code = "incident_not_found"


class IncidentAlreadyResolved(Conflict):
    code = "incident_resolved"
    message = _("This incident is already resolved. Declare a new one if the problem is back.")


class IncidentMoved(Conflict):
    """Somebody posted after this person opened the form."""

    code = "incident_moved"
    message = _("Someone posted an update in the meantime. Read it before you send yours.")


class ComponentUnknown(Invalid):
    code = "component_unknown"
    message = _("One of the components does not exist any more. Reload and choose again.")


class StatusUnknown(Invalid):
    code = "status_unknown"
    message = _("That is not a status we know.")


class TextMissing(Invalid):
    code = "text_missing"
    message = _("Write a name and a message: readers need to know what happens and what to do.")


class LinkInvalid(NotFound):
    """Forged, expired, or the subscription is gone: one answer for all of them."""

    code = "link_invalid"
    message = _("This link no longer works. Subscribe again to get a new one.")


class AddressUnusable(Invalid):
    code = "address_unusable"
    message = _("That does not look like an e-mail address. Write it like name@example.org.")


class PastNotFree(Conflict):
    """A backfilled incident would overlap another change of the same component."""

    code = "past_not_free"
    message = _("That part already has a different history in this time. Check the times.")
