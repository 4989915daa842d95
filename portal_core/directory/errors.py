from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class HatRequired(Forbidden):
    code = "hat_required"
    message = _("Choose first which side you work on in this session.")


class HatChosen(Conflict):
    code = "hat_chosen"
    message = _("You chose your side at sign-in. To change it, sign out and sign in again.")


class PatientNotFound(NotFound):
    code = "patient_not_found"
    message = _("We could not find that patient.")


class StaffNotFound(NotFound):
    code = "staff_not_found"
    message = _("We could not find that staff member.")


class OfficeNotFound(NotFound):
    code = "office_not_found"
    message = _("We could not find that office.")


class OfficeNameTaken(Invalid):
    code = "office_name_taken"
    message = _("Another office has that name. Patients choose by it: give each a name of its own.")


class NotYoursToGrant(Forbidden):
    code = "not_yours_to_grant"
    message = _("Only an owner or manager of the practice may change this role.")


class AgesWrong(Invalid):
    """`facts["fields"]`: field → what is wrong with it."""

    code = "ages_wrong"
    message = _("These ages do not go together.")


class LastOwner(Conflict):
    code = "last_owner"
    message = _("A practice needs an owner. Make someone else an owner first.")


class RoleRefused(Invalid):
    code = "role_refused"
    message = _("That role cannot be given this way.")


class ContactChanged(Conflict):
    code = "contact_changed"
    message = _("Somebody else has saved this patient while you were typing. Compare, then save again.")


class RecordNumberTaken(Invalid):
    code = "record_number_taken"
    message = _("Another patient has that record number.")


class StaffEmailTaken(Invalid):
    code = "staff_email_taken"
    message = _("Another colleague has that e-mail address. Everybody needs one of their own.")


class StaffInactive(Conflict):
    code = "staff_inactive"
    message = _("This account is closed. Open it again first.")


class NobodyToTell(Conflict):
    code = "no_staff_email"
    message = _("There is no e-mail address on file to send a link to. Add one first.")


class OwnAccount(Conflict):
    code = "own_account"
    message = _("You cannot close your own account. Ask another owner to do it.")


class StaffLinkUnusable(NotFound):
    """Used, replaced by a newer one, too old, or never given out: the holder of a link is not told which."""

    code = "staff_link_unusable"
    message = _("Each link works once, for a limited time, and only the newest one counts.")
