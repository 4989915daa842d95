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
