"""Refusals with a name: one class tree for views, API and WebSockets; `kernel.http.errors` says how they are shown."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class AppError(Exception):
    """A refusal a person can act on: a stable `code`, an HTTP `status` and a sentence that says what to do."""

    code = "error"
    status = 400
    message: str | Promise = _("Something went wrong.")

    def __init__(self, message: str | Promise | None = None, **facts: Any) -> None:
        self.facts = facts
        if message is not None:
            self.message = message
        super().__init__(str(self.code))

    def __str__(self) -> str:
        return str(self.message)


class Invalid(AppError):
    code = "invalid"
    status = 422
    message = _("Some of what you sent cannot be used. Check it and send it again.")


class NotFound(AppError):
    """Also what a stranger gets: not even the existence of a thing is told."""

    code = "not_found"
    status = 404
    message = _("We could not find that page or record.")


class Forbidden(AppError):
    code = "forbidden"
    status = 403
    message = _("Your role does not allow this.")


class Conflict(AppError):
    """The thing is no longer in the state the person saw."""

    code = "conflict"
    status = 409
    message = _("Someone changed this in the meantime. Look at it again before you go on.")


class KeyUsed(Conflict):
    """The form or request was sent before with this key, and with something else in it."""

    code = "key_used"
    message = _(
        "This form was sent before with other words in it. What you wrote now was not sent. Look at what is there "
        "already; if this is to go out as well, send it once more."
    )


class TooMany(AppError):
    code = "too_many"
    status = 429
    message = _("That was tried too often. Wait a moment and try again.")

    def __init__(self, message: str | Promise | None = None, *, retry_after: int = 60, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after


class Unavailable(AppError):
    code = "unavailable"
    status = 503
    message = _("This part is not available right now. Try again in a minute.")
