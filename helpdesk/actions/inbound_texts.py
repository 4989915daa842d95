"""What happens to a text message: once, whatever the provider repeats, and on the desk its sender belongs to (TR-03).

A number on the screen proves nothing: it decides the office and which open conversation goes on, nothing else, and no
answer says whether we know the number.
"""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from helpdesk import errors
from helpdesk.actions import text_media, tickets
from helpdesk.actions.letters import confirm_receipt
from helpdesk.actions.mail_routes import place_of_number
from helpdesk.contracts import Intake
from helpdesk.enums import LIVE, Channel, RequesterKind, TextKind
from helpdesk.models import InboundText, TextOptOut, Ticket, VoiceLine
from helpdesk.queries import is_over
from helpdesk.rules.letter_text import clean, shortened
from helpdesk.rules.mail_topic import topic
from portal_core.directory import queries as directory
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.kernel.enums import ActorKind

# The words carriers require (CTIA): alone in a text, in any case.
STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "ALTO", "PARAR"})
START = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO", "AYUDA"})
GOES_ON = dt.timedelta(days=7)  # a text after a longer silence is a new matter
PER_HOUR = 20  # texts of one number that may have an answer of ours


@transaction.atomic
def receive(
    *, sid: str, sender: str, recipient: str, body: str, pictures: int = 0, media: Sequence[tuple[str, str]] = ()
) -> str:
    """Take one text; return what is to be answered at once, "" for nothing. The same sid again changes nothing.
    `media`: its files, as (address at the provider, type it claims); they are fetched afterwards."""
    now = clock.now()
    words = clean(body).strip()
    text, new = InboundText.objects.get_or_create(
        sid=clean(sid)[:64],
        defaults={
            "kind": _kind(words), "sender": clean(sender)[:32], "recipient": clean(recipient)[:32],
            "body": shortened(words, 4000), "pictures": min(pictures, 20), "received_at": now,
        },
    )  # fmt: skip
    if not new:
        return ""
    audit.record("text:receive", by=SYSTEM, target=text, at=now, kind=text.kind)
    if text.kind == TextKind.STOP:
        TextOptOut.objects.get_or_create(phone=text.sender, defaults={"at": now})
        _say_on_tickets(text)
        return ""  # the provider confirms STOP and START itself; a second answer would be one too many
    if text.kind == TextKind.START and TextOptOut.objects.filter(phone=text.sender).delete()[0]:
        return ""
    if text.kind == TextKind.HELP:
        return _help(text)
    _bring_to_ticket(text, at=now)
    text_media.want(text, media, at=now)
    return ""


# --- inside -----------------------------------------------------------------------------------------------------------
def _kind(words: str) -> TextKind:
    word = words.strip(" .!\"'").upper()
    for kind, known in ((TextKind.STOP, STOP), (TextKind.START, START), (TextKind.HELP, HELP)):
        if word in known:
            return kind
    return TextKind.WORDS


def _say_on_tickets(text: InboundText) -> None:
    """Whoever works on a conversation by text learns that it has lost its way out."""
    rows = Ticket.objects.filter(
        channel=Channel.SMS, requester_phone=text.sender, requester_email="", state__in=LIVE
    )  # fmt: skip
    for ticket in rows.order_by("pk"):
        tickets.add_note(ticket=ticket, body="They answered STOP: this number gets no more texts. Call it.", by=SYSTEM)


def _practice_id(text: InboundText) -> int:
    """The practice whose number was texted; where there is but one, or the number is nobody's own, the first."""
    line = VoiceLine.objects.filter(number=text.recipient).first()
    if line is not None:
        return int(line.practice_id)
    office = directory.contact_offices().first()
    if office is None:
        raise errors.NoOffice
    return int(office.practice_id)


def _help(text: InboundText) -> str:
    """The same words for everybody: HELP must not tell whether a number is known."""
    practice = directory.practice(_practice_id(text))
    office = directory.offices(practice.pk).first()
    phone = f" or call {office.phone_shown}" if office is not None and office.phone else ""
    return (
        f"{practice.name}: help with the portal at {settings.PUBLIC_URL}/help/{phone}. No medical details by text. "
        "Emergency: 911. Reply STOP to stop texts."
    )


def _bring_to_ticket(text: InboundText, *, at: dt.datetime) -> None:
    """Every text is on a ticket, however many come: those of one number belong together, so a flood is one long
    conversation. What it does not get is an answer to each."""
    since = at - dt.timedelta(hours=1)
    flood = InboundText.objects.filter(sender=text.sender, received_at__gt=since).count() > PER_HOUR
    practice_id = _practice_id(text)
    words = text.body or "(A text without words.)"
    ticket = _going_on(text, practice_id, at)
    if ticket is None:
        ticket = _open(text, words, practice_id)
    elif is_over(ticket):
        ticket = tickets.follow_up(ticket=ticket, body=words, by=tickets.requester_of(ticket))
    else:
        text.message = tickets.reply(ticket=ticket, body=words, by=tickets.requester_of(ticket))
    if text.message is None:
        text.message = ticket.messages.order_by("at", "id").first()
        if not flood:
            confirm_receipt(ticket)
    text.ticket = ticket
    text.save(update_fields=["ticket", "message"])


def _going_on(text: InboundText, practice_id: int, at: dt.datetime) -> Ticket | None:
    """The conversation this number has with us by text: the open one, else the one that moved last. A solved one opens
    again by the answer, one that was joined passes it on, a closed one has a follow-up (HD-08)."""
    rows = Ticket.objects.filter(
        practice_id=practice_id, channel=Channel.SMS, requester_phone=text.sender, updated_at__gt=at - GOES_ON,
    )  # fmt: skip
    rows = rows.annotate(goes_on=Q(state__in=LIVE)).order_by("-goes_on", "-updated_at", "-id")
    return rows.select_related("office__practice", "practice", "merged_into").first()


def _open(text: InboundText, words: str, practice_id: int) -> Ticket:
    intake = Intake(
        requester_kind=RequesterKind.PATIENT,
        category=topic(words),
        channel=Channel.SMS,
        body=words,
        phone=text.sender,
    )
    writer = Actor(kind=ActorKind.REQUESTER, id="text", label="Somebody by text", practice_id=practice_id)
    place = place_of_number(practice_id, text.sender)
    return tickets.open_from_contact(intake=intake, office=place.office, placed=place.placed, by=writer)
