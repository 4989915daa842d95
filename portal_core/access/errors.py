from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class AttestationRequired(Forbidden):
    code = "attestation_required"
    message = _("The office must verify who the patient is before this can be done.")


class PortalNotEnabled(Invalid):
    code = "portal_not_enabled"
    message = _("Portal access is not enabled for this patient. Enable it first.")


class NoEmailOnFile(Invalid):
    code = "no_email_on_file"
    message = _("There is no e-mail address on file to send a link to.")


class NoZipOnFile(Invalid):
    code = "no_zip_on_file"
    message = _("There is no zip code on file. The patient needs one to use the portal.")


class CannotEnable(Invalid):
    code = "cannot_enable"
    message = _("Put an e-mail address and a home zip code on file first.")


class LinkUnusable(NotFound):
    """Used, replaced by a newer one, too old, or never given out: the holder of a link is not told which."""

    code = "link_unusable"
    message = _("This link no longer works. Each link works once and only the newest one counts. Ask for a new one.")


class AlreadyActive(Conflict):
    code = "already_active"
    message = _("This patient uses the portal already. Send a reset link instead.")


class PortalClosed(Forbidden):
    """Said only after a correct password: otherwise people go round in circles."""

    code = "portal_closed"
    message = _("Your portal access is switched off. Call your office, they can switch it on again.")


class NobodyChosen(Invalid):
    code = "nobody_chosen"
    message = _("Choose at least one patient.")


class TooManyChosen(Invalid):
    code = "too_many_chosen"
    message = _("That is more than 5,000 patients. Narrow the list down and invite them in parts.")


class RunNotFound(NotFound):
    code = "run_not_found"


class PinUnusable(Invalid):
    """Wrong, used, replaced, too old, or with other details than the patient's: which one is not told."""

    code = "pin_unusable"
    message = _(
        "That did not work. Check the PIN, your last name and your date of birth, or ask your office for a new PIN."
    )
