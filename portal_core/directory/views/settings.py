from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_core.accounts.actions import sign_in
from portal_core.directory import access, queries
from portal_core.directory.actions import practices
from portal_core.directory.actions import staff as staff_actions
from portal_core.directory.enums import PatientSupportMode, Permission, Role
from portal_core.directory.errors import StaffNotFound
from portal_core.directory.forms import ProxyAgesForm, RoleForm, SwitchForm
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.models import RoleAssignment, Staff
from portal_core.directory.rules import roles as rules
from portal_core.kernel import clock
from portal_core.kernel.errors import AppError

TELETHERAPY = gettext_lazy("Teletherapy: may start and schedule telehealth sessions")
WAITING_ROOM = gettext_lazy("Enable telehealth waiting room?")
WAITING_ROOM_HINT = gettext_lazy(
    "Applies to all telehealth sessions of this provider. When off, clients join without any assistance or warning."
)
TELEHEALTH = gettext_lazy("Enable telehealth")
SECOND_STEP = gettext_lazy("Staff need a second step to sign in")
PATIENT_LINE = gettext_lazy("Patients may bring technical faults to IT themselves")
REGISTRATION = gettext_lazy("New patients may register on the website")


def is_clinical(staff: Staff) -> bool:
    return any(Role(row.role) in rules.CLINICAL for row in staff.role_assignments.all())


def my_roles(request: StaffRequest) -> set[Role]:
    return {Role(row.role) for row in request.staff.assignments}


def profile_context(request: StaffRequest, colleague: Staff) -> dict[str, object]:
    """What a profile shows and which of its switches the reader may move."""
    mine, own = my_roles(request), colleague.pk == request.staff.pk
    return {
        "colleague": colleague,
        "own": own,
        "assignments": [
            (row, rules.may_change_role(mine, Role(row.role), own=own)) for row in colleague.role_assignments.all()
        ],
        "is_clinical": is_clinical(colleague),
        "may_teletherapy": rules.may_switch_teletherapy(mine),
        "may_waiting_room": rules.may_set_waiting_room(mine, own=own),
        "teletherapy_form": SwitchForm(
            initial={"enabled": colleague.has_telehealth}, label=TELETHERAPY, auto_id="teletherapy_%s"
        ),
        "waiting_room_form": SwitchForm(
            initial={"enabled": colleague.waiting_room_enabled},
            label=WAITING_ROOM,
            help_text=WAITING_ROOM_HINT,
            auto_id="waiting_room_%s",
        ),
    }


@require_safe
@staff_page(Permission.SETTINGS)
def staff_list(request: StaffRequest) -> HttpResponse:
    """Practice Settings → Staff (PC-76)."""
    return render(
        request, "directory/staff_list.html", {"colleagues": queries.colleagues(request.staff.practice_id)}
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def staff_detail(request: StaffRequest, public_id: str) -> HttpResponse:
    """A colleague's profile with its Roles section; POST gives a role."""
    colleague = access.staff_for(request.staff, public_id)
    form = RoleForm(
        request.POST or None,
        offices=queries.offices(colleague.practice_id),
        supervisors=queries.clinicians(colleague.practice_id),
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            staff_actions.grant_role(
                staff=colleague,
                role=Role(given["role"]),
                office=given["office"],
                supervisor=given["supervisor"],
                by=request.actor,
            )
        except AppError as refusal:
            form.add_error("role", refusal.facts.get("supervisor") or str(refusal))
        else:
            messages.success(request, _("Role given."))
            return redirect("directory:staff", public_id=public_id)
    mine, own = my_roles(request), colleague.pk == request.staff.pk
    theirs = {Role(row.role) for row in colleague.role_assignments.all()}
    return render(
        request,
        "directory/staff_detail.html",
        {
            **profile_context(request, colleague),
            "pause": sign_in.pause_of(colleague.user, clock.now()) if colleague.user is not None else 0,
            "role_form": form,
            "may_grant": any(rules.may_change_role(mine, role, own=own) for role in Role),
            "may_manage": rules.may_manage(mine, theirs, own=own),
        },
        status=422 if form.errors else 200,
    )


@require_POST
@staff_page(Permission.SETTINGS)
def clear_pause(request: StaffRequest, public_id: str) -> HttpResponse:
    """A colleague mistyped too often and may try again at once."""
    colleague = access.staff_for(request.staff, public_id)
    if colleague.user is not None:
        sign_in.clear_pause(user=colleague.user, by=request.actor)
    messages.success(request, _("The pause is over. They can sign in now."))
    return redirect("directory:staff", public_id=public_id)


@require_POST
@staff_page(Permission.SETTINGS)
def role_revoke(request: StaffRequest, public_id: str, role: str, office: str = "") -> HttpResponse:
    colleague = access.staff_for(request.staff, public_id)
    rows = RoleAssignment.objects.select_related("staff", "office").filter(staff=colleague, role=role)
    row = rows.filter(office__public_id=office).first() if office else rows.filter(office=None).first()
    if row is not None:  # already taken away: pressing twice is no mistake
        staff_actions.revoke_role(assignment=row, by=request.actor)
        messages.success(request, _("Role taken away."))
    return redirect("directory:staff", public_id=public_id)


@require_POST
@staff_page()
def teletherapy(request: StaffRequest, public_id: str) -> HttpResponse:
    """TH-01. A person's own switch stands in My Profile, where the address names themselves."""
    colleague = _self_or_colleague(request, public_id)
    form = SwitchForm(request.POST, label=TELETHERAPY)
    form.is_valid()
    staff_actions.set_teletherapy(staff=colleague, enabled=form.cleaned_data["enabled"], by=request.actor)
    messages.success(request, _("Saved."))
    return _back(request, colleague)


@require_POST
@staff_page()
def waiting_room(request: StaffRequest, public_id: str) -> HttpResponse:
    """TH-28, PC-78."""
    colleague = _self_or_colleague(request, public_id)
    form = SwitchForm(request.POST, label=WAITING_ROOM)
    form.is_valid()
    staff_actions.set_waiting_room(staff=colleague, enabled=form.cleaned_data["enabled"], by=request.actor)
    messages.success(request, _("Saved."))
    return _back(request, colleague)


def _self_or_colleague(request: StaffRequest, public_id: str) -> Staff:
    if public_id == request.staff.public_id:
        return request.staff
    return access.staff_for(request.staff, public_id)


def _back(request: StaffRequest, colleague: Staff) -> HttpResponse:
    if colleague.pk == request.staff.pk:
        return redirect("directory:me")
    return redirect("directory:staff", public_id=colleague.public_id)


@require_safe
@staff_page()
def me(request: StaffRequest) -> HttpResponse:
    """My Profile (PC-76, PC-78): own roles and Client Portal Settings."""
    colleague = queries.colleagues(request.staff.practice_id).filter(pk=request.staff.pk).first()
    if colleague is None:
        raise StaffNotFound
    return render(request, "directory/me.html", profile_context(request, colleague))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def telehealth(request: StaffRequest) -> HttpResponse:
    """TH-02 with the notice of TH-03."""
    practice, may = request.staff.practice, rules.may_switch_telehealth(my_roles(request))
    return _switch(
        request, "telehealth", TELEHEALTH, on=practice.telehealth_enabled, may=may,
        turn=lambda on: practices.set_telehealth(practice=practice, enabled=on, by=request.actor),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def sign_in_rules(request: StaffRequest) -> HttpResponse:
    """Whether everybody who works here needs a second step."""
    practice, may = request.staff.practice, rules.may_set_security(my_roles(request))
    return _switch(
        request, "sign-in-rules", SECOND_STEP, on=practice.staff_second_step, may=may,
        turn=lambda on: practices.set_second_step(practice=practice, required=on, by=request.actor),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def registration(request: StaffRequest) -> HttpResponse:
    """Whether new patients may register on the website (PC-36)."""
    practice, may = request.staff.practice, rules.may_set_security(my_roles(request))
    return _switch(
        request, "registration", REGISTRATION, on=practice.self_registration, may=may,
        turn=lambda on: practices.set_self_registration(practice=practice, enabled=on, by=request.actor),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def proxy_ages(request: StaffRequest) -> HttpResponse:
    """The birthdays from which parents and guardians see less, and nothing."""
    practice, may = request.staff.practice, rules.may_set_security(my_roles(request))
    now = {"limited_from": practice.proxy_limited_from, "own_from": practice.proxy_own_from}
    form = ProxyAgesForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        practices.set_proxy_ages(practice=practice, **form.cleaned_data, by=request.actor)
        messages.success(request, _("Saved. It holds from now on, for access that was given before, too."))
        return redirect("directory:proxy-ages")
    context = {"form": form, "may": may, "practice": practice}
    return render(request, "directory/proxy_ages.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def patient_line(request: StaffRequest) -> HttpResponse:
    """Whether patients reach IT at all, and which ways (C5, TR-07)."""
    practice, may = request.staff.practice, rules.may_set_security(my_roles(request))
    return _switch(
        request, "patient-line", PATIENT_LINE, may=may,
        on=practice.patient_support_mode == PatientSupportMode.PATIENT_LINE,
        turn=lambda on: practices.set_patient_line(practice=practice, enabled=on, by=request.actor),
    )  # fmt: skip


def _switch(
    request: StaffRequest, page: str, label: "str | Promise", *, on: bool, may: bool, turn: Callable[[bool], object]
) -> HttpResponse:
    """One switch of the practice on a page of its own: shown, or turned and shown again."""
    if request.method == "POST":
        form = SwitchForm(request.POST, label=label)
        form.is_valid()
        turn(form.cleaned_data["enabled"])
        messages.success(request, _("Saved."))
        return redirect(f"directory:{page}")
    form = SwitchForm(None, initial={"enabled": on}, label=label)
    context = {"form": form, "may": may, "practice": request.staff.practice}
    return render(request, f"directory/{page.replace('-', '_')}.html", context)
