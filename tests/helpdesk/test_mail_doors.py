"""The doors by which e-mail comes in: a pipe, and SMTP or LMTP. They say in a mail server's words what became of it."""

import io
import os
import smtplib
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, InterfaceError

import manage
from helpdesk.actions import inbound_mail
from helpdesk.actions.mail_routes import is_ours
from helpdesk.errors import MailEmpty, MailTooLarge
from helpdesk.management.commands.receive_mail import Command as ReceiveMail
from helpdesk.management.commands.serve_mail import keep
from helpdesk.models import InboundMail
from helpdesk.transports.receiver import Receiver, ReceiverServer
from tests.helpdesk.mails import DOMAIN, mail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_domain")]
ROOT = Path(__file__).resolve().parents[2]


def pipe(data, *options):
    with pytest.raises(SystemExit) as ended:
        call_command(ReceiveMail(), *options, stdin=io.BytesIO(data))
    return ended.value.code


def test_the_pipe_answers_in_a_mail_servers_words(monkeypatch):
    out = io.StringIO()
    call_command("receive_mail", "--to", f"larkfield@{DOMAIN}", stdin=io.BytesIO(mail()), stdout=out)
    assert out.getvalue().startswith("kept as ")

    assert pipe(mail(), "--to", f"nobody@{DOMAIN}") == 67
    assert pipe(mail()) == 67
    assert pipe(b"  \r\n", "--to", f"larkfield@{DOMAIN}") == 65
    monkeypatch.setattr(inbound_mail, "MAX_MAIL", 100)
    assert pipe(mail(), "--to", f"larkfield@{DOMAIN}") == 69
    assert InboundMail.objects.count() == 1


@pytest.mark.parametrize("fault", [DatabaseError, InterfaceError, OSError, MemoryError])
def test_whatever_breaks_makes_the_server_try_again(monkeypatch, fault):
    def broken(**_):
        raise fault

    monkeypatch.setattr(inbound_mail, "receive", broken)

    assert pipe(mail(), "--to", f"larkfield@{DOMAIN}") == 75
    if fault is DatabaseError:
        assert keep(mail(), "", [f"larkfield@{DOMAIN}"]) == "451 4.3.0 Try again later"


def test_a_pipe_that_cannot_even_begin_is_tried_again(monkeypatch, capsys):
    """Settings that are broken, an option that does not exist: the mail stays with the mail server."""
    command = [sys.executable, str(ROOT / "manage.py"), "receive_mail"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "no.such.settings"}
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 75

    monkeypatch.setattr(sys, "argv", ["manage.py", "receive_mail", "--no-such-option"])
    with pytest.raises(SystemExit) as ended:
        manage.receive_mail()
    assert (ended.value.code, "unrecognized arguments" in capsys.readouterr().err) == (75, True)


def test_what_is_refused_for_good(monkeypatch):
    monkeypatch.setattr(inbound_mail, "MAX_MAIL", 1000)

    assert keep(mail(), "", ["x@y.example"]) == "550 5.1.1 No such mailbox"
    assert keep(b" ", "", [f"larkfield@{DOMAIN}"]) == "554 5.6.0 There is no mail in this"
    assert keep(b"x" * 1001, "", [f"larkfield@{DOMAIN}"]) == "552 5.3.4 Too large"
    for wrong in (MailTooLarge, MailEmpty):
        assert issubclass(wrong, Exception)


def test_the_receiver_stays_on_this_machine():
    with pytest.raises(CommandError, match="loopback"):
        call_command("serve_mail", "--host", "0.0.0.0")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.mark.parametrize("kind", [smtplib.SMTP, smtplib.LMTP])
def test_a_mail_server_hands_over_and_hears_of_each_recipient(kind):
    kept = []

    def take(raw, sender, recipients):
        kept.append((raw, sender, recipients))
        return "250 2.0.0 Kept"

    receiver = Receiver(keep=take, known=lambda address: address.endswith(DOMAIN), lmtp=kind is smtplib.LMTP)
    server = ReceiverServer(receiver, hostname="127.0.0.1", port=free_port(), size_limit=2000)
    server.start()
    try:
        with kind("127.0.0.1", server.port) as line:
            line.ehlo_or_helo_if_needed()
            line.mail("a@b.example")
            asked = [line.rcpt(one)[0] for one in (f"x@{DOMAIN}", "z@other.example", f"y@{DOMAIN}")]
            answers = [line.data(mail())]
            answers += [line.getreply()] if kind is smtplib.LMTP else []  # one for each recipient (RFC 2033)
        with pytest.raises(smtplib.SMTPException), kind("127.0.0.1", server.port) as line:
            line.sendmail("a@b.example", [f"x@{DOMAIN}"], b"x" * 3000)
    finally:
        server.stop()

    assert (asked, set(answers)) == ([250, 550, 250], {(250, b"2.0.0 Kept")})
    (taken,) = kept
    assert taken[0].replace(b"\r\n", b"\n").strip() == mail().strip()
    assert taken[1:] == ("a@b.example", [f"x@{DOMAIN}", f"y@{DOMAIN}"])


def test_known_mailboxes(cast):
    assert is_ours(f"larkfield@{DOMAIN}")
    assert not is_ours(f"nobody@{DOMAIN}")
    assert not is_ours("larkfield@elsewhere.example")
