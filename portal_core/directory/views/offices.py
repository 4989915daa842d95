"""Practice Settings → Offices: what patients and letters call them, and where they are reached."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal_core.directory import access, queries
from portal_core.directory.actions import offices
from portal_core.directory.enums import Permission
from portal_core.directory.errors import OfficeNameTaken
from portal_core.directory.forms import OfficeForm
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.models import Office
from portal_core.kernel import idempotency
from portal_core.kernel.errors import AppError
from portal_core.kernel.ids import new_public_id


@require_safe
@staff_page(Permission.SETTINGS)
def index(request: StaffRequest) -> HttpResponse:
    practice = request.staff.practice
    return render(
        request, "directory/offices.html", {"offices": queries.offices(practice.pk), "practice": practice}
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def new(request: StaffRequest) -> HttpResponse:
    return _page(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def edit(request: StaffRequest, public_id: str) -> HttpResponse:
    return _page(request, access.office_for(request.staff, public_id))


def _page(request: StaffRequest, office: Office | None) -> HttpResponse:
    practice = request.staff.practice
    now = {name: getattr(office, name) for name in offices.FIELDS} if office is not None else {}
    form = OfficeForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data

        def deed() -> str:
            return str(offices.add(practice=practice, values=given, by=request.actor).public_id)

        try:
            if office is None:
                scope, key = f"directory:add-office:{request.staff.public_id}", request.POST.get("idempotency_key", "")
                idempotency.once(scope, key or new_public_id(), deed, of=given)
            else:
                offices.edit(office=office, values=given, by=request.actor)
        except AppError as refusal:
            form.add_error("name" if isinstance(refusal, OfficeNameTaken) else None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("directory:offices")
    context = {"form": form, "office": office, "practice": practice}
    return render(request, "directory/office.html", context, status=422 if form.errors else 200)
