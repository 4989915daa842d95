"""What a signed-in patient and their office wrote to each other: the list. One conversation is `views.requests`."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from helpdesk import panels, queries
from portal_core.directory.guards import PatientRequest, patient_page


@patient_page
@never_cache
@require_safe
def inbox(request: PatientRequest) -> HttpResponse:
    """Every conversation, the newest first; what is unread says so in a word. The patient's own: nobody who acts for
    them gets here."""
    if request.GET.get("part") == "card":  # of the home page, when something new came
        return HttpResponse(panels.my_messages(request))
    page = queries.conversations(request.patient, after=request.GET.get("after", ""))
    part = "#live" if request.headers.get("HX-Request") == "true" else ""
    unread = panels.unread_of(request, request.patient)
    context = {"page": page, "unread": unread, "office": request.patient.home_office}
    return render(request, f"helpdesk/messages.html{part}", context)
