"""What a requester hears from us: a link, never a word of what was written; by e-mail, else as a
text; at what they left, else at what their chart has on file."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from helpdesk import queries
from helpdesk.access import ticket_token
from helpdesk.enums import Channel, RequesterKind
from helpdesk.models import InboundMail, Ticket
from helpdesk.queries import reachable
from helpdesk.rules.reply_address import reply_address, thread_id
from portal_core import notify
from portal_core.access.actions.portal import language_of
from portal_core.kernel import clock
from portal_core.notify.rules.addresses import can_be_mailed

RECEIPTS_A_DAY = 3  # to one address: whoever writes in another's name must not fill that mailbox through us
# Of a secure message: what leaves the house about it.
SECURE = {"reply": "message", "nudge": "message_waits", "close_loop": "message_waits"}


def tell_requester(ticket: Ticket, name: str, *, cause: str, more: Mapping[str, Any] | None = None) -> int:
    """Send `helpdesk/<name>` to whoever asked, once per cause, where `queries.reachable` says; return how many promises
    that made (0: nobody can be told)."""
    if ticket.channel == Channel.MESSAGE:
        return _tell_patient(ticket, name, cause=cause, more=more)
    way = reachable(ticket)
    if not way.told:
        return 0
    by_text = not way.email
    return notify.send(
        f"helpdesk/{name}",
        to=notify.Recipient(
            key=f"ticket:{ticket.public_id}",
            email=way.email,
            phone=way.phone,
            language=language_of(ticket.patient) if way.on_file and ticket.patient is not None else "",
        ),
        cause=cause,
        context={
            "practice_name": ticket.practice.name,
            "reference": ticket.reference,
            "link": settings.PUBLIC_URL + reverse("helpdesk:ticket", args=[ticket_token(ticket)]),
            "office_phone": ticket.office.phone,
            "by_mail": bool(settings.INBOUND_MAIL_DOMAIN),
            "colleague": ticket.requester_kind != RequesterKind.PATIENT,
            **(more or {}),
        },
        channels=("sms",) if by_text else ("email",),
        headers=None if by_text else threading_headers(ticket),
    )


def tell_patient_of_files(ticket: Ticket, *, cause: str, more: Mapping[str, Any]) -> int:
    """The request came by phone, and nobody left an address: the files wait in the portal, so the patient hears of them
    at the address on file. How many, never their names (PC-59)."""
    if ticket.patient is None or not can_be_mailed(ticket.patient.email):
        return 0
    return notify.send(
        "helpdesk/files",
        to=notify.Recipient(
            key=f"ticket:{ticket.public_id}", email=ticket.patient.email, language=language_of(ticket.patient)
        ),
        cause=cause,
        context={
            "practice_name": ticket.practice.name,
            "office_phone": ticket.office.phone_shown if ticket.office.phone else "",
            **more,
        },
        channels=("email",),
    )


def _tell_patient(ticket: Ticket, name: str, *, cause: str, more: Mapping[str, Any] | None) -> int:
    """That a secure message waits (PC-06): at the address on file today, and where there is none as a text. What else
    becomes of the conversation stands in the portal."""
    letter, patient = SECURE.get(name), ticket.patient
    if letter is None or patient is None:
        return 0
    way = reachable(ticket)
    if not way.told:
        return 0
    return notify.send(
        f"helpdesk/{letter}",
        to=notify.Recipient(
            key=f"ticket:{ticket.public_id}", email=way.email, phone=way.phone, language=language_of(patient)
        ),
        cause=cause,
        context={
            "practice_name": ticket.practice.name,
            "link": settings.PUBLIC_URL + reverse("helpdesk:request", args=[ticket.public_id]),
            "office_phone": ticket.office.phone_shown if ticket.office.phone else "",
            **(more or {}),
        },
        channels=("email",) if way.email else ("sms",),
        # No address to answer to: the only way into the conversation is the patient's sign-in.
    )


def confirm_receipt(ticket: Ticket) -> None:
    """Tell who wrote in that it arrived; the same words whether we know them or not."""
    mine = Ticket.objects.filter(channel=ticket.channel, created_at__gt=clock.now() - dt.timedelta(days=1))
    if ticket.requester_email:
        mine = mine.filter(requester_email__iexact=ticket.requester_email)
    else:
        mine = mine.filter(requester_phone=ticket.requester_phone)
    if ticket.channel == Channel.WEB or mine.count() <= RECEIPTS_A_DAY:
        tell_received(ticket)


def tell_received(ticket: Ticket) -> int:
    """That it arrived, and while nobody is there, from when on somebody is (HD-11)."""
    with translation.override(settings.LANGUAGE_CODE):
        opens = queries.opens_words(ticket, now=clock.now())
    return tell_requester(ticket, "received", cause=f"ticket-received:{ticket.public_id}", more={"opens": opens})


def threading_headers(ticket: Ticket) -> dict[str, str]:
    """Where an answer goes, and what this letter belongs to (RFC 5322 §3.6.4): their own last letter first."""
    thread = thread_id(ticket.public_id)
    if not thread:
        return {}
    headers = {"Reply-To": f"<{reply_address(ticket.public_id)}>"}
    theirs = InboundMail.objects.filter(ticket=ticket).exclude(header_id="").order_by("-id").values_list("header_id")
    last = next((header_id for (header_id,) in theirs[:1] if len(header_id) <= 200), "")
    headers["In-Reply-To"] = last or thread
    headers["References"] = f"{thread} {last}".strip()
    return headers
