"""From the bytes of an e-mail to what people need of it. Pure, and it raises nothing, whatever the bytes are.

What cannot be read is named in `faults` and stays in the raw mail, which is kept whole. Sources: RFC 5322 (form),
2045–2047 (MIME), 3834 (machines that answer), 5545 (calendars).
"""

import email
import email.policy
import email.utils
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

from helpdesk.rules.enclosed import Enclosed, calendar_words, from_tnef
from helpdesk.rules.letter_text import MAX_TEXT, clean, decoded, header_text, html_to_text, unescaped

MAX_PARTS = 200
MAX_DEPTH = 20
MAX_COMPARISONS = 5_000_000
MAX_FILES = 40
MAX_REFERENCES = 50
MAX_TRACE = 100
TRACE = ("received", "authentication-results")
MAX_HOPS = 40  # lines of "Received": more is a mail that runs in circles
_BROKEN = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
    MemoryError,
    OverflowError,
)

_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,253}")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,250}>")
_NESTING = re.compile(rb"boundary\s*\*?\s*=|message/rfc822", re.IGNORECASE)
_ENCODING = re.compile(rb"(?mi)^Content-")
_MACHINE_NAMES = ("mailer-daemon", "postmaster", "noreply", "no-reply", "no_reply", "do-not-reply", "donotreply")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One e-mail, read. `machine` says which sign tells that no person wrote it; `quiet`: send no receipt."""

    sender: str = ""
    sender_name: str = ""
    subject: str = ""
    header_id: str = ""
    references: tuple[str, ...] = ()  # Message-IDs, oldest first; what it answers directly comes last
    text: str = ""
    html: str = ""
    files: tuple[Enclosed, ...] = ()
    machine: str = ""
    quiet: bool = False
    faults: tuple[str, ...] = ()
    trace: tuple[tuple[str, str], ...] = ()  # the lines of transport, from the top: who took it in, and what they found


@dataclass(slots=True)
class _Found:
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    files: list[Enclosed] = field(default_factory=list)
    faults: set[str] = field(default_factory=set)
    parts: int = 0
    length: int = 0

    def say(self, text: str) -> None:
        text = text.strip()
        if text and self.length < MAX_TEXT:
            self.plain.append(text)
            self.length += len(text)

    def keep(self, file: Enclosed) -> None:
        if len(self.files) < MAX_FILES:
            self.files.append(file)
        else:
            self.faults.add("too_many_files")


def read(raw: bytes, *, envelope_sender: str | None = None) -> Letter:
    """Read one e-mail. `envelope_sender` is the SMTP sender; empty, it is a mail server's report; None: not known."""
    found = _Found()
    if too_intricate(raw):
        found.faults.add("too_many_parts")
        head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
        raw = _ENCODING.sub(b"X-Was-", head) + b"\n\n" + body[: MAX_TEXT // 10]
    try:
        mail = email.message_from_bytes(raw, policy=email.policy.compat32)
    except _BROKEN:
        return _unparsed(raw, "not_parsed")
    try:
        _visit(mail, found, depth=0)
    except _BROKEN:
        found.faults.add("broken")
    letter = _assembled(mail, found, envelope_sender)
    if not letter.text and not letter.files and not letter.subject:
        return _unparsed(raw, "nothing_found", letter)
    return letter


def too_intricate(raw: bytes) -> bool:
    """The library compares every line with every boundary around it: a mail of many lines nested deeply would keep it
    busy for minutes. An ordinary mail of 25 MB has 340,000 lines and a handful of boundaries."""
    nested = sum(1 for _ in _NESTING.finditer(raw))
    return nested > MAX_PARTS or (nested + 1) * raw.count(b"\n") > MAX_COMPARISONS


def _assembled(mail: Message, found: _Found, envelope_sender: str | None) -> Letter:
    sender, name = _sender(mail)
    if not sender:
        found.faults.add("no_sender")
    machine = _machine(mail, sender, envelope_sender)
    return Letter(
        sender=sender,
        sender_name=name,
        subject=header_text(_get(mail, "Subject")),
        header_id=next(iter(_ids(mail, "Message-ID")), ""),
        references=_references(mail),
        text=clean("\n\n".join(found.plain))[:MAX_TEXT].strip(),
        html="\n".join(found.html)[:MAX_TEXT],
        files=tuple(found.files),
        machine=machine,
        quiet=bool(machine) or _get(mail, "X-Auto-Response-Suppress").lower() not in ("", "none"),
        faults=tuple(sorted(found.faults)),
        trace=_trace(mail),
    )


def _unparsed(raw: bytes, fault: str, known: Letter | None = None) -> Letter:
    """The first of the raw text, so that somebody sees at once what this might be."""
    known = known or Letter()
    words = decoded(raw[:4000], "utf-8").strip()
    return Letter(
        sender=known.sender, sender_name=known.sender_name, header_id=known.header_id, references=known.references,
        text=words, machine=known.machine, quiet=True, faults=(*known.faults, fault),
        trace=known.trace,
    )  # fmt: skip


# --- parts ------------------------------------------------------------------------------------------------------------
def _visit(part: Message, found: _Found, *, depth: int, choice: "list[str] | None" = None) -> None:
    """`choice` gathers the HTML of an alternative, which counts only if the alternative has no plain text."""
    found.parts += 1
    if found.parts > MAX_PARTS or depth > MAX_DEPTH:
        found.faults.add("too_many_parts")
        return
    inside, kind = part.get_payload(), _kind(part)
    if kind == "message/rfc822" and isinstance(inside, list) and inside and isinstance(inside[0], Message):
        _visit_forwarded(inside[0], found, depth=depth)
    elif isinstance(inside, list):
        children = [one for one in inside if isinstance(one, Message)]
        if kind == "multipart/alternative":
            _visit_alternative(children, found, depth=depth)
            return
        for child in children:
            _visit(child, found, depth=depth + 1, choice=choice)
    else:
        _leaf(part, kind, found, choice)


def _visit_alternative(children: list[Message], found: _Found, *, depth: int) -> None:
    before, html = len(found.plain), list[str]()
    for child in children:
        _visit(child, found, depth=depth + 1, choice=html)
    if len(found.plain) == before and html:
        found.say(html_to_text("\n".join(html)))


def _visit_forwarded(mail: Message, found: _Found, *, depth: int) -> None:
    sender, name = _sender(mail)
    who = f"{name} <{sender}>".strip() if sender else "somebody"
    found.say(f"--- Enclosed e-mail from {who}: {header_text(_get(mail, 'Subject')) or 'no subject'} ---")
    _visit(mail, found, depth=depth + 1)


def _leaf(part: Message, kind: str, found: _Found, choice: "list[str] | None") -> None:
    name, data = _file_name(part), _content(part, found)
    apart = bool(name) or _disposition(part) == "attachment"
    if kind in ("application/ms-tnef", "application/vnd.ms-tnef") or name.lower() == "winmail.dat":
        _unwrap(data, found)
    elif kind == "text/calendar":
        found.say(calendar_words(data))
        found.keep(Enclosed(name or "invitation.ics", kind, data))
    elif kind == "text/html" and not apart:
        html = decoded(data, _charset(part))
        found.html.append(html)
        if choice is None:
            found.say(html_to_text(html))
        else:
            choice.append(html)
    elif kind.startswith("text/") and not apart:
        found.say(decoded(data, _charset(part)))
    elif data or name:
        found.keep(Enclosed(name or "attachment", kind, data))


def _unwrap(data: bytes, found: _Found) -> None:
    """Outlook's own envelope (winmail.dat): what is in it, or if it cannot be opened, it as it is."""
    opened = from_tnef(data)
    if opened is None or opened.words_left:
        found.faults.add("tnef" if opened is None else "tnef_words")
        found.keep(Enclosed("winmail.dat", "application/ms-tnef", data))
    if opened is None:
        return
    if not found.plain:
        found.say(opened.text)
    for file in opened.files:
        found.keep(file)


def _content(part: Message, found: _Found) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except _BROKEN:
        data = None
    if isinstance(data, bytes):
        return data
    text = part.get_payload()
    if isinstance(text, str):
        found.faults.add("encoding")
        return text.encode("utf-8", "replace")
    return b""


def _kind(part: Message) -> str:
    try:
        return part.get_content_type()[:120]
    except _BROKEN:
        return "text/plain"


def _charset(part: Message) -> str | None:
    try:
        return part.get_content_charset()
    except _BROKEN:
        return None


def _disposition(part: Message) -> str:
    try:
        return part.get_content_disposition() or ""
    except _BROKEN:
        return ""


def _file_name(part: Message) -> str:
    try:
        return header_text(part.get_filename() or "", 200)
    except _BROKEN:
        return ""


# --- headers ----------------------------------------------------------------------------------------------------------
def _trace(mail: Message) -> tuple[tuple[str, str], ...]:
    try:
        lines = [(name, str(value)) for name, value in mail.items() if name.lower() in TRACE]
    except _BROKEN:
        return ()
    return tuple(lines[:MAX_TRACE])


def _get(mail: Message, name: str) -> str:
    return next(iter(_all(mail, name)), "")[:4000]


def _all(mail: Message, name: str) -> list[str]:
    """Raw: what the library makes of a header with bytes beyond ASCII is question marks."""
    try:
        return [unescaped(str(value)) for key, value in mail.raw_items() if key.lower() == name.lower()]
    except _BROKEN:
        return []


def _sender(mail: Message) -> tuple[str, str]:
    """Address (lower case) and name of the From line; both empty when there is no usable address."""
    try:
        pairs = email.utils.getaddresses([_get(mail, "From")[:1000]])
    except _BROKEN:
        pairs = []
    for name, address in pairs:
        address = address.strip().lower()
        if _ADDRESS.fullmatch(address) and len(address) <= 254:
            return address, header_text(name, 160)
    return "", ""


def _ids(mail: Message, name: str) -> Iterator[str]:
    for value in _all(mail, name)[:5]:
        yield from _MESSAGE_ID.findall(value[:16_000])


def _references(mail: Message) -> tuple[str, ...]:
    known = dict.fromkeys([*_ids(mail, "References"), *_ids(mail, "In-Reply-To")])
    return tuple(known)[-MAX_REFERENCES:]


def _machine(mail: Message, sender: str, envelope_sender: str | None) -> str:
    """Which sign tells that a machine wrote this, or "" (RFC 3834 §2, §5)."""
    if _get(mail, "Auto-Submitted").strip().lower().partition(";")[0].strip() not in ("", "no"):
        return "auto_submitted"
    if envelope_sender == "":
        return "empty_sender"
    if _get(mail, "Precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply"):
        return "precedence"
    if any(_get(mail, name) for name in ("List-Id", "List-Unsubscribe", "List-Post")):
        return "list"
    if any(_get(mail, name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From", "Feedback-ID")):
        return "autoreply"
    if sender.partition("@")[0].partition("+")[0] in _MACHINE_NAMES:
        return "sender"
    if len(_all(mail, "Received")) > MAX_HOPS:
        return "loop"
    return ""
