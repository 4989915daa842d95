"""The Patient Portal tab of Patient Information (PC-33 to PC-42, PC-47, PC-52 to PC-54): one patient, one office."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_core.access import gate, queries
from portal_core.access.actions import email as email_actions
from portal_core.access.actions import manual, portal
from portal_core.access.enums import AccessLevel, PortalState
from portal_core.access.errors import AttestationRequired, HoldStays
from portal_core.access.forms import CredentialsForm, EmailChangeForm, UsernameForm
from portal_core.accounts.actions import sign_in
from portal_core.accounts.errors import UnusablePassword, UsernameTaken, WrongCredentials
from portal_core.directory import access as directory_access
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from portal_core.kernel.errors import AppError, Conflict, Forbidden, Invalid, TooMany
from portal_core.kernel.http import ratelimit

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

office_staff = staff_page(Permission.PORTAL_ACCESS)
VERIFY = gettext_lazy('First verify who is asking, under "Who is asking?". Then come back here.')
SHARED = gettext_lazy(
    "Others use this e-mail address too. Read the warning, ask the patient, then enable access once more."
)
CHANGED = "portal-changed"  # the dash behind the dialog fetches its badge anew


@require_safe
@office_staff
@never_cache
def tab(request: StaffRequest, public_id: str) -> HttpResponse:
    return _tab(request, _patient(request, public_id))


@require_POST
@office_staff
def level(request: StaffRequest, public_id: str) -> HttpResponse:
    """The toggle "Patient's Access Level" (PC-34). `manual`: for a patient without e-mail or zip code (C3)."""
    patient = _patient(request, public_id)
    wanted = AccessLevel.CAN_ACCESS if request.POST.get("level") == AccessLevel.CAN_ACCESS else AccessLevel.NONE
    if unasked_sharers(request, patient, wanted):
        return _tab(request, patient, refusal=Conflict(SHARED))
    try:
        portal.set_level(patient=patient, level=wanted, manual="manual" in request.POST, by=request.actor)
    except Invalid as refusal:
        return _tab(request, patient, refusal=refusal)
    said = (
        _("Access is enabled. Now send the invitation, or set a user name and password by hand.")
        if wanted == AccessLevel.CAN_ACCESS
        else _("The patient can no longer use the portal and is signed out.")
    )
    return _done(request, patient, said)


@require_POST
@office_staff
def send(request: StaffRequest, public_id: str) -> HttpResponse:
    """The link "Send invitation/reset email" (PC-47): who has used the portal before gets a reset link, and for that
    the office has verified who is asking."""
    patient = _patient(request, public_id)
    try:
        if queries.portal_status(patient).state == PortalState.ACTIVE:
            found = proof_of(request, patient, "send_reset_link")
            portal.send_reset_link(patient=patient, attestation_id=found, by=request.actor)
        else:
            portal.resend_invitation(patient=patient, by=request.actor)
    except AttestationRequired:
        return _tab(request, patient, refusal=Forbidden(VERIFY))
    except (Invalid, Conflict) as refusal:
        return _tab(request, patient, refusal=refusal)
    return _done(request, patient, _("The e-mail is on its way to the address on file."))


@require_POST
@office_staff
def clear_pause(request: StaffRequest, public_id: str) -> HttpResponse:
    """The patient mistyped too often and may try again at once."""
    patient = _patient(request, public_id)
    if patient.user is not None:
        sign_in.clear_pause(user=patient.user, by=request.actor)
    return _done(request, patient, _("The pause is over. The patient can sign in now."))


@require_POST
@office_staff
def end_hold(request: StaffRequest, public_id: str) -> HttpResponse:
    """The new address counts from now on: the patient came and was verified."""
    patient = _patient(request, public_id)
    try:
        email_actions.end_hold(
            patient=patient, reason=request.POST.get("reason", ""),
            attestation_id=proof_of(request, patient, "change_email"), by=request.actor,
        )  # fmt: skip
    except AttestationRequired:
        return _tab(request, patient, refusal=Forbidden(VERIFY))
    except Invalid as refusal:
        return _tab(request, patient, refusal=refusal)
    return _done(request, patient, _("The hold is over. The new address counts from now on."))


@require_POST
@office_staff
def check_username(request: StaffRequest, public_id: str) -> HttpResponse:
    """Whether a user name is valid and unique, while it is typed (PC-53). For staff only: said in public, it would tell
    who has an account."""
    ratelimit.hit("access:username-check", request.staff.public_id, limit=120, per=60)
    patient = _patient(request, public_id)
    form = UsernameForm(request.POST, patient=patient)
    wrong = "" if form.is_valid() else " ".join(str(each) for each in form.errors.get("username", []))
    return render(request, "access/parts/username_verdict.html", {"wrong": wrong, "asked": True})


@require_POST
@office_staff
@never_cache
@sensitive_post_parameters("password", "my_password")
def credentials(request: StaffRequest, public_id: str) -> HttpResponse:
    """PC-53: a user name, and a password typed by hand where the box is ticked."""
    patient = _patient(request, public_id)
    form = CredentialsForm(request.POST, patient=patient)
    if form.is_valid() and is_me(request, form):
        given = form.cleaned_data
        try:
            if given["by_hand"]:
                manual.set_credentials(
                    patient=patient, username=given.get("username", ""), password=given["password"],
                    attestation_id=proof_of(request, patient, "set_credentials"), by=request.actor,
                )  # fmt: skip
                said = _(
                    "Saved. Tell the patient the user name and the password in person or over the phone, never by "
                    "e-mail or message. The password works for 72 hours and must be changed at the first sign-in."
                )
            else:
                manual.set_username(patient=patient, username=given["username"], by=request.actor)
                said = _("The user name is saved. Send the invitation, so that the patient can choose a password.")
        except AttestationRequired:
            form.add_error(None, VERIFY)
        except UsernameTaken as refusal:
            form.add_error("username", str(refusal))
        except UnusablePassword as refusal:
            form.add_error("password", refusal.facts["password"])
        except (Invalid, Conflict) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, said)
            return redirect("access:patient", public_id=patient.public_id)
    return _tab(request, patient, form=form)


@require_http_methods(["GET", "POST"])
@office_staff
@never_cache
@sensitive_post_parameters("my_password")
def change_email(request: StaffRequest, public_id: str) -> HttpResponse:
    """PC-42: the e-mail address of somebody with portal access."""
    patient = _patient(request, public_id)
    form = EmailChangeForm(request.POST or None)
    shared: list[queries.Sharer] = []
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        shared = queries.sharing_mailbox(patient, given["email"])
        if shared and "shared" not in request.POST:
            form.add_error("email", _("Other patients use this address. Read the warning below, then confirm."))
        elif is_me(request, form):
            try:
                email_actions.change(
                    patient=patient, new_email=given["email"],
                    attestation_id=proof_of(request, patient, "change_email"), skip_reason=given["skip_reason"],
                    by=request.actor,
                )  # fmt: skip
            except AttestationRequired:
                form.add_error(None, VERIFY)
            except HoldStays:
                form.add_error("skip", _("Only for a patient who was verified in the office, in person."))
            except Invalid as refusal:
                form.add_error("email", str(refusal))
            else:
                messages.success(request, _("The address is changed. Both addresses got a notice."))
                return redirect("directory:patient", public_id=patient.public_id)
    context = {"patient": patient, "form": form, "shared": shared, "tab": "portal"}
    return render(request, "access/change_email.html", context, status=422 if form.errors else 200)


# --- inside -----------------------------------------------------------------------------------------------------------
def _patient(request: StaffRequest, public_id: str) -> "Patient":
    return directory_access.patient_for(request.staff, public_id, to=Permission.PORTAL_ACCESS)


def unasked_sharers(request: StaffRequest, patient: "Patient", wanted: AccessLevel) -> list[queries.Sharer]:
    """Who else reads the mailbox to which access is about to be given, where nobody has confirmed that (PC-39)."""
    asked = "shared" in request.POST or "manual" in request.POST
    return [] if asked or wanted != AccessLevel.CAN_ACCESS else queries.sharing_mailbox(patient, patient.email)


def proof_of(request: StaffRequest, patient: "Patient", action: str) -> str:
    """The id of a live attestation that fits, or "" where there is none."""
    proof = gate.find(patient_id=patient.public_id, action=action, staff=request.staff)
    return proof.attestation_id if proof is not None else ""


def is_me(request: StaffRequest, form: Any) -> bool:
    """Whether the person at the screen typed their own password; slowed down like a sign-in. Otherwise says so."""
    user = request.staff.user
    try:
        if user is None:
            raise WrongCredentials
        sign_in.confirm_password(request=request, user=user, password=form.cleaned_data["my_password"])
    except WrongCredentials:
        form.add_error("my_password", _("That is not your password."))
    except TooMany as refusal:
        words = _("Too many tries. Wait %(seconds)s seconds, then try again.")
        form.add_error("my_password", words % {"seconds": refusal.retry_after})
    return not form.errors


def _done(request: StaffRequest, patient: "Patient", said: str) -> HttpResponse:
    """Inside a dialog the tab anew; without scripts back to it with the sentence on top."""
    if request.headers.get("HX-Request") != "true":
        messages.success(request, said)
        return redirect("access:patient", public_id=patient.public_id)
    response = _tab(request, patient, said=said)
    response["HX-Trigger"] = CHANGED
    return response


def _tab(
    request: StaffRequest, patient: "Patient", *, form: Any = None, refusal: AppError | None = None, said: str = ""
) -> HttpResponse:
    now, last_change = clock.now(), queries.last_email_change(patient)
    context = {
        "patient": patient,
        "tab": "portal",
        "form": form or CredentialsForm(patient=patient, initial={"password": manual.suggest()}),
        "refusal": refusal,
        "said": said,
        "now": now,
        "status": queries.portal_status(patient),
        "shared": queries.sharing_mailbox(patient, patient.email),
        "last_change": last_change,
        "hold": queries.held(last_change, now),
        "pause": sign_in.pause_of(patient.user, now) if patient.user is not None else 0,
        "deliveries": queries.deliveries(patient, now),
        "attempts": queries.last_attempts(patient),
        "registration": queries.registration_of(patient),
        "proxies": [(row, bool(queries.scopes_of(row, now))) for row in queries.proxies_of(patient)],
    }
    wrong = refusal is not None or (form is not None and form.errors)
    return render(request, "access/patient.html", context, status=422 if wrong else 200)
