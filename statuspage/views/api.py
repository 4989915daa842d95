"""The public API, feeds and calendars: open to every origin, without cookies.

What is published is normally answered by `statuspage.snapshot_asgi`; the views here answer while no snapshot was ever
written, and take what programs send.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render as render_page
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from portal_core.directory.guards import public_page
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.errors import AppError, Invalid, NotFound, TooMany
from portal_core.kernel.http import errors, ratelimit
from statuspage import access
from statuspage.actions import subscribers
from statuspage.actions.subscribers import reminding
from statuspage.enums import Way
from statuspage.errors import LinkInvalid
from statuspage.forms.api import SubscriberForm, Wish, fields_of
from statuspage.queries import scopes
from statuspage.rules import calendar
from statuspage.rules.api_v2 import moment
from statuspage.snapshot import machine
from statuspage.views.now import view_now

READ_PATHS = (
    ("/api/v2/summary.json", _("Everything at a glance")),
    ("/api/v2/status.json", _("The status of the whole page")),
    ("/api/v2/components.json", _("Every part of the service, and the groups they stand in")),
    ("/api/v2/incidents.json", _("The 50 most recent incidents")),
    ("/api/v2/incidents/unresolved.json", _("Open incidents")),
    ("/api/v2/scheduled-maintenances.json", _("The 50 most recent maintenances")),
    ("/api/v2/scheduled-maintenances/upcoming.json", _("Maintenances to come")),
    ("/api/v2/scheduled-maintenances/active.json", _("Maintenances under way")),
    ("/api/v2/openapi.json", _("All of this for machines, as OpenAPI 3.1")),
    ("/history.atom", _("Incidents and maintenances as an Atom feed")),
    ("/history.rss", _("The same as RSS")),
    ("/history.json", _("The same as JSON Feed")),
    ("/maintenance.ics", _("Maintenances as a calendar to subscribe to")),
)

Answer = Callable[..., HttpResponse]


def open_to_all(*methods: str) -> Callable[[Answer], Answer]:
    """A view without cookies that scripts of other sites may call: preflight, CORS on refusals too."""
    allowed = ", ".join([*methods, "OPTIONS"])

    def decorate(view: Answer) -> Answer:
        @csrf_exempt  # no cookie counts here, so there is nothing to ride on
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                response = HttpResponse(status=204)
                response["Access-Control-Allow-Methods"] = allowed
                response["Access-Control-Allow-Headers"] = "*"
                response["Access-Control-Max-Age"] = "86400"
            elif request.method not in methods:
                response = refusal(MethodNotAllowed())
                response["Allow"] = allowed
            else:
                try:
                    response = view(request, *args, **kwargs)
                except AppError as error:
                    response = refusal(error)
            response["Access-Control-Allow-Origin"] = "*"
            return response

        return public_page(answer)

    return decorate


class MethodNotAllowed(AppError):
    code = "method_not_allowed"
    status = 405
    message = _("This address cannot be asked for that.")


def refusal(error: AppError) -> HttpResponse:
    """The house's shape, and the sentence where Statuspage has it."""
    response = JsonResponse({"message": str(error), **errors.body(error)}, status=error.status)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    return response


@require_safe
@public_page
def documentation(request: HttpRequest) -> HttpResponse:
    """How programs read us, subscribe, and check what we send them."""
    return render_page(request, "statuspage/api.html", {"base": settings.PUBLIC_URL, "ways": READ_PATHS})


@open_to_all("GET", "HEAD")
def document(request: HttpRequest, path: str) -> HttpResponse:
    """An API document, a feed or the calendar of all maintenances."""
    body, content_type = machine.files(view_now())[path]
    return HttpResponse(body, content_type=content_type)


@open_to_all("GET", "HEAD")
def component_calendar(request: HttpRequest, component_id: str) -> HttpResponse:
    """The maintenances of one component."""
    body = calendar.files(view_now()).get(calendar.of_component(component_id))
    if body is None:
        raise NotFound
    return HttpResponse(body, content_type=machine.ICS)


@open_to_all("GET", "HEAD")
def own_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The maintenances a subscriber asked to hear of. The token opens this alone: calendars hand their addresses on."""
    subscriber = access.subscriber_by_calendar_token(token)
    if not subscriber.is_active:
        raise LinkInvalid
    scope = scopes.of_subscriber(subscriber)
    view = view_now()
    body = calendar.calendar(
        view,
        name=f"{view.facts.page.name} maintenance",
        path=request.path.lstrip("/"),
        only=calendar.members(view, component_ids=scope.component_ids, group_ids=scope.group_ids),
        event_id=scope.incident_id,
    )
    response = HttpResponse(body, content_type=machine.ICS)
    response["Cache-Control"] = "private, max-age=300"
    return response


@open_to_all("POST")
def subscribe(request: HttpRequest) -> HttpResponse:
    """Take down an address; nothing is sent to it before its owner said yes. The answer does not tell whether the
    address was known."""
    ratelimit.hit("statuspage.api", ratelimit.client_address(request), limit=20, per=600)
    form = SubscriberForm(fields_of(request))
    if not form.is_valid():
        problems = {name: [str(text) for text in texts] for name, texts in form.errors.items()}
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    wish: Wish = form.cleaned_data["wish"]
    ratelimit.hit("statuspage.subscribe.address", f"{wish.way}:{wish.address.lower()}", limit=5, per=3600)
    if wish.contact:
        ratelimit.hit("statuspage.subscribe.address", f"{Way.EMAIL}:{wish.contact.lower()}", limit=5, per=3600)
    handle = subscribers.subscribe(
        way=wish.way,
        address=wish.address,
        contact=wish.contact,
        component_ids=wish.component_ids,
        group_ids=wish.group_ids,
        incident_id=wish.incident_id,
        by=_actor(request),
    )
    return JsonResponse({"subscriber": _subscriber(wish, handle, form)}, status=201)


def _subscriber(wish: Wish, handle: str, form: SubscriberForm) -> dict[str, Any]:
    """As Statuspage answers, made of nothing but what was sent."""
    shown: dict[str, str] = {
        name: form.cleaned_data[name] for name in ("email", "endpoint", "phone_number") if form.cleaned_data[name]
    }
    if "phone_number" in shown:
        shown["phone_country"] = (form.cleaned_data["phone_country"] or "us").lower()
    return {
        "id": handle,
        "mode": wish.mode,
        **shown,
        "created_at": moment(clock.now(), scopes.time_zone()),
        "skip_confirmation_notification": False,
        "quarantined_at": None,
        "purge_at": None,
    }


@open_to_all("DELETE")
def cancel(request: HttpRequest, handle: str) -> HttpResponse:
    """Ask to cancel: whoever knows an id need not own the address, so its owner gets the link that does it."""
    _limit_handle(request, handle)
    reminding.remind(handle=handle, by=_actor(request))
    return JsonResponse({"message": str(_("If we know this subscription, we sent it the link to cancel."))}, status=202)


@open_to_all("POST")
def resend_confirmation(request: HttpRequest, handle: str) -> HttpResponse:
    """Send the confirmation once more."""
    _limit_handle(request, handle)
    reminding.remind(handle=handle, by=_actor(request))
    return JsonResponse({"message": str(_("If it still waits, we sent the confirmation again."))}, status=202)


def _limit_handle(request: HttpRequest, handle: str) -> None:
    ratelimit.hit("statuspage.api", ratelimit.client_address(request), limit=20, per=600)
    ratelimit.hit("statuspage.api.handle", handle, limit=3, per=3600)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
