"""What stands in a mail, read back by Python's own parser from what a server got. Each holds on aiosmtpd, too."""

import re
import socket
from types import SimpleNamespace

import pytest
from aiosmtpd.controller import Controller

from portal_core import notify
from portal_core.notify import delivery
from portal_core.notify.models import Delivery
from portal_core.notify.transports.base import Letter, Parcel, TransportError
from portal_core.notify.transports.mime import mould, quoted
from tests.fakes.smtp import Received, smtp_sink
from tests.notify.conftest import NOON

URL = "https://lantern.example/status/unsubscribe/3f9k?via=mail&once=1"
PAT = notify.Recipient(key="patient:pat", email="pat@example.org")


class Ear:
    """aiosmtpd's side of the contract: the same attributes as our sink."""

    def __init__(self) -> None:
        self.mails: list[Received] = []
        self.refused: set[str] = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(Received(envelope.mail_from, envelope.rcpt_tos[0], envelope.original_content))
        return "250 ok"


@pytest.fixture(params=["sink", "aiosmtpd"])
def server(request, settings):
    if request.param == "sink":
        with smtp_sink() as sink:
            settings.EMAIL_URL = sink.url
            yield SimpleNamespace(mails=sink.mails, refuse=lambda who: sink.replies.update({who: "550 no"}))
        return
    ear = Ear()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(ear, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
    yield SimpleNamespace(mails=ear.mails, refuse=ear.refused.add)
    controller.stop()


def sent(server, *, to=PAT, context=None, template="sample/outage", **values):
    notify.send(template, to=to, cause="c", context=context or {"what": "Secure messages"}, **values)
    delivery.deliver_due()
    return server.mails[-1]


@pytest.mark.django_db
def test_a_mail_arrives_whole(server, noon):
    mail = sent(server)

    message = mail.message
    assert mail.recipient == "pat@example.org"
    assert [address.addr_spec for address in message["To"].addresses] == ["pat@example.org"]
    assert message["From"] == "Praxis Süd <no-reply@lantern.example>"
    assert message["Subject"] == "Störung: Secure messages"
    assert message["Date"].datetime == NOON
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{Delivery.objects.get().public_id}@lantern.example>"
    assert message["List-Unsubscribe"] is None
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.defects == []
    assert all(part.defects == [] for part in message.iter_parts())
    assert mail.part("plain").replace("\r\n", "\n").splitlines()[:3] == [
        "Hello – Secure messages is not working. It's us, not you.",
        ".A line that begins with a dot.",
        "https://lantern.example/status/",
    ]
    assert "<h1>Secure messages</h1><p>Grüße." in mail.part("html")


@pytest.mark.django_db
def test_unsubscribing_takes_one_click(server):
    """SP-02: List-Unsubscribe and RFC 8058, and the link in both bodies."""
    mail = sent(server, unsubscribe_url=URL)

    assert mail.message["List-Unsubscribe"] == f"<{URL}>"
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"Unsubscribe: {URL}" in mail.part("plain")
    assert f'href="{URL.replace("&", "&amp;")}"' in mail.part("html")
    assert b"notify.invalid" not in mail.raw


@pytest.mark.django_db
def test_each_recipient_has_their_own_link(server):
    notify.send_many(
        "sample/outage",
        cause="c",
        context={"what": "Portal"},
        recipients=[
            notify.Recipient(key=f"k{n}", email=f"k{n}@example.org", unsubscribe_url=f"https://lantern.example/u/{n}/")
            for n in range(3)
        ],
    )
    delivery.deliver_due()

    links = {mail.recipient: re.findall(r"https://lantern\.example/u/\d/", mail.part("plain")) for mail in server.mails}
    assert links == {f"k{n}@example.org": [f"https://lantern.example/u/{n}/"] for n in range(3)}


@pytest.mark.django_db
def test_no_line_is_longer_than_a_relay_carries(server):
    mail = sent(server, context={"what": "ü" * 200}, unsubscribe_url=f"{URL}&pad={'x' * 300}")

    body = mail.raw.split(b"\r\n\r\n", 1)[1]
    assert max(len(line) for line in body.split(b"\r\n")) <= 77
    assert max(len(line) for line in mail.raw.split(b"\r\n")) < 998
    assert mail.raw.isascii()
    assert b"\n" not in mail.raw.replace(b"\r\n", b"")
    assert f"Hello – {'ü' * 200} is" in mail.part("plain")


@pytest.mark.django_db
def test_a_refused_recipient_ends_as_failed(server):
    server.refuse("pat@example.org")

    notify.send("sample/outage", to=PAT, cause="c", context={"what": "x"})
    delivery.deliver_due()

    assert server.mails == []
    assert (Delivery.objects.get().state, Delivery.objects.get().last_error) == ("failed", "smtp_550")


@pytest.mark.django_db
def test_a_domain_outside_ascii_is_written_as_idna(server):
    mail = sent(server, to=notify.Recipient(key="x", email="pat@bücher.example"))

    assert mail.recipient == "pat@xn--bcher-kva.example"


@pytest.mark.django_db
def test_a_local_part_outside_ascii_fails_alone(server):
    notify.send_many(
        "sample/outage", cause="c", context={"what": "x"},
        recipients=[notify.Recipient(key="a", email="jürgen@example.org"), PAT],
    )  # fmt: skip
    delivery.deliver_due()

    assert [mail.recipient for mail in server.mails] == ["pat@example.org"]
    assert Delivery.objects.get(recipient_key="a").last_error == "address_not_ascii"


@pytest.mark.django_db
def test_further_headers_are_carried(server):
    mail = sent(server, headers={"Reply-To": "desk@lantern.example", "X-Ticket": "Fräulein 7"})

    assert mail.message["Reply-To"] == "desk@lantern.example"
    assert mail.message["X-Ticket"] == "Fräulein 7"


@pytest.mark.parametrize("text", ["", "a", "=", "a=\n", " \n \n", "x" * 500, "ü" * 500, ".\n..\n", "a \n", "tab\t\n"])
def test_quoted_printable_round_trip(text):
    import quopri

    assert quopri.decodestring(quoted(text)).decode().replace("\r\n", "\n") == text


@pytest.mark.parametrize("address", ["ü@example.org", "a@" + "x" * 64 + "ü.example"])
def test_an_address_that_has_no_ascii_form_is_refused(address):
    letter = Letter(id=1, template="t", subject="s", text="t", created_at=NOON)

    with pytest.raises(TransportError) as refusal:
        mould(letter, "a@b.example").fill(Parcel(1, "id", address, "", letter))

    assert refusal.value.permanent


def test_text_alone_makes_a_single_part():
    letter = Letter(id=1, template="t", subject="s", text="t", created_at=NOON)

    raw = mould(letter, "a@b.example").fill(Parcel(1, "id", "c@d.example", "", letter))[1]

    assert b"Content-Type: text/plain; charset=utf-8\r\n" in raw
    assert b"multipart" not in raw


def test_a_long_message_id_stays_one_word():
    """The thread of a conversation: encoded as prose, no mail program would find it again."""
    long = f"<{'A1b2' * 25}@patients.example>"
    headers = {"References": f"<first@patients.example> {long}", "In-Reply-To": long, "X-Note": "Señor"}
    letter = Letter(id=1, template="sample/outage", subject="s", text="t\n", headers=headers, created_at=NOON)

    head = mould(letter, "Lantern <a@b.example>").pieces[0].decode()

    assert f"\r\nReferences: <first@patients.example>\r\n {long}\r\n" in head
    assert f"\r\nIn-Reply-To: {long}\r\n" in head
    assert "\r\nX-Note: =?utf-8?" in head
    assert "\r\n\r\n" in head  # one end of the head, after all of them
    assert head.index("X-Note") < head.index("\r\n\r\n") > head.index("References")
