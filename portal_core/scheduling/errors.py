from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import Conflict, Invalid, NotFound


class AppointmentNotFound(NotFound):
    code = "appointment_not_found"


class AppointmentMoved(Conflict):
    """The status no longer allows this step."""

    code = "appointment_moved"
    message = _("This appointment has changed in the meantime. Look at it again before you go on.")


class ClinicianBusy(Conflict):
    code = "clinician_busy"
    message = _("The clinician already has something at that time. Choose another time.")


class NoTelehealthRole(Invalid):
    """PC-62: a telehealth session needs a provider with the telehealth role."""

    code = "no_telehealth_role"
    message = _("This clinician does not have the Teletherapy role, so the appointment cannot be a telehealth session.")


class WrongClient(Invalid):
    code = "wrong_client"
    message = _("Choose a client for this type of appointment, or a type that has none.")
