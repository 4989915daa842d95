"""The page itself: its name, its zone, and how careful it is with mails."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import Invalid
from statuspage.actions import page_settings
from statuspage.forms.structure import SettingsForm
from statuspage.queries import desk
from statuspage.views.console import frame

FIELDS = ("name", "time_zone", "support_text", "undo_seconds", "storm_people", "storm_minutes")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def settings(request: StaffRequest) -> HttpResponse:
    row = desk.page()
    initial = {name: getattr(row, name) for name in FIELDS} if row is not None else {"storm_minutes": 10}
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                page_settings.change(**form.cleaned_data, by=request.actor)
            except Invalid as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, "Kept.")
                return redirect("statuspage:console-settings")
    return frame.page(request, "settings", {"form": form}, status=status)
