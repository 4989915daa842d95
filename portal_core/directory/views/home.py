from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_http_methods

from portal_core.directory.actions import hats
from portal_core.directory.enums import Hat, Permission
from portal_core.directory.errors import HatChosen
from portal_core.directory.forms import HatForm
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.people import HAT_KEY, UNCHOSEN

# Where each kind of work begins. The first one a person may open is theirs.
FRONT_PAGES: tuple[tuple[Permission, tuple[str, ...]], ...] = (
    (Permission.OFFICE_DESK, ("triage:office",)),
    (Permission.IT_DESK, ("triage:it",)),
    (Permission.CHART, ("scheduling:day", "scheduling:schedule")),
    (Permission.STATUS_PUBLISH, ("statuspage:desk", "statuspage:manage")),
    (Permission.SETTINGS, ("directory:staff-list",)),
    (Permission.SCHEDULE, ("scheduling:day", "scheduling:schedule")),
    (Permission.AUDIT_READ, ("directory:ledger",)),
)


@staff_page()
def desk(request: StaffRequest) -> HttpResponse:
    """Send everybody to the page their work begins on; those without one to their own profile."""
    for permission, names in FRONT_PAGES:
        if request.staff.may(permission):
            for name in names:
                try:
                    return redirect(reverse(name))
                except NoReverseMatch:
                    continue
    return redirect("directory:me")


@require_http_methods(["GET", "POST"])
@staff_page()
def hat(request: StaffRequest) -> HttpResponse:
    """Somebody with office and IT roles works on one side per session (design.md section 7)."""
    if request.staff.hat != UNCHOSEN:
        if request.method == "POST":
            raise HatChosen
        return redirect("directory:desk")
    choices = [(value, label) for value, label in Hat.choices if value in request.staff.hats]
    form = HatForm(request.POST or None, choices=choices)
    if request.method == "POST" and form.is_valid():
        chosen = Hat(form.cleaned_data["hat"])
        hats.choose(staff=request.staff, hat=chosen, by=request.actor)
        session = cast(HttpRequest, request).session
        session.cycle_key()
        session[HAT_KEY] = str(chosen)
        return redirect("directory:desk")
    return render(request, "directory/hat.html", {"form": form}, status=422 if form.errors else 200)


hat.before_hat = True  # type: ignore[attr-defined]
