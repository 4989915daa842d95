"""The registration form for the public, and what the office sees of it; the office's own form for new patients."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_core.access import queries
from portal_core.access.access import registration_for
from portal_core.access.actions import newcomers
from portal_core.access.errors import CannotEnable, RegistrationClosed, RegistrationLinkUnusable
from portal_core.access.forms import AddPatientForm, LastNameForm, RegistrationForm
from portal_core.directory import access as directory_access
from portal_core.directory import queries as directory
from portal_core.directory.enums import Permission
from portal_core.directory.errors import RecordNumberTaken
from portal_core.directory.guards import StaffRequest, public_page, staff_page
from portal_core.kernel import clock, idempotency
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from portal_core.kernel.errors import KeyUsed, TooMany
from portal_core.kernel.http import ratelimit
from portal_core.kernel.http.errors import onto, retry_later

VISITOR = Actor(kind=ActorKind.REQUESTER, id="visitor", label="Visitor")
office_staff = staff_page(Permission.PORTAL_ACCESS)


@public_page
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """PC-36. One form, one answer, whether somebody is on file already or not."""
    if request.method == "GET" and "sent" in request.GET:
        return render(request, "access/register_sent.html")
    offices = list(queries.registration_offices())
    if not offices:
        raise RegistrationClosed
    form = RegistrationForm(request.POST or None, offices=offices)
    if request.method == "POST" and form.is_valid():
        try:
            ratelimit.hit("access:register:address", ratelimit.client_address(request), limit=10, per=3600)
            ratelimit.hit("access:register:email", form.cleaned_data["email"].casefold(), limit=3, per=24 * 3600)
        except TooMany as refusal:
            onto(form, refusal)
            page = render(request, "access/register.html", {"form": form}, status=refusal.status)
            return retry_later(page, refusal)
        if not form.is_by_a_program:
            newcomers.register(office=form.chosen(), typed=form.as_typed(), by=VISITOR)
        return redirect(f"{request.path}?sent")
    return render(request, "access/register.html", {"form": form}, status=422 if form.errors else 200)


@public_page
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    """The link in the confirmation e-mail. Opening it uses nothing up; the button does, and goes on to the password.
    A program that presses buttons does not know the name that was typed into the form."""
    ratelimit.hit("access:link", ratelimit.client_address(request), limit=60, per=3600)
    try:
        row = newcomers.confirmable(secret)
        assert row.patient is not None
        form = LastNameForm(request.POST if request.method == "POST" else None, wanted=row.patient.last_name)
        if form.is_valid():
            token = newcomers.confirm(secret=secret, by=VISITOR)
            if token:
                return redirect("access:set-password", token=token)
            return render(request, "access/register_call.html", {"office": row.office})
    except RegistrationLinkUnusable as refusal:
        return render(request, "access/register_confirm.html", {"refusal": refusal}, status=refusal.status)
    context = {"office": row.office, "form": form}
    return render(request, "access/register_confirm.html", context, status=422 if form.errors else 200)


@require_safe
@office_staff
def registrations(request: StaffRequest) -> HttpResponse:
    """Who registered at one's offices, whether the e-mail address is confirmed, and who may be on file already."""
    rows = queries.registrations(request.staff)
    directory_access.note_list_read(request.staff, shown=len(rows), searched=False)
    return render(request, "access/registrations.html", {"rows": rows, "now": clock.now()})


@require_POST
@office_staff
def checked(request: StaffRequest, public_id: str) -> HttpResponse:
    """The office has looked at who this may be the same as."""
    row = registration_for(request.staff, public_id)
    newcomers.note_checked(registration=row, by=request.actor)
    messages.success(request, _("Noted."))
    return redirect("access:registrations")


@require_http_methods(["GET", "POST"])
@office_staff
@sensitive_post_parameters()
def add(request: StaffRequest) -> HttpResponse:
    """PC-35: a new patient, typed in by the office."""
    mine = request.staff.offices_for(Permission.PORTAL_ACCESS)
    offices = [row for row in directory.offices(request.staff.practice_id) if mine is None or row.pk in mine]
    form = AddPatientForm(request.POST or None, offices=offices)
    shared: list[queries.Sharer] = []
    scope, key = f"access.add.{request.staff.pk}", request.POST.get("idempotency_key", "")
    done = bool(key) and idempotency.result(scope, key) is not None  # then who shares the address may be themselves
    if request.method == "POST" and form.is_valid() and not (done or "shared" in request.POST):
        wanted = form.cleaned_data
        shared = queries.readers_of(request.staff.practice_id, wanted["email"]) if wanted["may_activate"] else []
    if shared:
        form.add_error("may_activate", _("Others use this address. Read the warning below, then confirm."))
    elif request.method == "POST" and form.is_valid():
        given = form.cleaned_data

        def deed() -> str:
            patient = newcomers.add_patient(
                office=form.chosen(), first_name=given["first_name"], last_name=given["last_name"], mrn=given["mrn"],
                values=form.values(), may_activate=given["may_activate"], by=request.actor,
            )  # fmt: skip
            return str(patient.public_id)

        try:
            public_id = idempotency.once(scope, key, deed, of=given) if key else deed()
        except KeyUsed as refusal:
            form.add_error(None, str(refusal))
        except RecordNumberTaken as refusal:
            form.add_error("mrn", str(refusal))
        except CannotEnable as refusal:
            form.add_error("may_activate", str(refusal))
        else:
            messages.success(request, _("The patient is on file."))
            return redirect("directory:patient", public_id=public_id)
    context = {"form": form, "shared": shared}
    return render(request, "access/add_patient.html", context, status=422 if form.errors else 200)
