"""E-mails of every kind, as bytes: what mail programs send, and what nobody should."""

import base64
import struct
from email.message import EmailMessage

DOMAIN = "help.example"  # where INBOUND_MAIL_DOMAIN says that mail comes in
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 24


def mail(
    text: str = "I cannot sign in.",
    *,
    sender: str = "Pat Patient <pat@patients.example>",
    subject: str = "Help",
    header_id: str = "<one@patients.example>",
    files: tuple[tuple[str, str, bytes], ...] = (),
    html: str = "",
    **headers: str,
) -> bytes:
    """A plain e-mail; `In_Reply_To="…"` becomes a header of that name."""
    made = EmailMessage()
    made["From"], made["Subject"], made["To"] = sender, subject, "cedar@help.example"
    if header_id:
        made["Message-ID"] = header_id
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    for name, kind, data in files:
        made.add_attachment(data, maintype=kind.partition("/")[0], subtype=kind.partition("/")[2], filename=name)
    return made.as_bytes()


def raw(*lines: str | bytes) -> bytes:
    """Lines as they are, joined as mail is."""
    return b"\r\n".join(line if isinstance(line, bytes) else line.encode("latin-1") for line in lines)


def tnef(name: str, data: bytes, body: str, *, rich: bytes = b"") -> bytes:
    """Outlook's envelope with a text and one file; `rich`: compressed rich text (PR_RTF_COMPRESSED)."""

    def attribute(level: int, kind: int, value: bytes) -> bytes:
        return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    properties = struct.pack("<IHHII", 1, 0x0102, 0x1009, 1, len(rich)) + rich
    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + (attribute(1, 0x00069003, properties) if rich else b"")
        + attribute(1, 0x0002800C, body.encode() + b"\x00")
        + attribute(2, 0x00069002, b"\x01\x00" + b"\xff" * 4 + b"\x00" * 8)
        + attribute(2, 0x00018010, name.encode() + b"\x00")
        + attribute(2, 0x0006800F, data)
    )


def bounce(of: str) -> bytes:
    """A mail server's report that the mail with this Message-ID did not arrive."""
    return raw(
        "From: Mail Delivery System <MAILER-DAEMON@mx.example>",
        "Subject: Undelivered Mail Returned to Sender",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example",
        "",
        "Final-Recipient: rfc822; pat@patients.example",
        "Action: failed",
        "Status: 5.1.1",
        "",
        "--b",
        "Content-Type: text/rfc822-headers",
        "",
        f"Message-ID: {of}",
        "",
        "--b--",
    )


# --- a corpus of hostile mail -----------------------------------------------------------------------------------------
_DEEP = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3000))
_MANY = b"".join(b"--x\r\nContent-Type: text/plain\r\n\r\npart\r\n" for _ in range(2000))
_WIDE = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(150))
_FORWARDS = b"Content-Type: message/rfc822\r\n\r\n" * 400

HOSTILE: dict[str, bytes] = {
    "empty": b"\r\n",
    "only a NUL": b"\x00",
    "random bytes": bytes(range(256)) * 40,
    "no header": b"\r\nHello",
    "no body": b"From: a@b.example\r\nSubject: x\r\n",
    "header without colon": b"From a@b.example\r\nthis is no header\r\n\r\nHello",
    "endless header": b"Subject: " + b"a" * 300_000 + b"\r\n\r\nHello",
    "thousand folds": b"Subject: a\r\n" + b" b\r\n" * 5000 + b"\r\nHello",
    "bytes beyond ASCII in headers": b"From: M\xfcller <a@b.example>\r\nSubject: \xc3\xa9\xff\r\n\r\nHello",
    "broken encoded words": b"Subject: =?utf-8?B?%%%?= =?nowhere?Q?x?= =?utf-8?Q?=ZZ?=\r\n\r\nHello",
    "encoded NUL and newline": b"Subject: =?utf-8?B?" + base64.b64encode(b"a\x00b\r\nBcc: c@d") + b"?=\r\n\r\nHello",
    "unknown charset": b"Content-Type: text/plain; charset=klingon\r\n\r\nHello",
    "charset that is no text": b"Content-Type: text/plain; charset=base64\r\n\r\nHello",
    "charset with NUL": b'Content-Type: text/plain; charset="a\x00b"\r\n\r\nHello',
    "UTF-7": b"Content-Type: text/plain; charset=utf-7\r\n\r\n+ADw-script+AD4-",
    "half surrogates": b"Content-Type: text/plain; charset=utf-16\r\n\r\n\xd8\x00\xd8\x00a",
    "broken base64": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!====\x00A",
    "broken uuencode": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n!!!",
    "unknown encoding": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: rot13\r\n\r\nUryyb",
    "multipart without parts": b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n',
    "multipart without boundary": b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nHello\r\n--x--",
    "boundary of regex": b'Content-Type: multipart/mixed; boundary="(.*)*["\r\n\r\n--(.*)*[\r\n\r\nHello',
    "never closed": b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nHello',
    "three thousand deep": _DEEP + b"\r\n\r\nHello",
    "deep and long": b"From: a@b.example\r\nSubject: x\r\n" + _WIDE + b"\r\n\r\n" + b"a\r\n" * 200_000,
    "two thousand parts": b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n' + _MANY + b"--x--",
    "mails within mails": _FORWARDS + b"\r\nHello",
    "attachment named away": raw(
        'Content-Type: application/pdf; name="../../etc/passwd\x00.pdf"', "Content-Disposition: attachment", "", "%PDF-"
    ),
    "parameters gone wild": b"Content-Type: text/plain; name*0*=utf-8''a; name*2=b; name*1*=%ZZ; =; ;;\r\n\r\nHello",
    "two of everything": b"From: a@b.example\r\nFrom: c@d.example\r\nContent-Type: x\r\nContent-Type: y\r\n\r\nHi",
    "nobody in From": b"From: undisclosed <>\r\nSubject: x\r\n\r\nHello",
    "thousand senders": b"From: " + b"a@b.example, " * 20_000 + b"\r\n\r\nHello",
    "brackets in From": b"From: " + b"(" * 20_000 + b"a@b.example\r\n\r\nHello",
    "script": b"Content-Type: text/html\r\n\r\n<p onclick=x>Hi</p><script>alert(1)</script><img src=x onerror=y>",
    "ten thousand divs": b"Content-Type: text/html\r\n\r\n" + b"<div>" * 40_000 + b"Hello",
    "broken winmail": b'Content-Type: application/ms-tnef; name="winmail.dat"\r\n\r\n\x78\x9f\x3e\x22\xff\xff\xff',
    "broken calendar": b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:nonsense\r\nEND",
    "references without end": b"References: " + b"<a@b.example> " * 20_000 + b"\r\nIn-Reply-To: <\r\n\r\nHello",
    "quotes without end": b"Content-Type: text/plain\r\n\r\n" + b"On Monday Pat wrote:\r\n> a\r\nb\r\n" * 8000,
    "turned writing": "Subject: \u202egpj.exe\r\n\r\n\u202ehello".encode(),
}
