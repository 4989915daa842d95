"""Error reports to Sentry, when SENTRY_DSN is set: where it broke, never what anybody typed or who it was."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from ops.logging import without_keys


def start() -> None:
    """Switch reporting on in this process; nothing happens without SENTRY_DSN."""
    if not settings.SENTRY_DSN:
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        max_breadcrumbs=0,  # they quote SQL and log lines
        before_send=scrub,
        traces_sample_rate=0,
    )


def around(application: Any) -> Any:
    """The application with a scope of its own per request: one request's reports never carry another's route."""
    if not settings.SENTRY_DSN:
        return application
    from sentry_sdk.integrations.asgi import SentryAsgiMiddleware

    return SentryAsgiMiddleware(application)


def scrub(event: Any, hint: Any) -> Any:
    """Keep types, stack and route; drop every value that could have come from a person."""
    request = event.pop("request", None)
    if request:
        address = urlsplit(str(request.get("url", "")))
        event["request"] = {
            "method": request.get("method", ""),
            "url": urlunsplit((address.scheme, address.netloc, without_keys(address.path), "", "")),
        }
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = ""  # database drivers and validators quote the row
        for frame in exception.get("stacktrace", {}).get("frames", []):
            frame.pop("vars", None)
    if "logentry" in event:
        event["logentry"] = {"message": event["logentry"].get("message", "")}  # the template, without what filled it
    for name in ("message", "extra", "user", "breadcrumbs", "server_name", "modules"):
        event.pop(name, None)
    if "transaction" in event:  # until the route is known, the address itself
        event["transaction"] = without_keys(str(event["transaction"]))
    contexts = event.get("contexts", {})
    event["contexts"] = {name: contexts[name] for name in ("runtime", "trace") if name in contexts}
    return event
