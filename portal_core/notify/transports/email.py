import contextlib
import logging
import smtplib
import socket
import ssl
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from django.conf import settings

from portal_core.kernel.http.addresses import is_this_machine
from portal_core.notify.transports.base import Outcome, Parcel, Transport, TransportDown, TransportError
from portal_core.notify.transports.mime import Mould, mould

logger = logging.getLogger(__name__)

TIMEOUT = 10  # seconds, for connecting and for each command
TIMEOUT_AFTER_BODY = 30  # a server may scan before it says yes; giving up too early makes a duplicate

KEPT_MOULDS = 64


class SmtpTransport(Transport):
    """SMTP over one connection for as long as the transport lives; opened at the first parcel.

    `url`: smtp+tls://user:password@host:587 for STARTTLS (required), smtps://…:465 for TLS from the first byte, smtp://
    for none. A password goes to another machine by TLS only: smtp:// with one is smtp+tls:// there.
    """

    def __init__(self, url: str) -> None:
        self.url = urlsplit(url)
        self.connection: smtplib.SMTP | None = None
        self.connections = 0
        self.moulds: dict[int, Mould] = {}

    def send(self, batch: Iterable[Parcel]) -> Iterator[Outcome]:
        for parcel in batch:
            try:
                self._send(parcel)
            except TransportError as error:
                yield Outcome(parcel, error=error)
            except TimeoutError:
                # It may have been taken: try again later, same Message-ID. Nobody else should wait as long for this.
                self.close()
                yield Outcome(parcel, error=TransportError("timeout", permanent=False))
                raise TransportDown("timeout") from None
            except (smtplib.SMTPServerDisconnected, OSError):
                self.close()
                yield Outcome(parcel, error=TransportError("connection_lost", permanent=False))
            else:
                yield Outcome(parcel)

    def close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()

    # --- one parcel ---------------------------------------------------------------------------
    def _send(self, parcel: Parcel) -> None:
        """Raises TransportError, TransportDown; OSError or SMTPServerDisconnected when the line broke in the body."""
        letter = parcel.letter
        form = self.moulds.get(letter.id)
        if form is None:
            if len(self.moulds) >= KEPT_MOULDS:
                self.moulds.clear()
            form = self.moulds[letter.id] = mould(letter, settings.MAIL_FROM)
        address, data = form.fill(parcel)
        connection = self._ready_for(form.sender, address)
        connection.send(data)
        try:
            if connection.sock is not None:
                connection.sock.settimeout(TIMEOUT_AFTER_BODY)
            self._expect(connection.getreply(), 250)
        finally:
            if connection.sock is not None:
                connection.sock.settimeout(TIMEOUT)

    def _ready_for(self, sender: str, address: str) -> smtplib.SMTP:
        """MAIL, RCPT, DATA. A connection the server has closed since the last mail is opened again, once."""
        fresh = self.connection is None
        connection = self.connection or self._connect()
        try:
            # A refused sender is our own configuration, not the recipient's fault: never permanent.
            self._expect(connection.docmd(f"MAIL FROM:<{sender}>"), 250, permanent=False)
            self._expect(connection.docmd(f"RCPT TO:<{address}>"), 250, 251)
            self._expect(connection.docmd("DATA"), 354)
        except (smtplib.SMTPServerDisconnected, OSError) as lost:
            self.close()
            if fresh:
                raise TransportDown("connection_lost") from lost
            return self._ready_for(sender, address)
        return connection

    def _expect(self, reply: tuple[int, bytes], *wanted: int, permanent: bool = True) -> None:
        code = reply[0]
        if code in wanted:
            return
        if code == 421:  # the server is about to hang up
            self.close()
            raise TransportDown("smtp_421")
        self._reset()
        raise TransportError(f"smtp_{code}", permanent=permanent and 500 <= code < 600)

    def _reset(self) -> None:
        if self.connection is not None:
            try:
                self.connection.rset()
            except (smtplib.SMTPServerDisconnected, OSError):
                self.close()

    def _connect(self) -> smtplib.SMTP:
        host, secure = self.url.hostname or "localhost", self.url.scheme == "smtps"
        try:
            # Naming ourselves saves smtplib a DNS look-up of our own name.
            name = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
            connection: smtplib.SMTP
            if secure:
                connection = smtplib.SMTP_SSL(
                    host, self.url.port or 465, local_hostname=name, timeout=TIMEOUT, context=_tls()
                )
            else:
                connection = smtplib.SMTP(host, self.url.port or 25, local_hostname=name, timeout=TIMEOUT)
            self.connection = connection
            connection.ehlo_or_helo_if_needed()
            if self.url.scheme == "smtp+tls" or (not secure and self.url.username and not is_this_machine(host)):
                connection.starttls(context=_tls())
                connection.ehlo()
            if self.url.username:
                connection.login(unquote(self.url.username), unquote(self.url.password or ""))
            if connection.sock is not None:
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, smtplib.SMTPException) as error:
            logger.warning("notify: mail server cannot be used: %s", type(error).__name__)
            self.close()
            raise TransportDown(_reason(error)) from error
        self.connections += 1
        return connection


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "smtp_sign_in_refused"
    if isinstance(error, ssl.SSLError):
        return "smtp_tls"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "smtp_not_offered"  # no STARTTLS, or no sign-in
    if isinstance(error, smtplib.SMTPResponseException):
        return f"smtp_{error.smtp_code}"
    return "smtp_unreachable"


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
