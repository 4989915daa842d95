"""One shape for every refusal: JSON for API clients, one human page with the request id for everybody else."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from portal_core.kernel.errors import AppError, Forbidden, Invalid, NotFound, TooMany
from portal_core.kernel.http.request_id import current_request_id

logger = logging.getLogger(__name__)


def body(error: AppError) -> dict[str, Any]:
    """{"error": {"code", "message", "request_id", …facts}}"""
    return {"error": {"code": error.code, "message": str(error), "request_id": current_request_id(), **error.facts}}


def respond(request: HttpRequest, error: AppError) -> HttpResponse:
    wants_json = request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")
    if wants_json:
        response: HttpResponse = JsonResponse(body(error), status=error.status)
    else:
        response = render(
            request,
            "kernel/error.html",
            {"error": error, "request_id": current_request_id(), "title": _title(error.status)},
            status=error.status,
        )
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    return response


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
        return None


class TooLarge(Invalid):
    code = "too_large"
    status = 413
    message = _lazy("That is more than we can take in one go. Shorten it and send it again.")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond(request, NotFound())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond(request, Forbidden())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    error = TooLarge() if isinstance(exception, RequestDataTooBig) else AppError(_("This request cannot be read."))
    if isinstance(exception, SuspiciousOperation) and not isinstance(exception, RequestDataTooBig):
        logger.info("refused a malformed request")
    return respond(request, error)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return respond(
        request,
        Forbidden(_("This form was open too long or came from another page. Go back, reload, and send it again.")),
    )


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
