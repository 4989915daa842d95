"""The request's id: in every log line, audit line and error page, so that a person can read it out to support."""

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from portal_core.kernel.ids import new_short_id

_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request being served in this context, or an empty string outside one."""
    return _current.get()


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _current.set(new_short_id())
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = _current.get()
            return response
        finally:
            _current.reset(token)
