"""Practice settings: the number people call, and where it rings (HD-10)."""

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from helpdesk import queries
from helpdesk.actions import phone_line
from helpdesk.errors import LineLoops
from helpdesk.forms import PhoneLineForm
from portal_core.directory import queries as directory
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import Invalid


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def settings_page(request: StaffRequest) -> HttpResponse:
    practice = request.staff.practice
    line = queries.line_of_practice(practice.pk)
    form = PhoneLineForm(
        request.POST or None,
        offices=list(directory.offices(practice.pk)),
        numbers=queries.desk_numbers(practice.pk),
        initial={"number": line.number, "transcribe": line.transcribe} if line is not None else None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            _save(request, form)
        except Invalid as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("helpdesk:phone")
    context = {
        "form": form,
        "line": line,
        "connected": bool(settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN),
        "voice_url": settings.PUBLIC_URL + reverse("helpdesk:voice"),
        "status_url": settings.PUBLIC_URL + reverse("helpdesk:voice-over"),
    }
    return render(request, "helpdesk/phone.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _save(request: StaffRequest, form: PhoneLineForm) -> None:
    """All of the page or nothing of it."""
    practice, got, by = request.staff.practice, form.cleaned_data, request.actor
    taken = {got[name] for name in form.places if got[name]}
    if got["number"] in taken:
        raise LineLoops
    phone_line.set_line(practice=practice, number=got["number"], transcribe=got["transcribe"], by=by)
    for name, office in form.places.items():
        phone_line.set_desk_phone(practice=practice, office=office, number=got[name], by=by)
