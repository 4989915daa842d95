from django.http import HttpRequest
from django.template.loader import render_to_string

from helpdesk import queries
from helpdesk.access import ticket_token


def my_requests(request: HttpRequest) -> str:
    """On the portal's home page: the signed-in patient's own open requests."""
    patient = getattr(request, "patient", None)
    if patient is None:
        return ""
    rows = [(ticket, ticket_token(ticket)) for ticket in queries.open_of_patient(patient)]
    return render_to_string("helpdesk/my_requests.html", {"rows": rows}, request=request) if rows else ""
