"""The API's own pages, and the one shape of its refusals."""

from typing import Any

from django.http import Http404
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import APIException, NotAuthenticated, Throttled, ValidationError
from rest_framework.response import Response
from rest_framework.views import set_rollback

from portal_core.directory.guards import public_page
from portal_core.kernel.errors import AppError, Forbidden, Invalid, NotFound, TooMany
from portal_core.kernel.http.errors import body

schema = public_page(SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[]))
docs = public_page(
    SpectacularSwaggerSplitView.as_view(
        url_name="api-schema",
        template_name="ops/api_docs.html",  # the stock page has an inline <style>, which our CSP refuses
        authentication_classes=[],
        permission_classes=[],
    )
)


class SignInFirst(AppError):
    code = "sign_in_first"
    status = 401
    message = "Sign in first."


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: a refusal as {"error": {"code", "message", "request_id", …}}; None for a fault of ours."""
    error = _named(exception)
    if error is None:
        return None
    set_rollback()
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else None
    return Response(body(error), status=error.status, headers=headers)


def _named(exception: Exception) -> AppError | None:
    if isinstance(exception, AppError):
        return exception
    if isinstance(exception, Http404):
        return NotFound()
    if isinstance(exception, NotAuthenticated):
        return SignInFirst()
    if isinstance(exception, ValidationError):
        return Invalid(fields=exception.detail)
    if isinstance(exception, Throttled):
        return TooMany(retry_after=int(getattr(exception, "wait", None) or 60))
    if isinstance(exception, APIException):
        error = Forbidden() if exception.status_code == 403 else AppError(str(exception.detail))
        error.code, error.status = str(exception.default_code), exception.status_code
        return error
    return None
