"""Whose desk an e-mail or a text belongs on, and which ticket it continues."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils.text import slugify

from helpdesk import errors
from helpdesk.contracts import Placed
from helpdesk.enums import Channel
from helpdesk.models import InboundMail, Ticket
from helpdesk.rules.letter import Letter
from helpdesk.rules.reply_address import mailbox
from portal_core.directory import queries as directory
from portal_core.notify.queries import recipient_keys

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Staff


@dataclass(frozen=True, slots=True)
class Place:
    """`ticket`: what it answers to, if anything. `staff`: the From line is a colleague's address, which proves nothing:
    IT calls back before it does anything (TR-09)."""

    office: "Office"
    staff: "Staff | None" = None
    ticket: Ticket | None = None
    proven: bool = True  # False: found by its number alone, which anybody may have seen
    placed: Placed = Placed.BEFORE


def is_ours(address: str) -> bool:
    """Whether mail to this address is for us: the question a mail server asks before it takes one."""
    box = mailbox(address)
    if box is None:
        return False
    return bool(box.ticket_id) or box.general or any(one.practice.slug == box.practice for one in _offices())


def practice_of(recipients: Sequence[str]) -> int | None:
    """The practice a mail was addressed to, before anybody has read it; None on an installation without any."""
    boxes = [box for box in map(mailbox, recipients) if box is not None]
    sealed = Ticket.objects.filter(public_id__in=[box.ticket_id for box in boxes if box.ticket_id])
    of_ticket = sealed.values_list("practice_id", flat=True).first()
    if of_ticket is not None:
        return int(of_ticket)
    offices, slugs = _offices(), {box.practice for box in boxes}
    found = next((one for one in offices if one.practice.slug in slugs), next(iter(offices), None))
    return int(found.practice_id) if found is not None else None


def place_of(recipients: Sequence[str], letter: Letter) -> Place:
    """Where an e-mail belongs: the ticket it answers; else the office of whoever has the address that wrote; else the
    office it was addressed to; else the main one. Raises NoOffice on an installation without any."""
    boxes = [box for box in map(mailbox, recipients) if box is not None]
    ticket = _answered([box.ticket_id for box in boxes if box.ticket_id], letter)
    if ticket is not None:
        return Place(office=ticket.office, ticket=ticket)
    ticket = _numbered(letter)
    if ticket is not None:
        return Place(office=ticket.office, ticket=ticket, proven=False)
    offices = _offices()
    if not offices:
        raise errors.NoOffice
    named = [
        one for box in boxes for one in offices if box.practice == one.practice.slug and box.office == slugify(one.name)
    ]
    practice_slug = next((box.practice for box in boxes if box.practice), "")
    mine = [one for one in offices if one.practice.slug == practice_slug] or offices
    practice_id = mine[0].practice_id
    staff = directory.colleague_at(practice_id, letter.sender)
    home = directory.offices_reached_by(practice_id, email=letter.sender) if letter.sender and staff is None else []
    if len(home) == 1:
        return Place(office=home[0], placed=Placed.ON_FILE)
    return Place(office=(named or mine)[0], staff=staff, placed=Placed.ADDRESSED if named else Placed.MAIN)


def home_of(practice_id: int, phone: str) -> "Office":
    """The office of `place_of_number`."""
    return place_of_number(practice_id, phone).office


def place_of_number(practice_id: int, phone: str) -> Place:
    """Where a text or a call belongs: the home office of whoever has this number on file, else the main one. Raises
    NoOffice."""
    home = directory.offices_reached_by(practice_id, phone=phone)
    if len(home) == 1:
        return Place(office=home[0], placed=Placed.ON_FILE)
    office = directory.offices(practice_id).first()
    if office is None:
        raise errors.NoOffice
    return Place(office=office, placed=Placed.MAIN)


def _offices() -> "list[Office]":
    return list(directory.contact_offices())


def _answered(sealed: Sequence[str], letter: Letter) -> Ticket | None:
    """The ticket a letter answers. A sealed address, our thread's id or a Message-ID of ours stood in our letters
    alone: whoever has one holds the letter. A letter that names an earlier one of the same sender continues it."""
    known = dict.fromkeys([*sealed, *_named_in(letter.references), *_of_our_letters(letter.references)])
    found = {one.public_id: one for one in _tickets(Q(public_id__in=list(known)))}
    for public_id in known:
        if public_id in found:
            return found[public_id]
    if not letter.sender or not letter.references:
        return None
    earlier = InboundMail.objects.filter(
        header_id__in=list(letter.references), sender=letter.sender, ticket__isnull=False
    ).order_by("-id")
    return _tickets(Q(pk__in=list(earlier.values_list("ticket_id", flat=True)[:1]))).first()


def _numbered(letter: Letter) -> Ticket | None:
    """A number in a subject, from the address the ticket belongs to. Both can be forged: never a secure message."""
    words = {word.strip("[](){}#:.,;").upper() for word in letter.subject.split()[:40]}
    if not letter.sender or not words:
        return None
    mine = Q(reference__in=words, requester_email__iexact=letter.sender) & ~Q(channel=Channel.MESSAGE)
    return _tickets(mine).order_by("-id").first()


def _tickets(which: Q) -> QuerySet[Ticket]:
    return Ticket.objects.filter(which).select_related("office__practice", "practice", "merged_into")


def _named_in(references: Sequence[str]) -> list[str]:
    boxes = (mailbox(one.strip("<>")) for one in reversed(references))
    return [box.ticket_id for box in boxes if box is not None and box.ticket_id]


def _of_our_letters(references: Sequence[str]) -> list[str]:
    """Tickets whose letters of ours bear these Message-IDs; the left part is the delivery's id, which is random."""
    ids = [one.strip("<>").partition("@")[0] for one in reversed(references)]
    keys = recipient_keys(ids[:20], template_prefix="helpdesk/")
    return [keys[one].removeprefix("ticket:") for one in ids if keys.get(one, "").startswith("ticket:")]
