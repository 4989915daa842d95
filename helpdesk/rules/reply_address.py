"""Addresses of ours: where a practice's mail goes, and the one an answer comes back to.

`reply+<ticket><seal>@domain` proves that whoever writes there holds a letter of that ticket. The seal is lower case and
short, because mail systems fold cases and a local part has 64 characters (RFC 5321 §4.5.3.1.1).
"""

import hashlib
import hmac
from dataclasses import dataclass

from django.conf import settings
from django.utils.text import slugify

from portal_core.kernel.ids import ALPHABET, LENGTH

PREFIX = "reply+"
SEAL = 16  # characters of base 32: 80 bits


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What an address of ours stands for. `ticket_id`: an answer to that ticket; else a practice, perhaps an office."""

    ticket_id: str = ""
    practice: str = ""
    office: str = ""
    general: bool = False  # postmaster, and the address our mail comes from: whoever writes there wants an answer too


def reply_address(ticket_id: str) -> str:
    """Where answers about this ticket go; "" while no domain receives mail."""
    domain = settings.INBOUND_MAIL_DOMAIN
    return f"{PREFIX}{ticket_id}{_seal(ticket_id, settings.SECRET_KEY)}@{domain}" if domain else ""


def thread_id(ticket_id: str) -> str:
    """A Message-ID that stands in the References of every letter of a ticket, so that mail programs keep them together
    and an answer that lost its address still finds home."""
    address = reply_address(ticket_id)
    return f"<{address}>" if address else ""


def office_address(practice: str, office_name: str, *, main: bool) -> str:
    """Where one writes to an office; the main one's is the practice's own."""
    domain = settings.INBOUND_MAIL_DOMAIN
    if not domain:
        return ""
    return f"{practice}@{domain}" if main else f"{practice}+{slugify(office_name)}@{domain}"


def mailbox(address: str) -> Mailbox | None:
    """What this address stands for, or None for one that is not ours. Whether the practice exists is not known here."""
    local, _, domain = address.strip().strip("<>").lower().rpartition("@")
    wanted = settings.INBOUND_MAIL_DOMAIN.lower()
    if not local or not wanted or domain != wanted or not (local.isascii() and local.isprintable()):
        return None
    if local.startswith(PREFIX):
        ticket_id = _opened(local.removeprefix(PREFIX))
        return Mailbox(ticket_id=ticket_id) if ticket_id else None
    own = settings.MAIL_FROM.rpartition("<")[2].strip("> ").lower()
    if local == "postmaster" or f"{local}@{domain}" == own:
        return Mailbox(general=True)
    practice, _, office = local.partition("+")
    return Mailbox(practice=practice, office=office)


def _opened(sealed: str) -> str:
    """The ticket's id if the seal is ours; earlier keys open too."""
    ticket_id, seal = sealed[:LENGTH], sealed[LENGTH:]
    if len(ticket_id) != LENGTH or not set(ticket_id) <= set(ALPHABET) or not seal.isascii():
        return ""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return ticket_id if any(hmac.compare_digest(_seal(ticket_id, key), seal) for key in keys) else ""


def _seal(ticket_id: str, key: str) -> str:
    digest = hmac.new(f"helpdesk.reply:{key}".encode(), ticket_id.encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:10], "big")
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(SEAL))
