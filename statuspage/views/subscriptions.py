"""Subscribing and what follows, by every way. GET never changes anything: mail scanners open every link they see."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_core.directory.guards import public_page
from portal_core.kernel.contracts import Actor
from portal_core.kernel.errors import AppError, TooMany
from portal_core.kernel.http import ratelimit
from portal_core.kernel.http.errors import onto, retry_later
from statuspage import access
from statuspage.actions import subscribers
from statuspage.enums import SubscriberState, Way
from statuspage.errors import CodeWrong, LinkInvalid
from statuspage.forms.subscribers import ChoiceForm, CodeForm, ManageLinkForm, SubscribeForm
from statuspage.models import Subscriber
from statuspage.queries import subscribers as queries
from statuspage.views.language import in_language_asked_for

NUMBERS = (Way.SMS, Way.VOICE)
ONE_CLICK = ("List-Unsubscribe", "One-Click")  # RFC 8058; our own button sends it too
# Texts and calls cost money, so that they are asked for less often.
TRIES = {True: 6, False: 20}


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _way(request: HttpRequest) -> Way:
    """The way of the address bar, if it is open; the first one otherwise."""
    ways = access.ways_open()
    wanted = request.GET.get("way") or request.POST.get("way") or ""
    return Way(wanted) if wanted in ways else ways[0]


def _not_too_often(request: HttpRequest, way: Way, address: str) -> None:
    costly = way in NUMBERS
    ratelimit.hit(f"statuspage.subscribe.{costly}", ratelimit.client_address(request), limit=TRIES[costly], per=600)
    ratelimit.hit("statuspage.subscribe.address", f"{way}:{address.lower()}", limit=5, per=3600)


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
@in_language_asked_for
def subscribe(request: HttpRequest) -> HttpResponse:
    """Subscribe to Updates (SP-02): an address, and more choices for those who want them."""
    way = _way(request)
    initial = {"incident": request.GET.get("incident", ""), "language": queries.language(), "quiet_bypass": "critical"}
    form = SubscribeForm(request.POST if request.method == "POST" else None, way=way, initial=initial)
    refusal: AppError | None = None
    if request.method == "POST" and form.is_valid():
        contact = form.cleaned_data.get("contact", "")
        try:
            _not_too_often(request, way, form.address)
            if contact:  # however many machines name it, one mailbox is asked no more often than any other
                ratelimit.hit("statuspage.subscribe.address", f"{Way.EMAIL}:{contact.lower()}", limit=5, per=3600)
            handle = subscribers.subscribe(
                way=way, address=form.address, contact=contact, region=form.number_region,
                by=_actor(request), **_in_my_language(form.wish()),
            )  # fmt: skip
        except AppError as refused:
            refusal = onto(form, refused)
        else:
            return _after(way, handle)
    context = {"form": form, "way": way, "ways": access.ways_open(), **_push_key(way)}
    return _form_page(request, "statuspage/subscribe.html", form, context, refusal)


@require_safe
@public_page
def subscribe_done(request: HttpRequest) -> HttpResponse:
    return render(request, "statuspage/subscribe_done.html", {"way": _way(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def code(request: HttpRequest, handle: str) -> HttpResponse:
    """The code a number was sent. A number we do not know gets the same page, and no code is right for it."""
    way = access.way_of_handle(handle)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            subscriber = subscribers.confirm_code(handle=handle, code=form.cleaned_data["code"], by=_actor(request))
        except CodeWrong as refusal:
            form.add_error("code", str(refusal))
        else:
            return redirect("statuspage:manage", token=access.manage_token(subscriber))
    return render(
        request, "statuspage/subscribe_code.html", {"form": form, "way": way}, status=422 if form.errors else 200
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        subscriber = subscribers.confirm(token=token, by=_actor(request))
        return redirect("statuspage:manage", token=access.manage_token(subscriber))
    subscriber = access.subscriber_by_confirm_token(token)
    lines = queries.in_words(queries.wish_of(subscriber))
    return render(request, "statuspage/confirm.html", {"subscriber": subscriber, "lines": lines})


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def manage_link(request: HttpRequest) -> HttpResponse:
    """Type the address, get the link. The answer is the same for every address."""
    way = _way(request)
    form = ManageLinkForm(request.POST if request.method == "POST" else None, way=way)
    refusal: AppError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            _not_too_often(request, way, form.address)
            handle = subscribers.request_manage_link(
                way=way, address=form.address, region=form.number_region, by=_actor(request)
            )
        except TooMany as refused:
            refusal = onto(form, refused)
        else:
            return _after(way, handle)
    ways = [way for way in access.ways_open() if way != Way.PUSH]
    context = {"form": form, "way": way, "ways": ways}
    return _form_page(request, "statuspage/manage_link.html", form, context, refusal)


def _form_page(
    request: HttpRequest, template: str, form: BaseForm, context: dict[str, Any], refusal: AppError | None
) -> HttpResponse:
    """The form again, with what was typed; 429 where it is only too early to send it."""
    status = TooMany.status if isinstance(refusal, TooMany) else 422 if form.errors else 200
    return retry_later(render(request, template, context, status=status), refusal)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """One's own subscription, by its signed link."""
    subscriber = access.subscriber_by_manage_token(token)
    wish = queries.wish_of(subscriber)
    initial = {
        **wish,
        "kinds": [name for name in ("incidents", "maintenances", "component_changes") if wish[name]],
        "quiet_bypass": "critical" if wish["quiet_bypass"] else "",
    }
    form = ChoiceForm(request.POST if request.method == "POST" else None, way=subscriber.way, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            subscribers.choose(token=token, by=_actor(request), **form.wish())
        except AppError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(reverse("statuspage:manage", args=[token]) + "?saved=1")
    return _manage_page(request, subscriber, token, form)


@never_cache
@require_POST
@public_page
def secret(request: HttpRequest, token: str) -> HttpResponse:
    """Show the webhook's secret, once, or make a new one; the answer is the page itself."""
    act = subscribers.rotate_secret if request.POST.get("new") else subscribers.reveal_secret
    shown = act(token=token, by=_actor(request))
    return render(request, "statuspage/secret.html", {"secret": shown, "token": token})


@require_POST
@public_page
def challenge(request: HttpRequest, token: str) -> HttpResponse:
    subscribers.request_challenge(token=token, by=_actor(request))
    return redirect(reverse("statuspage:manage", args=[token]) + "?asked=1")


@require_POST
@public_page
def again(request: HttpRequest, token: str) -> HttpResponse:
    """Start again what was left, set aside or never confirmed; the address is asked once more."""
    subscriber = access.subscriber_by_manage_token(token)
    ratelimit.hit("statuspage.subscribe.address", f"again:{subscriber.public_id}", limit=5, per=3600)
    subscribers.ask_again(token=token, by=_actor(request))
    if subscriber.way in NUMBERS:
        return redirect("statuspage:subscribe-code", handle=access.handle_of(subscriber.way, subscriber.address))
    return redirect(reverse("statuspage:manage", args=[token]) + "?asked=1")


@csrf_exempt  # RFC 8058: the mail program posts without cookies; the signed token is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST does. One-click POSTs of mail programs get the same answer as the button; a POST that does not say
    so (a scanner that posts to whatever it finds) is asked like a GET."""
    try:
        subscriber = access.subscriber_by_manage_token(token)
    except LinkInvalid:
        if not access.is_manage_token(token):
            raise
        return render(request, "statuspage/unsubscribed.html")  # deleted since: gone is what they want
    if request.method == "POST" and request.POST.get(ONE_CLICK[0]) == ONE_CLICK[1]:
        subscriber = subscribers.unsubscribe(token=token, by=_actor(request))
    if subscriber.state == SubscriberState.UNSUBSCRIBED:
        return render(request, "statuspage/unsubscribed.html", {"token": token})
    return render(request, "statuspage/unsubscribe.html", {"token": token})


@require_safe
@public_page
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker of browser notifications: at the root, because a worker serves what lies below it."""
    path = finders.find("statuspage/push-worker.js") or str(settings.STATIC_ROOT / "statuspage" / "push-worker.js")
    try:
        words = Path(str(path)).read_text(encoding="utf-8")
    except OSError as error:
        raise Http404 from error
    answer = HttpResponse(words, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


def _after(way: Way, handle: str) -> HttpResponse:
    if way in NUMBERS:
        return redirect("statuspage:subscribe-code", handle=handle)
    done = reverse("statuspage:subscribe-done")
    return redirect(done if way == Way.EMAIL else f"{done}?way={way}")


def _in_my_language(wish: dict[str, Any]) -> dict[str, Any]:
    return {**wish, "language": wish["language"] or queries.language()}


def _push_key(way: Way) -> dict[str, str]:
    """The public half of our key, which the browser's push service checks our messages against."""
    if way != Way.PUSH:
        return {}
    from portal_core.notify.transports import push

    return {"push_key": push.public_key()}


def _manage_page(request: HttpRequest, subscriber: Subscriber, token: str, form: ChoiceForm) -> HttpResponse:
    host = settings.PUBLIC_URL
    calendar = reverse("statuspage:own-calendar", args=[access.calendar_token(subscriber)])
    context = {
        "form": form,
        "subscriber": subscriber,
        "token": token,
        "state": subscriber.state,
        "lines": queries.in_words(queries.wish_of(subscriber)),
        "masked": queries.line(subscriber).address,
        "saved": "saved" in request.GET,
        "asked": "asked" in request.GET,
        "calendar": f"{host}{calendar}",
        "webcal": f"webcal://{host.partition('://')[2]}{calendar}",
        "why": queries.why(subscriber.challenge_result),
        "waits_for_echo": subscriber.way == Way.WEBHOOK
        and subscriber.state == SubscriberState.PENDING
        and subscriber.contact_confirmed_at is not None,
    }
    return render(request, "statuspage/manage.html", context, status=422 if form.errors else 200)
