"""E-mail as it came: what waits for a person, the original behind a message, and files out of quarantine."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from helpdesk import access, queries
from helpdesk.actions import inbound_mail, received_files, sent_files
from helpdesk.enums import FILE_TONES, MAIL_TONES, FileState, HoldReason, MailState, Side
from helpdesk.models import Attachment, InboundMail
from helpdesk.rules import letter as letters
from helpdesk.rules.letter_text import decoded, shown_html
from helpdesk.rules.reply_address import office_address
from portal_core.directory import queries as directory
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import audit

SOURCE = 60_000  # bytes of the raw mail that the page shows
UNDECIDED = (MailState.HELD, MailState.SET_ASIDE, MailState.RECEIVED)
both_desks = staff_page(Permission.OFFICE_DESK, Permission.IT_DESK)


@require_safe
@staff_page(Permission.OFFICE_DESK)
def held(request: StaffRequest) -> HttpResponse:
    """What opened no ticket by itself, newest first, and the addresses people can write to."""
    page = queries.held_mail(request.staff, after=request.GET.get("after", ""))
    offices = list(directory.offices(request.staff.practice_id))
    slug = request.staff.practice.slug
    context = {
        "page": page,
        "zone": request.staff.practice.time_zone,
        "receives": bool(settings.INBOUND_MAIL_DOMAIN),
        "addresses": [(one.name, office_address(slug, one.name, main=one.is_main)) for one in offices],
    }
    return render(request, "helpdesk/mail_held.html", context)


@require_safe
@never_cache
@both_desks
def mail(request: StaffRequest, public_id: str) -> HttpResponse:
    """One e-mail whole: every word, its HTML without anything that runs or loads, its files, and its source as text."""
    found = access.mail_for(request.staff, public_id)
    audit.record("mail:read", by=request.actor, target=found, practice_id=found.practice_id)
    raw = bytes(found.raw)
    letter = letters.read(raw, envelope_sender=found.envelope_sender)
    context: dict[str, Any] = {
        "mail": found,
        "zone": request.staff.practice.time_zone,
        "letter": letter,
        # Sanitised: no attribute, no script, style, link or picture is left (rules.letter_text.shown_html).
        "html": mark_safe(shown_html(letter.html)) if letter.html else "",  # noqa: S308
        "faults": [inbound_mail.FAULTS.get(code, code) for code in found.faults],
        "source": decoded(raw[:SOURCE], "utf-8"),
        "source_cut": len(raw) > SOURCE,
        "files": [(one, FILE_TONES[FileState(one.state)]) for one in queries.files_of_mail(found)],
        "tone": MAIL_TONES[MailState(found.state)],
        "why": HoldReason(found.hold_reason).label if found.hold_reason else "",
        "answers": inbound_mail.answered_by(found, letter) if found.state in UNDECIDED else None,
        "may_decide": found.state in UNDECIDED and found.raw_removed_at is None,
        "ticket_url": ticket_url(found),
    }
    return render(request, "helpdesk/mail.html", context)


@require_POST
@staff_page(Permission.OFFICE_DESK)
def make_ticket(request: StaffRequest, public_id: str) -> HttpResponse:
    found = access.mail_for(request.staff, public_id)
    join = request.POST.get("join") == "1"
    ticket = inbound_mail.make_ticket(mail=found, join=join, by=request.actor)
    words = _("It is on ticket %(number)s now.") if join else _("It is ticket %(number)s now.")
    messages.success(request, words % {"number": ticket.reference})
    return redirect("helpdesk:mail", public_id=public_id)


@require_POST
@staff_page(Permission.OFFICE_DESK)
def set_aside(request: StaffRequest, public_id: str) -> HttpResponse:
    inbound_mail.set_aside(mail=access.mail_for(request.staff, public_id), by=request.actor)
    messages.success(request, _("Set aside. It stays here, in case it is needed."))
    return redirect("helpdesk:mail-held")


@require_POST
@never_cache
@both_desks
def download(request: StaffRequest, public_id: str) -> HttpResponse:
    """A file out of quarantine: always to be saved, never shown in the browser. A POST, because it is an act of its own
    that stands on the ledger, and no mail or page can make a browser do it."""
    found = access.file_for(request.staff, public_id)
    attachment = received_files.hand_out(
        attachment=found, knowingly=request.POST.get("knowingly") == "1", by=request.actor
    )
    return _saved(attachment)


@require_POST
@staff_page(Permission.OFFICE_DESK)
def take_back(request: StaffRequest, public_id: str) -> HttpResponse:
    """The wrong file was sent: nobody opens it from now on (PC-59)."""
    found = sent_files.take_back(attachment=access.file_for(request.staff, public_id), by=request.actor)
    words = _("Taken back. The patient had opened it already.") if found.opened_at else _("Taken back, unopened.")
    messages.success(request, words)
    return redirect(f"/triage/office/tickets/{found.ticket.public_id}/")


def _saved(attachment: Attachment) -> HttpResponse:
    answer = HttpResponse(bytes(attachment.data), content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=attachment.name) or ""
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def ticket_url(mail: InboundMail) -> str:
    """The page of the mail's ticket at the desk that has it; "" while it has none."""
    if mail.ticket is None:
        return ""
    desk = "office" if mail.ticket.side == Side.OFFICE else "it"
    return f"/triage/{desk}/tickets/{mail.ticket.public_id}/"
