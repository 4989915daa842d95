"""E-mails of the demo: a letter with files that became a ticket, and a machine's that waits for a look. Only where mail
is received (INBOUND_MAIL_DOMAIN)."""

import struct
import zlib
from email.message import EmailMessage
from typing import TYPE_CHECKING

from django.conf import settings

from helpdesk.actions import inbound_mail

if TYPE_CHECKING:
    from portal_core.directory.models import Practice

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"


def create(practice: "Practice") -> None:
    """Hand two mails over, as the mail server would. A second run finds them again and changes nothing."""
    domain = settings.INBOUND_MAIL_DOMAIN
    if not domain:
        return
    letter = _mail(
        "Rosa Delgado <rosa.delgado@mail.example>",
        "Cannot sign in to the portal",
        "Hello,\n\nsince Friday the page says “error 403” after I type my password. A photo is attached.\n\n"
        "Thank you\nRosa Delgado\n-- \nSent from my phone",
        "<demo-1@mail.example>",
    )
    letter.add_attachment(_picture(), maintype="image", subtype="png", filename="screen.png")
    letter.add_attachment(PDF, maintype="application", subtype="pdf", filename="letter from the portal.pdf")
    letter.set_boundary("demo-1")  # else another one each time, and the mail would not be known again
    fax = _mail(
        "Fax service <fax@service.example>",
        "Fax received from (217) 555-0133",
        "A fax of 3 pages was received. It is kept for 30 days.",
        "<demo-2@service.example>",
    )
    fax["Auto-Submitted"] = "auto-generated"
    for mail in (letter, fax):
        row = inbound_mail.receive(
            raw=mail.as_bytes(), envelope_sender="demo@mail.example", recipients=[f"{practice.slug}@{domain}"]
        )
        inbound_mail.read(mail_id=row.public_id)


def _mail(sender: str, subject: str, text: str, header_id: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = sender, subject, header_id
    mail.set_content(text)
    return mail


def _picture() -> bytes:
    """A small grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    size = 64
    head = struct.pack("!IIBBBBB", size, size, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\x00" + b"\xaa" * size for _ in range(size)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
