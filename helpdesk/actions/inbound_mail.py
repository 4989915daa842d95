"""What happens to an e-mail: it is kept whole first, and read afterwards. Nothing that arrived is ever lost.

`receive` is what a mail server waits for: one row, every byte, and a promise to read it. `read` finds where it belongs
and may run as often as it likes. Nobody is told anything about patients: whoever writes, known or not, gets the same
receipt. A From line that is a known address decides the office alone (TR-03); who somebody is, the office finds out.
"""

import datetime as dt
import hashlib
import logging
from collections.abc import Iterable
from dataclasses import replace

from django.conf import settings
from django.db import transaction

from helpdesk import errors
from helpdesk.actions import mail_routes, received_files, tickets
from helpdesk.actions.letters import confirm_receipt
from helpdesk.contracts import Intake, MailReceived, Placed
from helpdesk.enums import MAIL_MOVES, Category, Channel, HoldReason, MailState, RequesterKind, TicketState
from helpdesk.models import InboundMail, Ticket, TicketMessage
from helpdesk.rules import letter as letters
from helpdesk.rules import sender_check
from helpdesk.rules.letter import Letter
from helpdesk.rules.letter_text import clean, new_words, shortened, without_signature
from helpdesk.rules.mail_topic import topic
from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.kernel.enums import ActorKind
from portal_core.notify.actions import reports
from portal_core.notify.rules import returned

logger = logging.getLogger(__name__)

MAX_MAIL = 25 * 1024 * 1024
COMPARED = 5  # of the letters with the same id, the newest: a copy comes soon after
PER_HOUR = 20  # e-mails of one address that go to tickets by themselves; more is a loop or an attack
FAULTS = {
    "not_parsed": "It could not be read at all.",
    "nothing_found": "Nothing in it could be read.",
    "broken": "Its structure is broken.",
    "encoding": "A part of it is wrongly encoded.",
    "too_many_parts": "It has too many parts.",
    "too_many_files": f"It has more than {letters.MAX_FILES} files; the others are in the original.",
    "tnef": "Outlook's envelope (winmail.dat) could not be opened.",
    "tnef_words": "Its words are in Outlook's envelope (winmail.dat) and could not be read; open that file in Outlook.",
    "no_sender": "It names no sender one could answer.",
}


@transaction.atomic
def receive(*, raw: bytes, envelope_sender: str, recipients: Iterable[str]) -> InboundMail:
    """Keep an e-mail. The same hand-over twice is one row. Raises MailboxUnknown when none of the recipients is ours,
    MailTooLarge above 25 MB, MailEmpty."""
    ours = sorted({address.strip().strip("<>").lower() for address in recipients if mail_routes.is_ours(address)})
    if not ours:
        raise errors.MailboxUnknown
    if not raw.strip():
        raise errors.MailEmpty
    if len(raw) > MAX_MAIL:
        raise errors.MailTooLarge
    sender = clean(envelope_sender).strip().strip("<>").lower()[:320]
    digest = hashlib.sha256(b"\x00".join([raw, sender.encode(), *(one.encode() for one in ours)]))
    now = clock.now()
    mail, new = InboundMail.objects.get_or_create(
        digest=digest.hexdigest(),
        defaults={
            "practice_id": mail_routes.practice_of(ours),
            "raw": raw, "size": len(raw), "envelope_sender": sender, "recipients": ours[:50], "received_at": now,
        },
    )  # fmt: skip
    if new:
        audit.record("mail:receive", by=SYSTEM, target=mail, practice_id=mail.practice_id, at=now, size=len(raw))
        outbox.publish(MailReceived(mail_id=mail.public_id, at=now))
    return mail


@transaction.atomic
def read(*, mail_id: str) -> InboundMail:
    """Find out what an e-mail is and bring it where it belongs. One that was read before is left alone."""
    now = clock.now()
    mail = InboundMail.objects.select_for_update(of=("self",)).get(public_id=mail_id)
    if mail.state != MailState.RECEIVED:
        return mail
    raw = bytes(mail.raw)
    if _is_report(mail, raw, at=now):
        return mail
    letter = _letter(raw, mail)
    place = mail_routes.place_of(mail.recipients, letter)
    mail.practice_id, mail.office = place.office.practice_id, place.office
    mail.sender, mail.subject, mail.header_id = letter.sender, letter.subject, letter.header_id[:300]
    mail.references, mail.faults = list(letter.references), list(letter.faults)
    mail.sender_check = sender_check.check(
        letter.trace, server=settings.INBOUND_MAIL_AUTHSERV, hops=settings.INBOUND_MAIL_HOPS, sender=letter.sender
    )
    if _came_before(mail, letter, place):
        _move(mail, MailState.DUPLICATE, at=now)
        _record("mail:duplicate", mail, at=now)
    elif letter.machine and place.ticket is None:
        _hold(mail, HoldReason.MACHINE, at=now)
    elif _too_many(mail, at=now):
        _hold(mail, HoldReason.TOO_MANY, at=now)
    else:
        ticket = _bring_to_ticket(mail, letter, place, at=now)
        _record("mail:join", mail, at=now, ticket=ticket.public_id)
    return mail


@transaction.atomic
def make_ticket(*, mail: InboundMail, join: bool = False, by: Actor) -> Ticket:
    """Somebody looked at a held e-mail: it is a request after all, or (`join`) belongs to the ticket it answers. A
    second press finds the ticket of the first. Raises WrongMove for one that is not held, OriginalRemoved."""
    now = clock.now()
    mail = InboundMail.objects.select_related("office__practice").select_for_update(of=("self",)).get(pk=mail.pk)
    if mail.state == MailState.TICKETED and mail.ticket is not None:
        return mail.ticket
    if mail.raw_removed_at is not None:
        raise errors.OriginalRemoved
    letter = _letter(bytes(mail.raw), mail)
    place = mail_routes.place_of(mail.recipients, letter)
    secure = place.ticket is not None and place.ticket.channel == Channel.MESSAGE  # tied to it in any case
    if letter.machine or not (secure or (join and answered_by(mail, letter) is not None)):
        place = replace(place, office=mail.office or place.office, ticket=None)
    mail.office, mail.practice_id = place.office, place.office.practice_id
    ticket = _bring_to_ticket(mail, letter, place, at=now, by_hand=True)
    audit.record("mail:make_ticket", by=by, target=mail, practice_id=mail.practice_id, at=now, ticket=ticket.public_id)
    return ticket


def answered_by(mail: InboundMail, letter: Letter) -> Ticket | None:
    """The ticket of the same practice that a held e-mail answers and may be added to; None: it begins one."""
    if letter.machine or mail.raw_removed_at is not None:
        return None
    ticket = mail_routes.place_of(mail.recipients, letter).ticket
    if ticket is None or ticket.channel == Channel.MESSAGE or ticket.practice_id != mail.practice_id:
        return None
    return ticket


@transaction.atomic
def set_aside(*, mail: InboundMail, by: Actor) -> InboundMail:
    """Nothing to do about it; it stays, and can still become a ticket. Raises WrongMove."""
    now = clock.now()
    mail = InboundMail.objects.select_for_update(of=("self",)).get(pk=mail.pk)
    if mail.state == MailState.SET_ASIDE:
        return mail
    _move(mail, MailState.SET_ASIDE, at=now)
    audit.record("mail:set_aside", by=by, target=mail, practice_id=mail.practice_id, at=now)
    return mail


# --- inside -----------------------------------------------------------------------------------------------------------
def _letter(raw: bytes, mail: InboundMail) -> Letter:
    try:
        return letters.read(raw, envelope_sender=mail.envelope_sender)
    except Exception as fault:
        # The parser promises to raise nothing. If it breaks its word, the mail still reaches a person.
        logger.exception("an e-mail could not be read: %s", type(fault).__name__)
        return Letter(text="(This e-mail could not be read.)", quiet=True, faults=("not_parsed",))


def _is_report(mail: InboundMail, raw: bytes, *, at: dt.datetime) -> bool:
    """A bounce or a complaint about a mail of ours goes to the ledger of mails."""
    if b"multipart/report" not in raw.lower() or letters.too_intricate(raw):
        return False
    try:
        report = returned.from_mail(raw)
    except returned.Unreadable:
        return False
    reports.mail_returned(reports=[report], source="mail")
    _move(mail, MailState.REPORT, at=at)
    _record("mail:report", mail, at=at)
    return True


def _came_before(mail: InboundMail, letter: Letter, place: "mail_routes.Place") -> bool:
    """One letter to two of our addresses arrives twice, with other lines of transport each time. The id alone says
    nothing: scanners give every letter the same, and whoever saw one can use it again."""
    if not mail.header_id:
        return False
    same = InboundMail.objects.filter(
        header_id=mail.header_id, sender=mail.sender, practice_id=place.office.practice_id, state=MailState.TICKETED,
        raw_removed_at=None,
    ).exclude(pk=mail.pk)  # fmt: skip
    mine = _content(letter)
    return any(_content(_letter(bytes(one.raw), one)) == mine for one in same.order_by("-id")[:COMPARED].iterator())


def _content(letter: Letter) -> tuple[str, str, str, tuple[tuple[str, bytes], ...]]:
    """What makes it the same letter to a reader."""
    files = tuple((one.name, hashlib.sha256(one.data).digest()) for one in letter.files)
    return letter.subject, letter.text, letter.html, files


def _too_many(mail: InboundMail, *, at: dt.datetime) -> bool:
    since = at - dt.timedelta(hours=1)
    same = InboundMail.objects.filter(sender=mail.sender, received_at__gte=since, state=MailState.TICKETED)
    return same.count() >= PER_HOUR


def _bring_to_ticket(
    mail: InboundMail, letter: Letter, place: "mail_routes.Place", *, at: dt.datetime, by_hand: bool = False
) -> Ticket:
    earlier, new = place.ticket, False
    message: TicketMessage | None
    secure = earlier if earlier is not None and earlier.channel == Channel.MESSAGE and not letter.machine else None
    if secure is not None:
        # The only way into that conversation is the patient's sign-in; an address proves nothing.
        earlier, place = None, replace(place, ticket=None, placed=Placed.BEFORE)
    over = earlier is not None and TicketState.CLOSED in (earlier.state, getattr(earlier.merged_into, "state", ""))
    if earlier is not None and letter.machine:
        ticket = earlier
        message = tickets.add_note(ticket=ticket, body=f"Automatic answer by e-mail:\n\n{_words(letter)}", by=SYSTEM)
    elif earlier is not None and not over:
        ticket, words = earlier, _words(letter, answer=True)
        message = tickets.reply(ticket=ticket, body=words, by=tickets.requester_of(ticket))
    elif earlier is not None and place.proven:
        words, new = _words(letter, answer=True), True
        ticket = tickets.follow_up(ticket=earlier, body=words, by=tickets.requester_of(earlier))
        message = ticket.messages.order_by("at", "id").first()
    else:
        ticket, new, earlier = _open(letter, place), True, None
        message = ticket.messages.order_by("at", "id").first()
    if earlier is not None and not letter.machine:
        _say_who_wrote(ticket, letter, place)
    if secure is not None:
        _tie(ticket, secure)
    received_files.keep(ticket=ticket, message=message, mail=mail, files=letter.files, at=at)
    if letter.faults:
        why = " ".join(FAULTS.get(code, code) for code in letter.faults)
        _note(ticket, f"Not everything in this e-mail could be read. {why} The original is kept whole.")
    _on_ticket(mail, ticket, message, at=at)
    if new and not letter.quiet and not by_hand:
        confirm_receipt(ticket)
    return ticket


def _say_who_wrote(ticket: Ticket, letter: Letter, place: "mail_routes.Place") -> None:
    """What staff should know before they believe an answer."""
    if letter.sender != ticket.requester_email.lower():
        who = letter.sender or "an unknown address"
        _note(ticket, f"This answer came from {who}, not from the requester's address.")
    if not place.proven:
        _note(ticket, "This e-mail was joined by the number in its subject. It may come from somebody else.")


def _tie(ticket: Ticket, secure: Ticket) -> None:
    if ticket.side == secure.side:
        tickets.link(ticket=ticket, other=secure, by=SYSTEM)
    _note(
        ticket,
        f"This e-mail answers the secure message {secure.reference}. Nobody signed in to write it, so it stands here "
        "and not there. Answer in the portal, or find out first who wrote.",
    )


def _open(letter: Letter, place: "mail_routes.Place") -> Ticket:
    kind = RequesterKind.STAFF if place.staff is not None else RequesterKind.PATIENT
    words = _words(letter)
    intake = Intake(
        requester_kind=kind,
        category=Category.STAFF_HOWTO if place.staff is not None else topic(f"{letter.subject}\n{words}"),
        channel=Channel.EMAIL,
        body=words,
        name=letter.sender_name or letter.sender.partition("@")[0],
        email=letter.sender,
    )
    writer = Actor(
        kind=ActorKind.REQUESTER, id="mail", label="Somebody by e-mail", practice_id=place.office.practice_id
    )
    return tickets.open_from_contact(intake=intake, office=place.office, placed=place.placed, by=writer)


def _words(letter: Letter, *, answer: bool = False) -> str:
    """What becomes part of the conversation; an answer without what it answers to."""
    text = new_words(letter.text) if answer else without_signature(letter.text)
    if not answer and letter.subject:
        text = f"{letter.subject}\n\n{text}".strip()
    return shortened(text) or "(This e-mail has no text.)"


def _note(ticket: Ticket, body: str) -> None:
    tickets.add_note(ticket=ticket, body=body, by=SYSTEM)


def _on_ticket(mail: InboundMail, ticket: Ticket, message: TicketMessage | None, *, at: dt.datetime) -> None:
    mail.ticket, mail.message, mail.office, mail.practice_id = ticket, message, ticket.office, ticket.practice_id
    mail.hold_reason = ""
    _move(mail, MailState.TICKETED, at=at)


def _hold(mail: InboundMail, reason: HoldReason, *, at: dt.datetime) -> None:
    mail.hold_reason = reason
    _move(mail, MailState.HELD, at=at)
    _record("mail:hold", mail, at=at, reason=str(reason))


def _record(action: str, mail: InboundMail, *, at: dt.datetime, **facts: str) -> None:
    audit.record(action, by=SYSTEM, target=mail, practice_id=mail.practice_id, at=at, **facts)


def _move(mail: InboundMail, to: MailState, *, at: dt.datetime) -> None:
    if to not in MAIL_MOVES[MailState(mail.state)]:
        raise errors.WrongMove
    mail.state, mail.read_at = to, at
    mail.save(
        update_fields=[
            "state", "hold_reason", "read_at", "practice", "office", "ticket", "message", "sender", "subject",
            "header_id", "references", "faults", "sender_check",
        ]
    )  # fmt: skip
