from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import AppError, Forbidden, Invalid, TooMany


class SignInRequired(AppError):
    code = "sign_in_required"
    status = 401
    message = _("Sign in first.")


class WrongCredentials(Invalid):
    """One answer for a wrong password, an unknown name and a closed account."""

    code = "wrong_credentials"
    message = _("That username and password do not match. Check both and try again.")


class SignInSlowedDown(TooMany):
    code = "sign_in_slowed_down"
    message = _("Too many tries. Wait a moment before the next one.")


class PasswordChangeRequired(Forbidden):
    code = "password_change_required"
    message = _("Choose a new password first.")


class UsernameTaken(Invalid):
    code = "username_taken"
    message = _("That username is not free. Choose another one.")


class UnusablePassword(Invalid):
    """`facts["password"]` holds the sentences that say what is missing."""

    code = "unusable_password"
    message = _("That password cannot be used.")
