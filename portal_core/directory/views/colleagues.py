"""Practice Settings → Staff: who works here and how they sign in; and the page behind the link they get."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal_core.accounts.errors import UnusablePassword, UsernameTaken
from portal_core.directory import access, queries
from portal_core.directory.actions import colleagues
from portal_core.directory.actions import staff as staff_actions
from portal_core.directory.enums import Permission, Role
from portal_core.directory.errors import StaffEmailTaken, StaffLinkUnusable
from portal_core.directory.forms import ColleagueForm, ContactForm, WelcomeForm
from portal_core.directory.guards import PublicRequest, StaffRequest, public_page, staff_page
from portal_core.directory.rules import roles as rules
from portal_core.kernel import idempotency
from portal_core.kernel.errors import AppError, KeyUsed
from portal_core.kernel.http import ratelimit
from portal_core.kernel.ids import new_public_id


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def new(request: StaffRequest) -> HttpResponse:
    """Somebody new with their first role, and the link by which they sign in."""
    practice = request.staff.practice
    mine = {Role(row.role) for row in request.staff.assignments}
    form = ColleagueForm(
        request.POST or None,
        offices=queries.offices(practice.pk),
        supervisors=queries.clinicians(practice.pk),
        roles=[role for role in Role if rules.may_change_role(mine, role, own=False)],
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data

        def deed() -> str:
            row = colleagues.add(
                practice=practice, first_name=given["first_name"], last_name=given["last_name"], email=given["email"],
                phone=given["phone"], by=request.actor,
            )  # fmt: skip
            staff_actions.grant_role(
                staff=row, role=Role(given["role"]), office=given["office"], supervisor=given["supervisor"],
                by=request.actor,
            )  # fmt: skip
            colleagues.send_link(staff=row, by=request.actor)
            return str(row.public_id)

        try:
            scope, key = f"directory:add-staff:{request.staff.public_id}", request.POST.get("idempotency_key", "")
            public_id = idempotency.once(scope, key or new_public_id(), deed, of=given)
        except StaffEmailTaken as refusal:
            form.add_error("email", str(refusal))
        except KeyUsed as refusal:
            form.add_error(None, str(refusal))
        except AppError as refusal:
            form.add_error("role", refusal.facts.get("supervisor") or str(refusal))
        else:
            messages.success(
                request, _("Added. A link to choose a password is on its way to %(email)s.") % {"email": given["email"]}
            )
            return redirect("directory:staff", public_id=public_id)
    return render(request, "directory/staff_new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def contact(request: StaffRequest, public_id: str) -> HttpResponse:
    """Another name, e-mail address or number."""
    colleague = access.staff_for(request.staff, public_id)
    now = {name: getattr(colleague, name) for name in ("first_name", "last_name", "email", "phone")}
    form = ContactForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            colleagues.set_contact(staff=colleague, **form.cleaned_data, by=request.actor)
        except AppError as refusal:
            form.add_error("email" if isinstance(refusal, StaffEmailTaken) else None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("directory:staff", public_id=public_id)
    context = {"form": form, "colleague": colleague}
    return render(request, "directory/staff_contact.html", context, status=422 if form.errors else 200)


@require_POST
@staff_page(Permission.SETTINGS)
def link(request: StaffRequest, public_id: str) -> HttpResponse:
    """An invitation, or a way back in for somebody who forgot their password."""
    colleague = access.staff_for(request.staff, public_id)
    ratelimit.hit("directory:staff-link", colleague.public_id, limit=10, per=3600)
    try:
        colleagues.send_link(staff=colleague, by=request.actor)
    except AppError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("A link is on its way to %(email)s.") % {"email": colleague.email})
    return redirect("directory:staff", public_id=public_id)


@require_POST
@staff_page(Permission.SETTINGS)
def close(request: StaffRequest, public_id: str) -> HttpResponse:
    """Somebody left."""
    return _set_active(request, public_id, active=False)


@require_POST
@staff_page(Permission.SETTINGS)
def reopen(request: StaffRequest, public_id: str) -> HttpResponse:
    """Somebody is back."""
    return _set_active(request, public_id, active=True)


def _set_active(request: StaffRequest, public_id: str, *, active: bool) -> HttpResponse:
    colleague = access.staff_for(request.staff, public_id)
    try:
        colleagues.set_active(staff=colleague, active=active, by=request.actor)
    except AppError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("Opened. They can sign in again.")
            if active
            else _("Closed. They are signed out everywhere and cannot sign in any more."),
        )
    return redirect("directory:staff", public_id=public_id)


@public_page
@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: PublicRequest, secret: str) -> HttpResponse:
    """The page behind the link. Opening it uses nothing up; only saving does."""
    ratelimit.hit("directory:welcome", ratelimit.client_address(request), limit=60, per=3600)
    try:
        person = colleagues.welcome(secret)
        form = WelcomeForm(request.POST or None, has_username=person.user is not None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                colleagues.accept(secret=secret, username=given.get("username", ""), password=given["password"])
            except UsernameTaken as refusal:
                form.add_error("username", str(refusal))
            except UnusablePassword as refusal:
                form.add_error("password", refusal.facts["password"])
            else:
                messages.success(request, _("Your password is set. Sign in with it now."))
                return redirect("accounts:sign-in-staff")
    except StaffLinkUnusable as refusal:
        return render(request, "directory/link_over.html", {"refusal": refusal}, status=refusal.status)
    return render(
        request, "directory/welcome.html", {"form": form, "person": person}, status=422 if form.errors else 200
    )
