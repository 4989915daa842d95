from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import AppError, Conflict, Forbidden, Invalid, TooMany


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


class SecondStepRequired(Forbidden):
    code = "second_step_required"
    message = _("Your practice asks for a second step. Set it up first.")


class UsernameTaken(Invalid):
    code = "username_taken"
    message = _("That username is not free. Choose another one.")


class UnusablePassword(Invalid):
    """`facts["password"]` holds the sentences that say what is missing."""

    code = "unusable_password"
    message = _("That password cannot be used.")


class WrongCode(Invalid):
    """A wrong, used or late code of the second step."""

    code = "wrong_code"
    message = _("That code is not right, or it was used already. Wait for the next one and type it again.")


class SecondStepOver(Invalid):
    """The password was right, but too long ago."""

    code = "second_step_over"
    message = _("That took too long. Sign in again from the start.")


class SecondStepKept(Forbidden):
    code = "second_step_kept"
    message = _("Your practice asks everybody for a second step. Add another app first, then remove this one.")


class TooManyTokens(Conflict):
    code = "too_many_tokens"
    message = _("Ten programs may act for you. Take one away before you add another.")
