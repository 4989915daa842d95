from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import Conflict, NotFound


class VisitNotFound(NotFound):
    """Also: no longer, not yet, or not yours."""

    code = "visit_not_found"


class LinkExpired(NotFound):
    code = "link_expired"
    message = _(
        "This link has expired or is not complete. Sign in to the patient portal to join, or call your provider's "
        "office for a new link."
    )


class NotEligible(Conflict):
    """TH-05…08. `facts["reasons"]` holds one sentence for each condition that is not met."""

    code = "not_eligible"
    message = _("This appointment cannot be joined by video right now.")


class VisitEnded(Conflict):
    code = "visit_ended"
    message = _("This session has ended. Select Rejoin Session to connect again.")


class VisitNotStarted(Conflict):
    code = "visit_not_started"
    message = _("This session has not started yet.")


class MustRejoin(Conflict):
    """TH-17: after the end, each side has to select Rejoin for itself."""

    code = "must_rejoin"
    message = _("The session ended and was opened again. Select Rejoin Session to connect.")


class NotJoined(Conflict):
    """A signal from someone who is not in the call, or who was replaced by another window."""

    code = "not_joined"
    message = _("You are not in this session. Reload the page and join again.")


class VisitMoved(Conflict):
    code = "visit_moved"
    message = _("The session has changed in the meantime. Reload the page.")
