from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class AttestationRequired(Forbidden):
    code = "attestation_required"
    message = _("The office must verify who the patient is before this can be done.")


class OtherCheckLives(Conflict):
    """`facts["attestation_id"]` is the one that would do."""

    code = "attestation_other"
    message = _("That identity check is used up, over, or of another kind. Another one is live: name that.")


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


class PatientDeceased(Invalid):
    code = "patient_deceased"
    message = _("This patient is on file as deceased. Nothing was sent.")


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


class AddressOnHold(Conflict):
    code = "address_on_hold"
    message = _(
        "The e-mail address was changed less than a day ago. Wait until the hold is over, or end it on the Patient "
        "Portal tab when the patient stands before you."
    )


class EmailChangeAsksMore(Conflict):
    """PC-42: the address of somebody with portal access is not changed in passing."""

    code = "email_change_asks_more"
    message = _('This patient has portal access. Change the e-mail address on the page "Change e-mail address".')


class SameEmail(Invalid):
    code = "same_email"
    message = _("That is the address on file already.")


class HoldStays(Invalid):
    code = "hold_stays"
    message = _("Without a hold the patient must stand before you with a photo ID, and you say why it cannot wait.")


class StopLinkUnusable(NotFound):
    code = "stop_link_unusable"
    message = _("This link no longer works. Call your office: they can look at what happened.")


class ManualPasswordOver(Forbidden):
    """Said only after a correct password (C4)."""

    code = "manual_password_over"
    message = _("The password from your office was not used in time. Call your office for a new one.")


class UsernameNeeded(Invalid):
    code = "username_needed"
    message = _("Choose a user name for the patient first.")


class UsernameStands(Conflict):
    code = "username_stands"
    message = _(
        "A colleague saved another user name for this patient a moment ago. Nothing was changed. Open the page anew to "
        "see it."
    )


class RegistrationLinkUnusable(NotFound):
    code = "registration_link_unusable"
    message = _("This link no longer works. Fill in the form again, or call your office.")


class RegistrationClosed(NotFound):
    code = "registration_closed"


class RegistrationNotFound(NotFound):
    code = "registration_not_found"


class ProxyDatesWrong(Invalid):
    """`facts["latest"]`: the last day it may run to."""

    code = "proxy_dates_wrong"
    message = _("Choose an end within a year, and for a parent or guardian before the patient is of age.")


class ProxyOfAge(Invalid):
    code = "proxy_of_age"
    message = _("The patient is of age, or the date of birth is missing. Choose another relationship.")


class ProxyExists(Conflict):
    code = "proxy_exists"
    message = _("This person acts for the patient already. End that first.")


class ProxyOver(Forbidden):
    """Said only after a correct password."""

    code = "proxy_over"
    message = _("Your access on behalf of a patient has ended or has not begun yet. Call the office.")


class ProxyEnded(Conflict):
    code = "proxy_ended"
    message = _("This has ended. To let the person act for the patient again, grant it anew.")


class ProxyNotFound(NotFound):
    code = "proxy_not_found"
