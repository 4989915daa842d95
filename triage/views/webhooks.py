"""Practice settings: other systems that hear of tickets and flags."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import AppError, Conflict, NotFound
from portal_core.kernel.sealing import Unreadable
from portal_core.notify.enums import TONES, DeliveryState
from portal_core.notify.queries import Posted, Tried, posts_to, tries_of
from triage import access, queries
from triage.actions import webhooks
from triage.enums import TEST_NEWS, EndpointState, NewsKind
from triage.errors import AddressRefused
from triage.forms.webhooks import WebhookForm
from triage.models import WebhookEndpoint
from triage.views.practice_time import in_practice_time

keepers = staff_page(Permission.SETTINGS)


@require_http_methods(["GET", "HEAD", "POST"])
@keepers
@in_practice_time
def index(request: StaffRequest) -> HttpResponse:
    """All webhooks of the practice; POST adds one."""
    form, error, status = WebhookForm(request.POST or None, initial={"events": NewsKind.values}), None, 200
    if request.method == "POST":
        if form.is_valid():
            try:
                row = webhooks.add(
                    **form.cleaned_data, key=request.POST.get("idempotency_key", ""), staff=request.staff,
                    by=request.actor,
                )  # fmt: skip
            except AddressRefused as refused:
                form.refuse_address(refused.message)
            except Conflict as refused:
                error, status = refused, refused.status
            else:
                messages.success(request, _("Added. Copy its secret, then check the address."))
                return redirect("triage:webhook", row.public_id)
        if form.errors:
            status = 422
    rows = queries.webhooks_of(request.staff.practice_id)
    context = {"rows": rows, "form": form, "error": error, "full": len(rows) >= webhooks.MOST}
    return render(request, "triage/webhooks.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@keepers
@in_practice_time
def one(request: StaffRequest, public_id: str) -> HttpResponse:
    """How it stands and what it was sent; POST changes it."""
    row = access.endpoint_for(request.staff, public_id)
    if request.method != "POST":
        return _page(request, row)
    form = WebhookForm(request.POST)
    if form.is_valid():
        try:
            changed = webhooks.change(endpoint=row, **form.cleaned_data, staff=request.staff, by=request.actor)
        except AddressRefused as refused:
            form.refuse_address(refused.message)
        else:
            if changed.state == EndpointState.NEW:
                messages.info(request, _("Saved. Check the address, so that it is switched on."))
            else:
                messages.success(request, _("Saved."))
            return redirect("triage:webhook", public_id)
    return _page(request, row, form=form, status=422)


def _page(
    request: StaffRequest,
    row: WebhookEndpoint,
    *,
    form: WebhookForm | None = None,
    error: AppError | None = None,
    status: int = 200,
) -> HttpResponse:
    posts = posts_to(row.key)
    tries = tries_of(row.key, [post.id for post in posts])
    context = {
        "row": row,
        "form": form or WebhookForm(initial={"name": row.name, "url": _url(row), "events": row.events}),
        "editing": form is not None,
        "error": error,
        "posts": [_line(post, tries.get(post.id, [])) for post in posts],
        "missed": any(post.state in (*DeliveryState.lost, DeliveryState.CANCELLED) for post in posts),
        "is_on": row.state == EndpointState.ACTIVE,
        "may_stop": row.state in (EndpointState.ACTIVE, EndpointState.STOPPED),
        "check_words": words_of(row.check_result),
        "stopped_words": words_of(row.stopped_code),
    }
    return render(request, "triage/webhook.html", context, status=status)


def _url(row: WebhookEndpoint) -> str:
    try:
        return row.url
    except Unreadable:  # sealed with a key this installation no longer has: it has to be typed anew
        return ""


def _line(post: Posted, tries: list[Tried]) -> dict[str, Any]:
    kind = str(post.payload.get("type", ""))
    facts = post.payload.get("data", {})
    ticket = facts.get("ticket") or facts.get("flag", {}).get("ticket") or {}
    state = DeliveryState(post.state)
    return {
        "post": post,
        "kind": NewsKind(kind).label if kind in NewsKind.values else _("Test"),
        "code": kind or TEST_NEWS,
        "reference": ticket.get("reference", ""),
        "state": state.label,
        "tone": TONES[state],
        "why": words_of(post.code),
        "show_count": not tries and (bool(post.code) or post.attempts > 1),  # of a time before they were kept
        "tries": [{"row": one, "why": words_of(one.code)} for one in tries],
        "may_repeat": post.state in webhooks.KEPT,
    }


def words_of(code: str) -> str:
    """What a code of the way out means to a person. "" for none."""
    if not code:
        return ""
    if code.startswith("http_"):
        return _("It answered with status %(status)s.") % {"status": code.removeprefix("http_")}
    known = {
        "timeout": _("It did not answer within ten seconds."),
        "name_not_found": _("The name of the host is not known on the internet."),
        "private_address": _("The host is not on the public internet."),
        "bad_certificate": _("Its certificate is not valid for this name."),
        "no_echo": _("It answered, but not with the value we sent."),
        "changed": _("Somebody changed the address meanwhile."),
        "host_hangs": _("The host did not answer lately; we try again."),
    }
    return known.get(code) or _("It could not be reached (%(code)s).") % {"code": code}


Deed = Callable[[StaffRequest, WebhookEndpoint], HttpResponse]


def deed(act: Deed) -> Callable[..., HttpResponse]:
    """One press on a webhook's page; a refusal is told there."""

    @require_POST
    @keepers
    @in_practice_time
    def press(request: StaffRequest, /, public_id: str) -> HttpResponse:
        return _pressed(request, public_id, act)

    press.__name__, press.__doc__ = getattr(act, "__name__", "press"), act.__doc__
    return press


def _pressed(request: StaffRequest, public_id: str, act: Deed) -> HttpResponse:
    row = access.endpoint_for(request.staff, public_id)
    try:
        return act(request, row)
    except NotFound:
        raise
    except AppError as refused:
        return _page(request, row, error=refused, status=refused.status)


@deed
def check(request: StaffRequest, row: WebhookEndpoint) -> HttpResponse:
    """Ask the address to echo."""
    code = webhooks.check(endpoint=row, staff=request.staff, by=request.actor)
    if code:
        messages.error(request, _("The address did not pass the check. %(why)s") % {"why": words_of(code)})
    else:
        messages.success(request, _("The address answered. It is on from now."))
    return redirect("triage:webhook", row.public_id)


@deed
def off(request: StaffRequest, row: WebhookEndpoint) -> HttpResponse:
    webhooks.switch_off(endpoint=row, staff=request.staff, by=request.actor)
    messages.success(request, _("Switched off. Nothing more is sent there."))
    return redirect("triage:webhook", row.public_id)


@deed
def remove(request: StaffRequest, row: WebhookEndpoint) -> HttpResponse:
    webhooks.remove(endpoint=row, staff=request.staff, by=request.actor)
    messages.success(request, _("Removed."))
    return redirect("triage:webhooks")


@never_cache
@deed
def secret(request: StaffRequest, row: WebhookEndpoint) -> HttpResponse:
    """The secret, once; POST do=new: another one."""
    make = webhooks.new_secret_for if request.POST.get("do") == "new" else webhooks.show_secret
    shown = make(endpoint=row, staff=request.staff, by=request.actor)
    return render(request, "triage/webhook_secret.html", {"row": row, "secret": shown})


@deed
def test(request: StaffRequest, row: WebhookEndpoint) -> HttpResponse:
    webhooks.send_test(
        endpoint=row, key=request.POST.get("idempotency_key", ""), staff=request.staff, by=request.actor
    )  # fmt: skip
    messages.success(request, _("A test is on its way. It stands in the list below in a moment."))
    return redirect("triage:webhook", row.public_id)


@deed
def missed(request: StaffRequest, row: WebhookEndpoint) -> HttpResponse:
    count = webhooks.send_missed(endpoint=row, staff=request.staff, by=request.actor)
    said = ngettext("%(n)d message is sent again.", "%(n)d messages are sent again.", count) % {"n": count}
    messages.success(request, said)
    return redirect("triage:webhook", row.public_id)


@require_POST
@keepers
@in_practice_time
def again(request: StaffRequest, public_id: str, delivery_id: str) -> HttpResponse:
    """One message once more."""

    def act(request: StaffRequest, row: WebhookEndpoint) -> HttpResponse:
        webhooks.send_again(
            endpoint=row, delivery_id=delivery_id, key=request.POST.get("idempotency_key", ""), staff=request.staff,
            by=request.actor,
        )  # fmt: skip
        messages.success(request, _("Sent again."))
        return redirect("triage:webhook", row.public_id)

    return _pressed(request, public_id, act)
