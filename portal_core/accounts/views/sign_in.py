from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal_core.accounts import sign_in as hooks
from portal_core.accounts.actions import credentials
from portal_core.accounts.actions import sign_in as sign_in_actions
from portal_core.accounts.errors import UnusablePassword, WrongCredentials
from portal_core.accounts.forms import CodeForm, NewPasswordForm, SignInForm
from portal_core.accounts.models import User
from portal_core.accounts.realms import HOMES, SIGN_IN
from portal_core.accounts.sessions import safe_next
from portal_core.kernel import clock
from portal_core.kernel.enums import Realm
from portal_core.kernel.errors import AppError, TooMany


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest, realm: Realm) -> HttpResponse:
    """The realm's front door (PC-30, PC-31 for patients)."""
    wanted = request.POST.get("next") or request.GET.get("next")
    target = safe_next(request, realm, wanted)
    if request.method == "GET" and request.user.is_authenticated:
        return redirect(target)
    form = SignInForm(request.POST or None)
    if request.method == "GET":
        return _sign_in_page(request, realm, form, target, 200)
    if not form.is_valid():
        return _sign_in_page(request, realm, form, target, 422)
    try:
        user = sign_in_actions.sign_in(request=request, realm=realm, **form.cleaned_data)
    except AppError as refusal:
        form.add_error(None, _sentence(refusal))
        response = _sign_in_page(request, realm, form, target, refusal.status)
        if isinstance(refusal, TooMany):
            response["Retry-After"] = str(refusal.retry_after)
        return response
    if user is None:
        return redirect(_with_next(f"accounts:sign-in-code-{realm}", realm, target))
    return redirect(reverse(f"accounts:password-{realm}") if user.must_change_password else target)


@login_not_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest, realm: Realm) -> HttpResponse:
    """The second step of signing in."""
    target = safe_next(request, realm, request.POST.get("next") or request.GET.get("next"))
    if sign_in_actions.pending(request, realm, clock.now()) is None:
        messages.warning(request, _("That took too long. Sign in again from the start."))
        return redirect(_with_next(f"accounts:sign-in-{realm}", realm, target))
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                user = sign_in_actions.finish(request=request, realm=realm, code=form.cleaned_data["code"])
            except AppError as refusal:
                form.add_error("code", _sentence(refusal))
                status = refusal.status
            else:
                return redirect(reverse(f"accounts:password-{realm}") if user.must_change_password else target)
    context = {"form": form, "next": target if target != HOMES[realm] else "", "realm": realm}
    return render(request, "accounts/sign_in_code.html", context, status=status)


def _with_next(name: str, realm: Realm, target: str) -> str:
    query = QueryDict(mutable=True)
    if target != HOMES[realm]:
        query["next"] = target
    return reverse(name) + (f"?{query.urlencode(safe='/')}" if query else "")


def _sentence(refusal: AppError) -> str:
    if isinstance(refusal, TooMany):
        return _("Too many tries. Wait %(seconds)s seconds, then try again.") % {"seconds": refusal.retry_after}
    return str(refusal)


def _sign_in_page(
    request: HttpRequest, realm: Realm, form: SignInForm, target: str, status: int
) -> HttpResponse:  # fmt: skip
    context: dict[str, Any] = {"form": form, "next": target if target != HOMES[realm] else ""}
    if realm is Realm.PATIENT:
        context |= {
            "activate_url": _url("access:activate"),
            "forgot_url": _url("access:forgot-password"),
            "username_url": _url("access:forgot-username"),
        }
    return render(request, f"accounts/sign_in_{realm}.html", context, status=status)


def _url(name: str) -> str:
    """A page of a room above; empty where that room is not installed."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@login_not_required
@require_POST
def sign_out(request: HttpRequest, realm: Realm) -> HttpResponse:
    if isinstance(request.user, User):
        sign_in_actions.sign_out(request=request, user=request.user)
    return redirect(SIGN_IN[realm])


@never_cache
@sensitive_post_parameters("current", "password", "again")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest, realm: Realm) -> HttpResponse:
    """Choose a new password; the one page open to somebody who has to (C4)."""
    user = cast(User, request.user)
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            sign_in_actions.confirm_password(request=request, user=user, password=given["current"])
        except WrongCredentials:
            form.add_error("current", _("That is not your current password."))
        except TooMany as refusal:
            form.add_error("current", _sentence(refusal))
        if not form.errors and given["current"] == given["password"]:
            form.add_error("password", _("Choose one that differs from the current password."))
        elif not form.errors:
            try:
                changed = credentials.choose_password(
                    user=user, password=given["password"], by=hooks.actor_of(user)
                )  # fmt: skip
            except UnusablePassword as refusal:
                form.add_error("password", refusal.facts["password"])
            else:
                update_session_auth_hash(request, changed)  # this session goes on, all others end
                return redirect(HOMES[realm])
    return render(
        request,
        "accounts/password.html",
        {"form": form, "must": user.must_change_password, "realm": realm},
        status=422 if form.errors else 200,
    )


password.before_password_change = True  # type: ignore[attr-defined]
