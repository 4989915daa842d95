"""Posting to addresses that strangers gave us, without being led anywhere but where they may lead.

What is kept, in this order: the address is https to a host name, without a user; the port is 443 or not a system port;
the name is resolved once, within 4 s (`names`), and *every* address it has must be public (`addresses.is_public`); the
connection goes to one of exactly those addresses, with SNI and certificate check for the name; no redirect is followed
and no proxy asked; everything together takes 10 s at most, however slowly the other side talks; 64 KB of the answer are
read.

A name that answers differently the second time (DNS rebinding) gains nothing: there is no second time. Connections are
kept open for the life of a client, so a client should live for one run, not longer.
"""

import contextlib
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from portal_core.kernel.http.addresses import is_loopback, is_public
from portal_core.kernel.http.names import Names, Unknown

TOTAL = 10.0  # seconds for one post, look-up and connecting included
CONNECT = 4.0  # seconds for reaching one address and agreeing on TLS
BODY = 64 * 1024  # bytes of the answer that are read
ADDRESSES_TRIED = 3
KEPT_OPEN = 64  # connections

_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_PRINTABLE = re.compile(r"[\x21-\x7e]{1,2000}")

Resolver = Callable[[str, float], Sequence[str]]  # (name, seconds it may take) -> addresses, or raises Unknown


class NotSent(Exception):
    """The post did not get an answer. `code` is short and holds nothing of the address.

    `permanent`: this address will never be posted to (as opposed to: not reached this time).
    """

    def __init__(self, code: str, *, permanent: bool = False) -> None:
        super().__init__(code)
        self.code, self.permanent = code, permanent


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address; `host` is lower-case ASCII, `path` begins with a slash and has the query."""

    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        return f"https://{self.host}" if self.port == 443 else f"https://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have lower-case names; `body` is what came of the first 64 KB in time."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def retry_after(self) -> float | None:
        """Seconds, if the other side named a number of them (dates are not honoured), a day at most."""
        text = self.headers.get("retry-after", "").strip()
        return min(float(text), 86400.0) if text.isascii() and text.isdigit() and len(text) < 10 else None


def target(url: str) -> Target:
    """Take an address apart. Raises NotSent (permanent) with the reason: bad_url, not_https, credentials_in_url,
    bad_port, bad_host. No name is looked up, so a form may call it."""
    if not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise NotSent("bad_url", permanent=True)
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or ""), parts.port or 443
    except ValueError:
        raise NotSent("bad_url", permanent=True) from None
    if parts.scheme != "https":
        raise NotSent("not_https", permanent=True)
    if "@" in parts.netloc:
        raise NotSent("credentials_in_url", permanent=True)
    # Below 1024 only 443: the other system ports are mail, file and name servers, not somebody's webhook.
    if port != 443 and port < 1024:
        raise NotSent("bad_port", permanent=True)
    # A name with a dot whose last label begins with a letter: no IP address in any notation (127.1, 0x7f.1, [::1]).
    if not _NAME.fullmatch(host) and not (host == "localhost" and settings.OUTBOUND_ALLOW_LOOPBACK):
        raise NotSent("bad_host", permanent=True)
    return Target(host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


class OutboundClient:
    """Posts; keeps connections open until `close`. May be shared between threads."""

    def __init__(self, *, resolver: Resolver | None = None) -> None:
        self.resolver = resolver or Names().addresses
        self.tls = _tls()
        self.idle: list[tuple[tuple[str, int], HTTPSConnection]] = []  # the longest unused first
        self.lock = threading.Lock()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST and return the answer, whatever its status. Raises NotSent."""
        return self._ask("POST", url, body, headers)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET and return the answer, whatever its status. Raises NotSent."""
        return self._ask("GET", url, None, headers or {})

    def _ask(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        where, deadline = target(url), time.monotonic() + TOTAL
        connection = self._kept(where) or self._connect(where, deadline)
        try:
            answer, reusable = _exchange(connection, method, where, body, headers, deadline)
        except TimeoutError:
            connection.close()
            raise NotSent("timeout") from None
        except (OSError, HTTPError, HTTPException, ValueError):  # broken off, or not HTTP at all
            connection.close()
            raise NotSent("connection_lost") from None
        if reusable:
            self._keep(where, connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        with self.lock:
            idle, self.idle = self.idle, []
        for _, connection in idle:
            connection.close()

    # --- connections --------------------------------------------------------------------------
    def _kept(self, where: Target) -> HTTPSConnection | None:
        """A connection to this host that is still open; those found closed are put away."""
        while True:
            with self.lock:
                place = next((n for n, (key, _) in enumerate(self.idle) if key == (where.host, where.port)), None)
                if place is None:
                    return None
                connection = self.idle.pop(place)[1]
            if connection.is_connected:
                return connection
            connection.close()

    def _keep(self, where: Target, connection: HTTPSConnection) -> None:
        with self.lock:
            self.idle.append(((where.host, where.port), connection))
            over = self.idle.pop(0)[1] if len(self.idle) > KEPT_OPEN else None
        if over is not None:
            over.close()

    def _connect(self, where: Target, deadline: float) -> HTTPSConnection:
        code = "unreachable"
        for address in self._addresses(where, deadline)[:ADDRESSES_TRIED]:
            connection = HTTPSConnection(
                address,
                where.port,
                timeout=max(0.1, min(CONNECT, deadline - time.monotonic())),
                server_hostname=where.host,
                ssl_context=self.tls,
            )
            try:
                connection.connect()
            except (ssl.SSLError, ssl.CertificateError) as error:
                connection.close()
                raise NotSent("bad_certificate" if "CERTIFICATE" in str(error) else "tls") from None
            except NewConnectionError:  # refused, no route; the next address may be of a family that we have
                connection.close()
                code = "unreachable"
            except (ConnectTimeoutError, OSError) as error:
                connection.close()
                code = "timeout" if isinstance(error, (TimeoutError, ConnectTimeoutError)) else "unreachable"
                if time.monotonic() >= deadline:
                    break
            else:
                return connection
        raise NotSent(code)

    def _addresses(self, where: Target, deadline: float) -> Sequence[str]:
        try:
            addresses = self.resolver(where.host, deadline - time.monotonic())
        except Unknown:
            raise NotSent("name_not_found") from None
        if not addresses:
            raise NotSent("name_not_found")
        # One closed address among open ones is enough: who mixes them wants the connection to take the wrong one.
        if not all(map(_may_connect, addresses)):
            raise NotSent("private_address", permanent=True)
        return addresses


def _may_connect(address: str) -> bool:
    return is_public(address) or (settings.OUTBOUND_ALLOW_LOOPBACK and is_loopback(address))


def _exchange(
    connection: HTTPSConnection,
    method: str,
    where: Target,
    body: bytes | None,
    headers: Mapping[str, str],
    deadline: float,
) -> tuple[Answer, bool]:
    sock = connection.sock
    if not isinstance(sock, _DeadlineSocket):
        raise ssl.SSLError("a socket without deadline")
    sock.deadline = deadline
    host = where.origin.removeprefix("https://")
    connection.request(
        method,
        where.path,
        body=body,
        headers={"Host": host, "User-Agent": "Lantern", "Accept-Encoding": "identity", **headers},
        preload_content=False,
        decode_content=False,  # a compressed answer stays as it came: no room for one that unpacks to gigabytes
    )
    response = connection.getresponse()
    answer = b""
    complete = False
    # What the answer's head said counts, even if its body is slow, endless or broken off.
    with contextlib.suppress(OSError, HTTPError, HTTPException, ValueError):
        while len(answer) < BODY:
            piece = response.read(min(16 * 1024, BODY - len(answer)), decode_content=False)
            if not piece:
                complete = True
                break
            answer += piece
    said = {name.lower(): value for name, value in response.headers.items()}
    keep = complete and response.version >= 11 and said.get("connection", "").lower() != "close"
    return Answer(response.status, said, answer), keep


class _DeadlineSocket(ssl.SSLSocket):
    """Every read and write gets what is left until the deadline. A time-out per operation alone would let the other
    side hold us for ever by sending a byte now and then."""

    deadline: float | None = None

    def read(self, length: int = 1024, buffer: Any = None) -> Any:
        self._hurry()
        return super().read(length, buffer)

    def send(self, data: Any, flags: int = 0) -> int:
        self._hurry()
        return super().send(data, flags)

    def _hurry(self) -> None:
        if self.deadline is None:
            return
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.settimeout(left)


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _DeadlineSocket
    if settings.OUTBOUND_CA_FILE:
        context.load_verify_locations(cafile=settings.OUTBOUND_CA_FILE)
    return context
