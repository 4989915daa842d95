"""From a letter to bytes on the wire: the message is built once, each recipient's copy is a join of byte strings."""

import binascii
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from enum import Enum

from portal_core.notify.rendering import UNSUBSCRIBE_TOKEN
from portal_core.notify.transports.base import Letter, Parcel, TransportError

_LINE_START_DOT = re.compile(rb"(?m)^\.")


class Hole(Enum):
    """What differs from recipient to recipient inside a body."""

    URL_IN_TEXT = "text"
    URL_IN_HTML = "html"


@dataclass(frozen=True, slots=True)
class Mould:
    """A letter, ready but for the recipient's own values. Lines end in CRLF and leading dots are doubled (RFC 5321)."""

    sender: str  # envelope address
    domain: str  # right side of the Message-ID
    pieces: tuple[bytes | Hole, ...]

    def fill(self, parcel: Parcel) -> tuple[str, bytes]:
        """The envelope recipient and the bytes to send after DATA, end mark included.

        Raises TransportError (permanent) for an address that cannot be written in ASCII.
        """
        address, url = ascii_address(parcel.address), parcel.unsubscribe_url
        head = f"To: <{address}>\r\nMessage-ID: <{parcel.public_id}@{self.domain}>\r\n"
        if url:
            # RFC 8058 wants both; mail programs then show their own unsubscribe button and POST to the address.
            head += f"List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        body = (piece if isinstance(piece, bytes) else _url(piece, url) for piece in self.pieces)
        return address, b"".join((head.encode("ascii"), *body, b".\r\n"))


def mould(letter: Letter, mail_from: str) -> Mould:
    """Build a letter's bytes. `mail_from` is a From header value such as `Lantern <no-reply@example.org>`."""
    sender = ascii_address(parseaddr(mail_from)[1])
    head = EmailMessage(policy=policy.SMTP)
    head["From"] = mail_from
    head["Subject"] = letter.subject
    head["Date"] = format_datetime(letter.created_at)
    head["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    head["Content-Language"] = letter.language
    for name, value in letter.headers.items():
        if name in head:
            raise ValueError(f"{name} stands in the letter already")
        if not value.isascii():
            head[name] = value
    head["MIME-Version"] = "1.0"
    plain = (folded(name, value) for name, value in letter.headers.items() if value.isascii())
    pieces: list[bytes | Hole] = [head.as_bytes().removesuffix(b"\r\n"), *plain]
    if letter.html:
        mark = f"=_letter_{letter.id}_{letter.created_at.timestamp():.0f}"
        pieces.append(f'Content-Type: multipart/alternative; boundary="{mark}"\r\n\r\n'.encode())
        for kind, body, hole in (("plain", letter.text, Hole.URL_IN_TEXT), ("html", letter.html, Hole.URL_IN_HTML)):
            pieces.append(f"--{mark}\r\n".encode())
            pieces.extend(_part(kind, body, hole))
        pieces.append(f"--{mark}--\r\n".encode())
    else:
        pieces.extend(_part("plain", letter.text, Hole.URL_IN_TEXT))
    return Mould(sender, sender.rpartition("@")[2], tuple(_joined(pieces)))


def folded(name: str, value: str) -> bytes:
    """A header of ASCII, broken between its words alone. The library would encode a long Message-ID as if it were
    prose, and no mail program finds the thread again (RFC 5322 §2.2.3 allows lines of 998)."""
    lines, line = [], f"{name}:"
    for word in value.split():
        if len(line) + 1 + len(word) > 78 and not line.endswith(":"):
            lines.append(line)
            line = ""
        line = f"{line} {word}"
    return "\r\n".join([*lines, line]).encode("ascii") + b"\r\n"


def _part(kind: str, body: str, hole: Hole) -> Iterator[bytes | Hole]:
    yield f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
    for place, text in enumerate(body.rstrip("\n").split(UNSUBSCRIBE_TOKEN)):
        if place:
            # A hole stands on lines of its own between soft breaks, so that its length disturbs no line around it.
            yield b"=\r\n"
            yield hole
            yield b"=\r\n"
        yield _LINE_START_DOT.sub(b"..", quoted(text))
    yield b"\r\n"


def quoted(text: str) -> bytes:
    """Quoted-printable with CRLF: passes every relay unchanged, and lines never exceed 76 characters."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    return binascii.b2a_qp(unix.encode(), istext=True, header=False).replace(b"\n", b"\r\n")


def _url(hole: Hole, url: str) -> bytes:
    return _LINE_START_DOT.sub(b"..", quoted(html.escape(url) if hole is Hole.URL_IN_HTML else url))


def _joined(pieces: list[bytes | Hole]) -> Iterator[bytes | Hole]:
    run: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            run.append(piece)
            continue
        yield b"".join(run)
        yield piece
        run = []
    yield b"".join(run)


def ascii_address(address: str) -> str:
    """The address with its domain in IDNA form. Raises TransportError for a local part outside ASCII."""
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    try:
        local.encode("ascii")
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise TransportError("address_not_ascii", permanent=True) from None
