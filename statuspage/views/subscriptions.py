"""Subscribing by e-mail. GET never changes anything: mail scanners open every link they see."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from portal_core.directory.guards import public_page
from portal_core.kernel.contracts import Actor
from portal_core.kernel.http import ratelimit
from statuspage import access
from statuspage.actions import subscribers
from statuspage.forms import ChoiceForm, SubscribeForm


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def subscribe(request: HttpRequest) -> HttpResponse:
    """Subscribe to Updates (SP-02)."""
    form = SubscribeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        ratelimit.hit("statuspage.subscribe", ratelimit.client_address(request), limit=20, per=600)
        ratelimit.hit("statuspage.subscribe.address", form.cleaned_data["email"].lower(), limit=5, per=3600)
        subscribers.subscribe(
            address=form.cleaned_data["email"], component_ids=form.cleaned_data["components"], by=_actor(request)
        )
        return redirect("statuspage:subscribe-done")
    return render(request, "statuspage/subscribe.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@public_page
def subscribe_done(request: HttpRequest) -> HttpResponse:
    return render(request, "statuspage/subscribe_done.html")


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        subscriber = subscribers.confirm(token=token, by=_actor(request))
        return redirect("statuspage:manage", token=access.manage_token(subscriber))
    access.subscriber_by_confirm_token(token)
    return render(request, "statuspage/confirm.html")


@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def manage(request: HttpRequest, token: str) -> HttpResponse:
    subscriber = access.subscriber_by_manage_token(token)
    chosen = list(subscriber.components.values_list("public_id", flat=True))
    form = ChoiceForm(request.POST if request.method == "POST" else None, initial={"components": chosen})
    if request.method == "POST" and form.is_valid():
        subscribers.choose_components(token=token, component_ids=form.cleaned_data["components"], by=_actor(request))
        return redirect(reverse("statuspage:manage", args=[token]) + "?saved=1")
    return render(
        request,
        "statuspage/manage.html",
        {"form": form, "subscriber": subscriber, "token": token, "saved": "saved" in request.GET},
        status=422 if form.errors else 200,
    )


@csrf_exempt  # RFC 8058: the mail program posts without cookies; the signed token is the proof
@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST does. One-click POSTs of mail programs get the same answer as the button."""
    if request.method == "POST":
        subscribers.unsubscribe(token=token, by=_actor(request))
        return render(request, "statuspage/unsubscribed.html")
    subscriber = access.subscriber_by_manage_token(token)
    template = "statuspage/unsubscribe.html" if subscriber.unsubscribed_at is None else "statuspage/unsubscribed.html"
    return render(request, template, {"token": token})
