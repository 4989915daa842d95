"""What comes back about a mail we sent: bounces, complaints, receipts. Pure; everything read here is hostile.

Two sources: raw mail (RFC 3464 delivery status notifications, RFC 5965 feedback reports), and a small JSON form that
any provider's report can be brought into. A report names the mail by our own Message-ID, of which the left part is the
delivery's public id: 100 random bits that only its recipient ever saw. So a forged bounce can end its forger's own mail
and nobody else's.
"""

import email
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from email.policy import compat32
from enum import StrEnum
from typing import Any

from portal_core.kernel.ids import ALPHABET, LENGTH

MAX_MAIL = 1024 * 1024  # bytes; the headers we look for stand before any long attachment
MAX_PARTS = 100
MAX_EVENTS = 500

_DELIVERY = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")
_MESSAGE_ID = re.compile(rf"<?({_DELIVERY.pattern})@[^\s<>@]{{1,253}}>?")
_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
_HEADER = re.compile(r"^message-id:\s*(\S+)\s*$", re.IGNORECASE | re.MULTILINE)


class Kind(StrEnum):
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Returned:
    """One report. `code` is what the delivery keeps; `permanent`: the address will not work another time either."""

    delivery_id: str
    kind: Kind
    code: str = ""
    permanent: bool = False


class Unreadable(Exception):
    """Not a report, or not about a mail of ours."""


# --- raw mail -------------------------------------------------------------------------------------
def from_mail(raw: bytes) -> Returned:
    """Read a bounce or complaint as a mail server hands it over. Raises Unreadable for every other mail."""
    try:
        mail = email.message_from_bytes(raw[:MAX_MAIL], policy=compat32)
        parts = [part for _, part in zip(range(MAX_PARTS), mail.walk(), strict=False)]
        if mail.get_content_type() != "multipart/report":
            raise Unreadable
        delivery_id = _original(parts)
        for part in parts:
            if part.get_content_type() == "message/feedback-report":
                return _complaint(delivery_id, part)
        return _bounce(delivery_id, parts)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        raise Unreadable from None


def _complaint(delivery_id: str, part: Message) -> Returned:
    kind = _field(next(_blocks(part)), "Feedback-Type").lower()
    if kind == "not-spam":  # the opposite: somebody took it out of the junk folder
        raise Unreadable
    return Returned(delivery_id, Kind.COMPLAINT, "complaint", permanent=True)


def _bounce(delivery_id: str, parts: list[Message]) -> Returned:
    found = None
    for part in parts:
        if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        for block in _blocks(part):
            action = _field(block, "Action").lower()
            if action == "failed":
                return bounced(delivery_id, _field(block, "Status"))
            if action == "delivered":
                found = Returned(delivery_id, Kind.DELIVERED)
    if found is None:  # delayed, relayed, expanded: nothing is decided yet
        raise Unreadable
    return found


def bounced(delivery_id: str, status: str) -> Returned:
    """From an enhanced status code (RFC 3463). Permanent is what is about the address: not a full mailbox, not the
    letter's size or content, not somebody's opinion of our server."""
    match = _STATUS.search(status)
    if match is None:
        return Returned(delivery_id, Kind.BOUNCE, "bounce")
    level, subject, detail = match.groups()
    permanent = level == "5" and (subject == "1" or (subject, detail) in {("2", "1"), ("0", "0"), ("4", "4")})
    return Returned(delivery_id, Kind.BOUNCE, f"bounce_{match.group()}", permanent)


def _original(parts: list[Message]) -> str:
    """The delivery that the returned mail, or its head, was."""
    for part in parts:
        kind = part.get_content_type()
        if kind in ("message/rfc822", "message/global"):
            candidates = [_field(block, "Message-ID") for block in _blocks(part)]
        elif kind in ("text/rfc822-headers", "message/global-headers", "message/rfc822-headers"):
            candidates = _HEADER.findall(_text(part))
        else:
            continue
        for text in candidates:
            if found := _MESSAGE_ID.fullmatch(text.strip()):
                return found.group(1)
    raise Unreadable


def _blocks(part: Message) -> Iterator[Message]:
    inside = part.get_payload()
    yield from (block for block in inside if isinstance(block, Message)) if isinstance(inside, list) else ()


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else ""


def _field(block: Message, name: str) -> str:
    return str(block.get(name, ""))[:1000].strip()


# --- JSON -----------------------------------------------------------------------------------------
def from_json(found: Any) -> list[Returned]:
    """Read {"events": [event, …]} or one event:

    {"type": "bounce" | "complaint" | "delivered", "message_id": "<…@…>" or "delivery": "…", "status": "5.1.1"}

    Instead of `status` a bounce may say "permanent": true. Events of other types and about other mails are passed
    over; Raises Unreadable for anything that is not of this form.
    """
    events = found.get("events", [found]) if isinstance(found, Mapping) else None
    if not isinstance(events, list) or len(events) > MAX_EVENTS:
        raise Unreadable
    return [report for event in events if (report := _from_event(event)) is not None]


def _from_event(event: Any) -> Returned | None:
    if not isinstance(event, Mapping) or not isinstance(event.get("type"), str):
        raise Unreadable
    delivery_id = _named(event)
    if event["type"] not in tuple(Kind) or not delivery_id:
        return None
    kind = Kind(event["type"])
    if kind is Kind.DELIVERED:
        return Returned(delivery_id, kind)
    if kind is Kind.COMPLAINT:
        return Returned(delivery_id, kind, "complaint", permanent=True)
    report = bounced(delivery_id, str(event.get("status", ""))[:100])
    if event.get("permanent") is True:
        return Returned(delivery_id, kind, report.code, permanent=True)
    return report


def _named(event: Mapping[str, Any]) -> str:
    direct, message_id = event.get("delivery"), event.get("message_id")
    if isinstance(direct, str) and _DELIVERY.fullmatch(direct):
        return direct
    match = _MESSAGE_ID.fullmatch(message_id.strip()) if isinstance(message_id, str) else None
    return match.group(1) if match else ""
