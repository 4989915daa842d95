"""What e-mails hold beside words: files, Outlook's own envelope, invitations. Pure; hostile like all around it."""

import logging
from dataclasses import dataclass

from icalendar import Calendar, Component
from tnefparse import TNEF

from helpdesk.rules.letter_text import clean, decoded, html_to_text

logger = logging.getLogger(__name__)

MAX_EVENTS = 5
MAX_CALENDAR = 200_000  # bytes


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file as it was sent; `claimed` is the sender's word for its type."""

    name: str
    claimed: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    text: str
    files: tuple[Enclosed, ...]
    words_left: bool = False  # there are words in it, compressed, which were not read


def from_tnef(data: bytes) -> Opened | None:
    """What winmail.dat holds; None when it cannot be opened. Its compressed text is left alone: it grows unbounded."""
    try:
        inside = TNEF(data, do_checksum=False)
        text = _words(inside.body)
        if not text and (html := _words(inside.htmlbody)):
            text = html_to_text(html)
        left = not text and bool(inside._rtfbody)
        files = tuple(
            Enclosed(clean(str(one.long_filename() or one.name or "attachment"))[:200], "", bytes(one.data or b""))
            for one in inside.attachments
        )
    except Exception as fault:  # noqa: BLE001 - the library raises whatever the bytes drive it to; the file is kept
        logger.info("winmail.dat could not be opened: %s", type(fault).__name__)
        return None
    return Opened(text, files, words_left=left) if text or files else None


def _words(body: object) -> str:
    if isinstance(body, bytes):
        return decoded(body, None).strip()
    return clean(body).strip() if isinstance(body, str) else ""


def calendar_words(data: bytes) -> str:
    """An invitation in words, one line an event; "" when it cannot be read."""
    if len(data) > MAX_CALENDAR:
        return ""
    try:
        calendar = Calendar.from_ical(decoded(data, "utf-8"))
        events = list(calendar.walk("VEVENT"))[:MAX_EVENTS]
        return "\n".join(_event(one) for one in events)
    except Exception as fault:  # noqa: BLE001 - as above: the file itself is kept beside the words
        logger.info("an invitation could not be read: %s", type(fault).__name__)
        return ""


def _event(event: Component) -> str:
    start = getattr(event.get("DTSTART"), "dt", None)
    when = (
        f", {start:%Y-%m-%d %H:%M %Z}".rstrip() if start is not None and hasattr(start, "hour") else f", {start or ''}"
    )
    return clean(f"Invitation: {str(event.get('SUMMARY', ''))[:200]}{when.rstrip(', ')}").strip()
