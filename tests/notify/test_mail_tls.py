"""Passwords of mail servers, and mails with links in them, cross the network sealed."""

import logging
import socket
import ssl
from types import SimpleNamespace

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from portal_core import notify
from portal_core.notify import delivery, queries
from portal_core.notify.models import Delivery
from tests.fakes import https_sink

PAT = notify.Recipient(key="patient:pat", email="pat@example.org")


class Mail:
    """`mails`, and for each sign-in whether the line was sealed."""

    def __init__(self) -> None:
        self.mails = 0
        self.sign_ins: list[bool] = []

    async def handle_DATA(self, server, session, envelope):
        self.mails += 1
        return "250 ok"

    def sign_in(self, server, session, envelope, mechanism, data):
        self.sign_ins.append(server.transport.get_extra_info("sslcontext") is not None)
        return AuthResult(success=(data.login, data.password) == (b"user", b"p@ss"))


@pytest.fixture
def mail_server(monkeypatch):
    """`mail_server(offers)` → Mail and its port; sink.test is this machine under a name of its own."""
    running = []
    real = socket.getaddrinfo

    def look_up(host, *rest, **more):
        return real("127.0.0.1" if host == "sink.test" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setenv("SSL_CERT_FILE", str(https_sink.authority("ours")[0]))

    def start(offers: str, certificate: str = "good"):
        mail = Mail()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(https_sink._certificate(certificate)))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = {"starttls": {"tls_context": context}, "tls": {"ssl_context": context}, "nothing": {}}[offers]
        controller = Controller(
            mail, hostname="127.0.0.1", port=port, authenticator=mail.sign_in, auth_require_tls=False, **options
        )
        controller.start()
        running.append(controller)
        return SimpleNamespace(mail=mail, port=port)

    yield start
    for controller in running:
        controller.stop()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "offers", "certificate", "error"),
    [
        ("smtp+tls://user:p%40ss@localhost", "starttls", "good", ""),
        ("smtps://user:p%40ss@localhost", "tls", "good", ""),
        ("smtp://user:p%40ss@sink.test", "starttls", "good", ""),  # as people write it: sealed all the same
        ("smtp://user:p%40ss@sink.test", "nothing", "good", "smtp_not_offered"),
        ("smtp+tls://user:p%40ss@localhost", "nothing", "good", "smtp_not_offered"),
        ("smtp+tls://user:p%40ss@localhost", "starttls", "stranger", "smtp_tls"),
    ],
)
def test_a_password_goes_to_another_machine_by_tls_or_not_at_all(
    mail_server, settings, caplog, url, offers, certificate, error
):
    caplog.set_level(logging.CRITICAL)
    server = mail_server(offers, certificate)
    settings.EMAIL_URL = f"{url}:{server.port}"
    notify.send("sample/outage", to=PAT, cause="c", context={"what": "Mail"})

    delivery.deliver_due()

    row = Delivery.objects.get()
    assert (row.state, row.last_error, row.attempts) == (("waiting", error, 0) if error else ("sent", "", 1))
    assert (server.mail.mails, server.mail.sign_ins) == ((0, []) if error else (1, [True]))


@pytest.mark.django_db
def test_without_a_server_mail_waits_and_is_never_called_sent(settings, caplog, noon):
    """Outside the demo: a deployment that is not set up yet, or one that was restored with sending switched off."""
    settings.DEMO, settings.EMAIL_URL, settings.OUTBOUND_POSTS = False, "", False
    notify.send("sample/outage", to=PAT, cause="c", context={"what": "Mail"})

    delivery.deliver_due()

    row = Delivery.objects.get()
    assert (row.state, row.last_error, row.attempts) == ("waiting", "not_set_up", 0)
    assert queries.mail_held_since(row.created_at) == row.created_at
    assert "email is down (not_set_up)" in caplog.text


@pytest.mark.django_db
def test_without_a_provider_no_text_is_promised(settings):
    """Who asked is told that nobody can be reached; a text that waits for ever would help nobody."""
    settings.DEMO, settings.TWILIO_ACCOUNT_SID = False, ""
    both = notify.Recipient(key="patient:pat", email="pat@example.org", phone="+12175550100")

    asked = notify.send(
        "sample/outage", to=both, cause="c", context={"what": "Mail"}, channels=("email", "sms", "voice")
    )

    assert asked == 1
    assert [row.channel for row in Delivery.objects.all()] == ["email"]
