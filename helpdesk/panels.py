from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from helpdesk import queries
from helpdesk.enums import FILE_TONES, FileSender, FileState, RecordingState, RequesterKind, SenderCheck
from helpdesk.models import Ticket
from portal_core.access.enums import ProxyScope
from portal_core.directory.guards import may_act

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

LETTERS = {
    "helpdesk/received": _("We have your request"),
    "helpdesk/reply": _("An answer to the request"),
    "helpdesk/files": _("Files from the office"),
    "helpdesk/solved": _("The request is solved"),
    "helpdesk/close_loop": _("Does it work now?"),
    "helpdesk/incident": _("Known problem: we are on it"),
    "helpdesk/joined": _("Two requests became one"),
    "helpdesk/nudge": _("Reminder: we wait for an answer"),
    "helpdesk/no_answer": _("Closed without an answer"),
    "helpdesk/message": _("A new message in the portal"),
    "helpdesk/message_waits": _("Reminder: a message in the portal waits"),
}
TICKETS_LOOKED_AT = 20
MESSAGES_SHOWN = 3


def my_files(request: HttpRequest) -> str:
    """On the portal's home page: what the office sent last, for the patient and for who may open it for them."""
    patient = getattr(request, "patient", None)
    if patient is None or not may_act(request, ProxyScope.FILES):
        return ""
    files = queries.latest_files(patient)
    return render_to_string("helpdesk/my_files.html", {"files": files}, request=request) if files else ""


def shows_files(request: HttpRequest) -> bool:
    """Whether the portal's navigation leads to files: for the patient, and for who may open them for them."""
    return getattr(request, "patient", None) is not None and may_act(request, ProxyScope.FILES)


def my_messages(request: HttpRequest) -> str:
    """On the portal's home page: what the office wrote, and how much of it is unread."""
    patient = _reader(request)
    if patient is None:
        return ""
    rows = queries.conversations(patient, limit=MESSAGES_SHOWN).rows
    context = {"rows": rows, "unread": unread_of(request, patient)}
    return render_to_string("helpdesk/parts/messages_card.html", context, request=request)


def shows_messages(request: HttpRequest) -> bool:
    """Whether the portal's navigation leads to messages: not for somebody who acts for a patient."""
    return _reader(request) is not None


def unread_messages(request: HttpRequest) -> str:
    """Beside that link: how many are unread."""
    patient = _reader(request)
    count = unread_of(request, patient) if patient is not None else 0
    return (str(count) if count < 100 else "99+") if count else ""


def unread_of(request: HttpRequest, patient: "Patient") -> int:
    """Asked once a page: the navigation and the card show the same number."""
    known: int | None = getattr(request, "unread_messages", None)
    if known is None:
        known = queries.unread_count(patient)
        request.unread_messages = known  # type: ignore[attr-defined]
    return known


def _reader(request: HttpRequest) -> "Patient | None":
    return getattr(request, "patient", None) if getattr(request, "acting", None) is None else None


def letters_to(patient: "Patient") -> list[str]:
    """Under which recipient keys a patient heard of their own requests; one query."""
    mine = Ticket.objects.filter(patient=patient, requester_kind=RequesterKind.PATIENT).order_by("-created_at", "-id")
    return [f"ticket:{public_id}" for public_id in mine.values_list("public_id", flat=True)[:TICKETS_LOOKED_AT]]


def received(request: HttpRequest, ticket: "Ticket") -> str:
    """On the ticket at a desk: files that came in, the e-mails as they came, pictures that were texted."""
    if getattr(request, "staff", None) is None:
        return ""
    all_files = [(one, FILE_TONES[FileState(one.state)]) for one in queries.files_of_ticket(ticket)]
    files = [row for row in all_files if row[0].sender == FileSender.REQUESTER]
    sent = [row for row in all_files if row[0].sender == FileSender.OFFICE]
    mails = queries.mails_of_ticket(ticket)
    texts = queries.texts_of_ticket(ticket)
    media = [one.state for text in texts for one in text.media.all()]
    waiting, kept = media.count(RecordingState.WANTED), media.count(RecordingState.KEPT)
    lost = max(0, sum(text.pictures for text in texts) - waiting - kept)
    if not (all_files or mails or waiting or lost):
        return ""
    unconfirmed = any(mail.sender_check == SenderCheck.NOT_CONFIRMED for mail in mails)
    context = {
        "files": files, "sent": sent, "mails": mails, "waiting": waiting, "lost": lost, "unconfirmed": unconfirmed,
    }  # fmt: skip
    return render_to_string("helpdesk/parts/received.html", context, request=request)


def held_mail(request: HttpRequest) -> str:
    """Beside the navigation: how many e-mails wait for a person."""
    staff = getattr(request, "staff", None)
    count = queries.held_mail_count(staff) if staff is not None and settings.INBOUND_MAIL_DOMAIN else 0
    return (str(count) if count < 100 else "99+") if count else ""
