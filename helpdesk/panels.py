from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string

from helpdesk import queries
from helpdesk.access import ticket_token
from helpdesk.enums import FileState

if TYPE_CHECKING:
    from helpdesk.models import Ticket


def my_requests(request: HttpRequest) -> str:
    """On the portal's home page: the signed-in patient's own open requests."""
    patient = getattr(request, "patient", None)
    if patient is None:
        return ""
    rows = [(ticket, ticket_token(ticket)) for ticket in queries.open_of_patient(patient)]
    return render_to_string("helpdesk/my_requests.html", {"rows": rows}, request=request) if rows else ""


FILE_TONES = {
    FileState.WAITING: "info",
    FileState.CLEAN: "ok",
    FileState.UNCHECKED: "warning",
    FileState.INFECTED: "danger",
    FileState.BLOCKED: "neutral",
}


def received(request: HttpRequest, ticket: "Ticket") -> str:
    """On the ticket at a desk: files that came in, the e-mails as they came, pictures that were texted."""
    if getattr(request, "staff", None) is None:
        return ""
    files = [(one, FILE_TONES[FileState(one.state)]) for one in queries.files_of_ticket(ticket)]
    mails = queries.mails_of_ticket(ticket)
    pictures = sum(one.pictures for one in queries.texts_of_ticket(ticket))
    if not (files or mails or pictures):
        return ""
    context = {"files": files, "mails": mails, "pictures": pictures}
    return render_to_string("helpdesk/parts/received.html", context, request=request)


def held_mail(request: HttpRequest) -> str:
    """Beside the navigation: how many e-mails wait for a person."""
    staff = getattr(request, "staff", None)
    count = queries.held_mail_count(staff) if staff is not None and settings.INBOUND_MAIL_DOMAIN else 0
    return (str(count) if count < 100 else "99+") if count else ""
