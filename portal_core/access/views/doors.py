from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from portal_core.access.actions import asking, pins, portal
from portal_core.access.actions import email as email_actions
from portal_core.access.enums import HelpFlow, ProxyScope
from portal_core.access.errors import LinkUnusable, PinUnusable, StopLinkUnusable
from portal_core.access.forms import FourFieldsForm, LastNameForm, PinForm, SetPasswordForm
from portal_core.access.rules.matching import plain_name
from portal_core.accounts.errors import UnusablePassword, UsernameTaken
from portal_core.directory.guards import PatientRequest, PublicRequest, for_proxies, may_act, patient_page, public_page
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from portal_core.kernel.errors import AppError, TooMany
from portal_core.kernel.http import ratelimit
from portal_core.kernel.http.errors import onto, retry_later

VISITOR = Actor(kind=ActorKind.REQUESTER, id="visitor", label="Visitor")


@patient_page
@for_proxies()
@require_safe
def home(request: PatientRequest) -> HttpResponse:
    """The first page after signing in: what comes next, and where to get help."""
    context = {
        "patient": request.patient,
        "acting": request.acting,
        "may_see_appointments": may_act(request, ProxyScope.SCHEDULE),
    }
    return render(request, "access/home.html", context)


@public_page
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def ask_for_help(request: HttpRequest, flow: HelpFlow) -> HttpResponse:
    """PC-43: set up an account, or reset a password. One form, one answer, whether the details match or not."""
    if request.method == "GET" and "sent" in request.GET:
        return render(request, "access/help_sent.html")
    form = FourFieldsForm(request.POST or None)
    refusal: TooMany | None = None
    if request.method == "POST" and form.is_valid():
        person = f"{plain_name(form.cleaned_data['last_name'])}|{form.cleaned_data['birth_date']}"
        try:
            ratelimit.hit("access:help:address", ratelimit.client_address(request), limit=20, per=3600)
            ratelimit.hit("access:help:email", form.cleaned_data["email"].casefold(), limit=5, per=3600)
            ratelimit.hit("access:help:person", person, limit=10, per=3600)
        except TooMany as refused:
            refusal = refused
            onto(form, refused)
        else:
            asking.ask_for_help(flow=flow, typed=form.typed(), by=VISITOR)
            return redirect(f"{request.path}?sent")
    status = refusal.status if refusal is not None else 422 if form.errors else 200
    page = render(request, "access/ask_for_help.html", {"form": form, "flow": flow.value}, status=status)
    return retry_later(page, refusal)


@public_page
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def stop_email_change(request: HttpRequest, secret: str) -> HttpResponse:
    """PC-42: the way out for who reads the old address. Mail scanners open every link, and some press what they find:
    it takes the patient's last name."""
    ratelimit.hit("access:link", ratelimit.client_address(request), limit=60, per=3600)
    try:
        change = email_actions.stoppable(secret)
        form = LastNameForm(request.POST if request.method == "POST" else None, wanted=change.patient.last_name)
        if stopped := form.is_valid():
            change = email_actions.stop(secret=secret, by=VISITOR)
    except StopLinkUnusable as refusal:
        return render(request, "access/stop_email_change.html", {"refusal": refusal}, status=refusal.status)
    context = {"office": change.patient.home_office, "stopped": stopped, "form": form}
    return render(request, "access/stop_email_change.html", context, status=422 if form.errors else 200)


@public_page
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def pin(request: HttpRequest) -> HttpResponse:
    """PC-56: with the slip from the office, without any e-mail."""
    form = PinForm(request.POST or None)
    refusal: AppError | None = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            ratelimit.hit("access:pin", ratelimit.client_address(request), limit=20, per=3600)
            token = pins.exchange(
                code=given["pin"], last_name=given["last_name"], birth_date=given["birth_date"], by=VISITOR
            )
        except (PinUnusable, TooMany) as refused:
            refusal = onto(form, refused)
        else:
            return redirect("access:set-password", token=token)
    status = TooMany.status if isinstance(refusal, TooMany) else 422 if form.errors else 200
    return retry_later(render(request, "access/pin.html", {"form": form}, status=status), refusal)


@public_page
@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def set_password(request: PublicRequest, token: str) -> HttpResponse:
    """The page behind a link. Opening it uses nothing up; only saving does."""
    ratelimit.hit("access:link", ratelimit.client_address(request), limit=60, per=3600)
    try:
        patient = portal.usable_token(token).patient
        user = patient.user
        form = SetPasswordForm(request.POST or None, has_username=user is not None, born=patient.birth_date)
        if request.method == "POST" and form.is_valid():
            username = user.username if user is not None else form.cleaned_data["username"]
            try:
                portal.set_password(
                    token=token, username=username, password=form.cleaned_data["password"], by=patient.actor
                )
            except UsernameTaken as refusal:
                form.add_error("username", str(refusal))
            except UnusablePassword as refusal:
                form.add_error("password", refusal.facts["password"])
            else:
                messages.success(request, _("Your password is set. Sign in with it now."))
                return redirect("accounts:sign-in-patient")
    except LinkUnusable as refusal:
        return render(request, "access/link_unusable.html", {"error": refusal}, status=refusal.status)
    return render(request, "access/set_password.html", {"form": form, "user": user}, status=422 if form.errors else 200)
