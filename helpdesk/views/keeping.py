"""Practice settings: for how long originals are kept."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from helpdesk import queries
from helpdesk.actions import keeping
from helpdesk.forms import KeepingForm
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def settings_page(request: StaffRequest) -> HttpResponse:
    practice = request.staff.practice
    kept = queries.keeping_of(practice.pk)
    initial = {"mail_days": kept.mail_days, "recording_days": kept.recording_days}
    form = KeepingForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        keeping.choose(practice=practice, by=request.actor, **form.cleaned_data)
        messages.success(request, _("Saved. What is older is removed within the hour."))
        return redirect("helpdesk:keeping")
    return render(request, "helpdesk/keeping.html", {"form": form}, status=422 if form.errors else 200)
