"""A person's own security page: the second step, recovery codes, last sign-ins, signing out everywhere."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

import segno
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_core.accounts import queries
from portal_core.accounts import sign_in as hooks
from portal_core.accounts.actions import credentials, second_step, tokens
from portal_core.accounts.actions import sign_in as sign_in_actions
from portal_core.accounts.errors import SecondStepKept, TooManyTokens, WrongCode, WrongCredentials
from portal_core.accounts.forms import CodeForm, ConfirmPasswordForm, TokenForm
from portal_core.accounts.models import User
from portal_core.accounts.realms import HOMES, SIGN_IN
from portal_core.accounts.rules import totp
from portal_core.accounts.sessions import ENROL_KEY, is_fresh, safe_next
from portal_core.kernel import clock
from portal_core.kernel.enums import Realm
from portal_core.kernel.errors import TooMany
from portal_core.ui.context import PRODUCT

View = Callable[..., HttpResponse]
LAYOUTS = {Realm.STAFF: "ui/desk.html", Realm.PATIENT: "ui/portal.html"}


def fresh_password(view: View) -> View:
    """Ask for the password again when it was typed more than ten minutes ago; the page asked for comes afterwards."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_fresh(request, clock.now()):
            return view(request, *args, **kwargs)
        realm: Realm = request.realm  # type: ignore[attr-defined]
        query = QueryDict(mutable=True)
        query["next"] = request.get_full_path() if request.method == "GET" else reverse(f"accounts:security-{realm}")
        return redirect(f"{reverse(f'accounts:confirm-{realm}')}?{query.urlencode(safe='/')}")

    return guarded


@never_cache
@require_safe
def security(request: HttpRequest, realm: Realm) -> HttpResponse:
    user = cast(User, request.user)
    return render(
        request,
        "accounts/security.html",
        {
            "layout": LAYOUTS[realm],
            "realm": realm,
            "authenticators": queries.authenticators(user),
            "codes_left": queries.recovery_codes_left(user),
            "sign_ins": queries.sign_ins(user),
            "owed": hooks.second_step_owed(user),
            "tokens": queries.tokens(user) if realm == Realm.STAFF else [],
            "token_form": TokenForm(),
        },
    )


@never_cache
@sensitive_variables("secret", "codes")
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@fresh_password
def add_authenticator(request: HttpRequest, realm: Realm) -> HttpResponse:
    """Show the QR code, then take the first code. The secret stays the same until it is confirmed."""
    user = cast(User, request.user)
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                codes = second_step.confirm(user=user, code=form.cleaned_data["code"], by=hooks.actor_of(user))
            except WrongCode as refusal:
                form.add_error("code", str(refusal))
            else:
                request.session.pop(ENROL_KEY, None)
                return _codes_page(request, realm, codes)
    waiting = queries.unconfirmed(user)
    secret = second_step.secret_of(waiting) if waiting else second_step.begin(user=user, by=hooks.actor_of(user))[1]
    address = totp.address(secret, account=user.username, issuer=PRODUCT)
    drawing = segno.make(address, error="m").svg_inline(scale=5, border=2, svgclass="qr", lineclass="qr-line")
    context = {
        "layout": LAYOUTS[realm],
        "realm": realm,
        "form": form,
        "secret": " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
        "address": address,
        "qr": mark_safe(drawing),  # noqa: S308 - made by us from our own secret
        "owed": ENROL_KEY in request.session,
    }
    return render(request, "accounts/second_step.html", context, status=status)


add_authenticator.before_password_change = True  # type: ignore[attr-defined]


@never_cache
@require_POST
@fresh_password
def new_codes(request: HttpRequest, realm: Realm) -> HttpResponse:
    user = cast(User, request.user)
    return _codes_page(request, realm, second_step.new_recovery_codes(user=user, by=hooks.actor_of(user)))


def _codes_page(request: HttpRequest, realm: Realm, codes: list[str]) -> HttpResponse:
    return render(request, "accounts/recovery_codes.html", {"layout": LAYOUTS[realm], "realm": realm, "codes": codes})


@require_POST
@fresh_password
def remove_authenticator(request: HttpRequest, realm: Realm, public_id: str) -> HttpResponse:
    user = cast(User, request.user)
    try:
        second_step.remove(user=user, authenticator_id=public_id, by=hooks.actor_of(user))
    except SecondStepKept as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The app was removed. Its codes are not asked for any more."))
    return redirect(f"accounts:security-{realm}")


@never_cache
@sensitive_variables("secret")
@require_POST
@fresh_password
def create_token(request: HttpRequest, realm: Realm) -> HttpResponse:
    """A token for a program; its secret is on this answer and never again."""
    user, form = cast(User, request.user), TokenForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say what the token is for, in 60 letters at most."))
        return redirect(f"accounts:security-{realm}")
    hat = str(getattr(getattr(request, "staff", None), "hat", ""))
    try:
        token, secret = tokens.create(user=user, name=form.cleaned_data["name"], hat=hat, by=hooks.actor_of(user))
    except TooManyTokens as refusal:
        messages.error(request, str(refusal))
        return redirect(f"accounts:security-{realm}")
    return render(
        request, "accounts/token.html", {"layout": LAYOUTS[realm], "realm": realm, "token": token, "secret": secret}
    )


@require_POST
def revoke_token(request: HttpRequest, realm: Realm, public_id: str) -> HttpResponse:
    user = cast(User, request.user)
    if tokens.revoke(user=user, token_id=public_id, by=hooks.actor_of(user)):
        messages.success(request, _("Taken away. The program can do nothing for you any more."))
    return redirect(f"accounts:security-{realm}")


@require_POST
def sign_out_everywhere(request: HttpRequest, realm: Realm) -> HttpResponse:
    """End every session of this person, this one too."""
    user = cast(User, request.user)
    credentials.end_sessions(user=user, by=hooks.actor_of(user))
    logout(request)
    return redirect(SIGN_IN[realm])


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, realm: Realm) -> HttpResponse:
    """Type the password once more before something that matters."""
    user = cast(User, request.user)
    target = safe_next(request, realm, request.POST.get("next") or request.GET.get("next"))
    form = ConfirmPasswordForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                sign_in_actions.confirm_password(request=request, user=user, password=form.cleaned_data["password"])
            except WrongCredentials:
                form.add_error("password", _("That is not your password."))
            except TooMany as refusal:
                form.add_error("password", str(refusal))
                status = refusal.status
            else:
                return redirect(target)
    context = {"layout": LAYOUTS[realm], "form": form, "next": target if target != HOMES[realm] else ""}
    return render(request, "accounts/confirm.html", context, status=status)


confirm.before_password_change = True  # type: ignore[attr-defined]


@require_POST
def keep_session(request: HttpRequest, realm: Realm) -> HttpResponse:
    """ "I am still here": arriving is all it takes, every request counts as a sign of life."""
    return HttpResponse(status=204)
