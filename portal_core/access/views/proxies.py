"""People who act for a patient: what the office does, their first visit, and whom they look at now."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal_core.access.access import proxy_for
from portal_core.access.actions import proxies
from portal_core.access.errors import AttestationRequired, LinkUnusable, ProxyDatesWrong
from portal_core.access.forms import ProxyForm, SetPasswordForm
from portal_core.access.queries import ages_of, today_of
from portal_core.access.views.patient import VERIFY, is_me, office_staff, proof_of
from portal_core.accounts.actions import sign_in
from portal_core.accounts.errors import UnusablePassword, UsernameTaken
from portal_core.directory import access as directory_access
from portal_core.directory.enums import Permission
from portal_core.directory.guards import PatientRequest, StaffRequest, for_proxies, patient_page, public_page
from portal_core.directory.people import ACTING_KEY
from portal_core.kernel import clock
from portal_core.kernel.errors import AppError, Conflict, Forbidden, Invalid
from portal_core.kernel.http import ratelimit


@require_http_methods(["GET", "POST"])
@office_staff
@never_cache
@sensitive_post_parameters("my_password")
def add(request: StaffRequest, public_id: str) -> HttpResponse:
    """Let somebody act for this patient."""
    patient = directory_access.patient_for(request.staff, public_id, to=Permission.PORTAL_ACCESS)
    today, ages = today_of(patient, clock.now()), ages_of(patient.practice)
    form = ProxyForm(request.POST or None, today=today, patient_email=patient.email, own_from=ages.own_from)
    if request.method == "POST" and form.is_valid() and is_me(request, form):
        given = form.cleaned_data
        try:
            proxies.grant(
                patient=patient, name=given["name"], email=given["email"], relationship=given["relationship"],
                scopes=given["scopes"], starts_on=given["starts_on"], ends_on=given["ends_on"],
                attestation_id=proof_of(request, patient, "grant_proxy"), by=request.actor,
            )  # fmt: skip
        except AttestationRequired:
            form.add_error(None, VERIFY)
        except ProxyDatesWrong as refusal:
            form.add_error("ends_on", str(refusal))
        except (Invalid, Conflict) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. They get an e-mail with everything they need."))
            return redirect("access:patient", public_id=patient.public_id)
    context = {"patient": patient, "form": form, "ages": ages}
    return render(request, "access/add_proxy.html", context, status=422 if form.errors else 200)


@require_POST
@office_staff
def end(request: StaffRequest, public_id: str, grant_id: str) -> HttpResponse:
    """It ends now, and the person is signed out."""
    patient = directory_access.patient_for(request.staff, public_id, to=Permission.PORTAL_ACCESS)
    proxies.end(grant=proxy_for(patient, grant_id), by=request.actor)
    messages.success(request, _("Ended. The person can no longer act for the patient."))
    return redirect("access:patient", public_id=patient.public_id)


@require_http_methods(["GET", "POST"])
@office_staff
@never_cache
def link(request: StaffRequest, public_id: str, grant_id: str) -> HttpResponse:
    """The invitation anew, or a link for a new password; to the person's own address and nowhere else."""
    patient = directory_access.patient_for(request.staff, public_id, to=Permission.PORTAL_ACCESS)
    row = proxy_for(patient, grant_id)
    refusal: AppError | None = None
    if request.method == "POST":
        try:
            found = proof_of(request, patient, "send_reset_link") if row.person.user_id is not None else ""
            proxies.send_link(grant=row, attestation_id=found, by=request.actor)
        except AttestationRequired:
            refusal = Forbidden(VERIFY)
        except Conflict as ended:
            refusal = ended
        else:
            messages.success(request, _("The e-mail is on its way to their own address."))
            return redirect("access:patient", public_id=patient.public_id)
    user = row.person.user
    pause = sign_in.pause_of(user, clock.now()) if user is not None else 0
    context = {"patient": patient, "row": row, "refusal": refusal, "pause": pause}
    return render(request, "access/proxy_link.html", context, status=422 if refusal is not None else 200)


@require_POST
@office_staff
def clear_pause(request: StaffRequest, public_id: str, grant_id: str) -> HttpResponse:
    """The person mistyped too often and may try again at once."""
    patient = directory_access.patient_for(request.staff, public_id, to=Permission.PORTAL_ACCESS)
    user = proxy_for(patient, grant_id).person.user
    if user is not None:
        sign_in.clear_pause(user=user, by=request.actor)
    messages.success(request, _("The pause is over. They can sign in now."))
    return redirect("access:proxy-link", public_id=patient.public_id, grant_id=grant_id)


@public_page
@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, secret: str) -> HttpResponse:
    """A user name and a password of their own; later a new password. Opening the link uses nothing up."""
    ratelimit.hit("access:link", ratelimit.client_address(request), limit=60, per=3600)
    try:
        row = proxies.welcome(secret)
        user = row.person.user
        form = SetPasswordForm(request.POST or None, has_username=user is not None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                proxies.accept(secret=secret, username=given.get("username", ""), password=given["password"])
            except UsernameTaken as refusal:
                form.add_error("username", str(refusal))
            except UnusablePassword as refusal:
                form.add_error("password", refusal.facts["password"])
            else:
                messages.success(request, _("Your password is set. Sign in with it now."))
                return redirect("accounts:sign-in-patient")
    except LinkUnusable as refusal:
        return render(request, "access/link_unusable.html", {"error": refusal, "proxy": True}, status=refusal.status)
    context = {"form": form, "practice": row.patient.practice, "user": user}
    page = "access/proxy_welcome.html" if user is None else "access/set_password.html"
    return render(request, page, context, status=422 if form.errors else 200)


@require_POST
@patient_page
@for_proxies()
def choose(request: PatientRequest) -> HttpResponse:
    """Look at another patient one acts for; ids of others change nothing."""
    wanted = request.POST.get("grant", "")
    if request.acting is not None and wanted in {grant_id for grant_id, _name in request.acting.others}:
        request.session[ACTING_KEY] = wanted
    return redirect("access:home")
