"""One shape for every refusal: JSON for API clients, one human page with the request id for everybody else."""

import logging
import re
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.db import DataError
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from portal_core.kernel.errors import AppError, Forbidden, Invalid, NotFound, TooMany
from portal_core.kernel.http.request_id import current_request_id

logger = logging.getLogger(__name__)

SECRET = re.compile(r"pass|secret|token|code|pin|again|current|answer", re.IGNORECASE)  # names of fields never shown
A_TEXT = 20  # characters; what is shorter is typed again sooner than copied


def body(error: AppError) -> dict[str, Any]:
    """{"error": {"code", "message", "request_id", …facts}}"""
    return {"error": {"code": error.code, "message": str(error), "request_id": current_request_id(), **error.facts}}


def respond(request: HttpRequest, error: AppError, *, typed: str = "") -> HttpResponse:
    """`typed`: what its sender wrote, to be copied before they go on."""
    wants_json = request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")
    if wants_json:
        response: HttpResponse = JsonResponse(body(error), status=error.status)
    else:
        response = render(
            request,
            "kernel/error.html",
            {"error": error, "request_id": current_request_id(), "title": _title(error.status), "typed": typed},
            status=error.status,
        )
    return retry_later(response, error)


def retry_later(response: HttpResponse, error: AppError | None) -> HttpResponse:
    """The answer itself, with when to try again where the refusal says so."""
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    return response


def onto(form: BaseForm, error: AppError) -> AppError:
    """Put a refusal on the form it is about, so that what was typed stays with it; the refusal itself is returned."""
    form.add_error(None, waiting(error) if isinstance(error, TooMany) else str(error))
    return error


def waiting(error: TooMany) -> str:
    """How long to wait, in words for who has just written something."""
    minutes = -(-error.retry_after // 60)
    if minutes > 90:
        hours = -(-minutes // 60)
        words = _("This was sent too often. Nothing is lost: wait %(hours)s hours, then send it again.")
        return words % {"hours": hours}
    return ngettext(
        "This was sent too often. Nothing is lost: wait one minute, then send it again.",
        "This was sent too often. Nothing is lost: wait %(minutes)s minutes, then send it again.",
        minutes,
    ) % {"minutes": minutes}


def _title(status: int) -> str:
    return {
        403: _("Not allowed"),
        404: _("Not found"),
        409: _("Changed in the meantime"),
        422: _("Please check what you entered"),
        429: _("Too many tries"),
        503: _("Not available right now"),
    }.get(status, _("Something went wrong"))


class AppErrorMiddleware:
    """Turns a named refusal raised by a view into its answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, AppError):
            return respond(request, exception)
        if isinstance(exception, Http404):
            return respond(request, NotFound())
        if isinstance(exception, PermissionDenied):
            return respond(request, Forbidden())
        if isinstance(exception, RequestDataTooBig | TooManyFilesSent):
            return respond(request, TooLarge())
        if isinstance(exception, DataError) and "NUL" in str(exception):
            # A zero byte in what was sent: PostgreSQL takes none into a text, and no person types one.
            return respond(request, Unreadable())
        return None


class TooLarge(Invalid):
    code = "too_large"
    status = 413
    message = _lazy("That is more than we can take in one go. Shorten it and send it again.")


class Unreadable(AppError):
    code = "unreadable"
    message = _lazy("This request cannot be read.")


class ZeroBytesMiddleware:
    """Answers 400 to a zero byte in an address, a query or a cookie, before anything looks it up: PostgreSQL takes none
    into a text and would answer with an error of its own. What is in a form or a body is `AppErrorMiddleware`'s."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "\0" in request.path or "%00" in query or any("\0" in value for value in request.COOKIES.values()):
            # Words alone: the page of a refusal asks for people and a session, which are looked up further in.
            if request.path.startswith("/api/"):
                return JsonResponse(body(Unreadable()), status=Unreadable.status)
            words = f"{Unreadable()} ({current_request_id()})\n"
            return HttpResponse(words, status=Unreadable.status, content_type="text/plain; charset=utf-8")
        return self.get_response(request)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond(request, NotFound())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond(request, Forbidden())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    error = TooLarge() if isinstance(exception, RequestDataTooBig) else Unreadable()
    if isinstance(exception, SuspiciousOperation) and not isinstance(exception, RequestDataTooBig):
        logger.info("refused a malformed request")
    return respond(request, error)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return respond(
        request,
        Forbidden(_("This form was open too long or came from another page. Go back, reload, and send it again.")),
        typed=_typed(request),
    )


def _typed(request: HttpRequest) -> str:
    """The texts of a form of our own that came too late, say after signing in again in another tab. Of a form on
    somebody else's page nothing: its words would stand on ours."""
    ours = request.headers.get("Sec-Fetch-Site", "") == "same-origin"
    if not ours or request.method != "POST":
        return ""
    texts = [
        value.strip()
        for name, values in request.POST.lists()
        for value in values
        if not SECRET.search(name) and len(value.strip()) > A_TEXT and any(sign.isspace() for sign in value.strip())
    ]
    return "\n\n".join(texts)


class ServerFault(AppError):
    code = "server_fault"
    status = 500


def server_error(request: HttpRequest) -> HttpResponse:
    fault = ServerFault(_("This is our fault and has been recorded. Nothing you sent was half-saved."))
    try:
        return respond(request, fault)
    except Exception:  # what broke the page (the database, a template) may break the pretty answer too
        logger.exception("the error page could not be drawn")
        return HttpResponse(f"{fault} ({current_request_id()})\n", status=500, content_type="text/plain; charset=utf-8")
