"""A receiver of webhooks on loopback, with a certificate of a throw-away authority; it misbehaves on request.

Signatures are checked with the `standardwebhooks` package, so that sender and checker share no code.
"""

import datetime as dt
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook


@dataclass(frozen=True, slots=True)
class Posted:
    """One request as it arrived; header names in lower case. `seconds` into the life of the sink."""

    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def verify(self, secret: str) -> Any:
        """The payload, if the signature is right. Raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class HttpsSink:
    """`answers` maps a path to (status, headers, body); others get 204. What is in `slow_head`, `slow_body`, `hang`:
    paths that drip their answer byte by byte, or wait for `release`. `echo`: paths that answer a challenge as they
    should. `ceiling` counts how many requests were in hand at once, per path and in all ("")."""

    posts: list[Posted] = field(default_factory=list)
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    echo: set[str] = field(default_factory=set)
    hang: set[str] = field(default_factory=set)
    slow_head: set[str] = field(default_factory=set)
    slow_body: set[str] = field(default_factory=set)
    huge_body: set[str] = field(default_factory=set)
    hang_up: set[str] = field(default_factory=set)
    release: threading.Event = field(default_factory=threading.Event)
    connections: int = 0
    port: int = 0
    ceiling: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    inside: dict[str, int] = field(default_factory=dict)

    def url(self, path: str = "/hook", host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    @property
    def ca_file(self) -> str:
        return str(authority("ours")[0])

    def enter(self, path: str, by: int) -> None:
        with self.lock:
            for name in ("", path):
                self.inside[name] = self.inside.get(name, 0) + by
                self.ceiling[name] = max(self.ceiling.get(name, 0), self.inside[name])


@contextmanager
def https_sink(certificate: str = "good") -> Iterator[HttpsSink]:
    """Serve on a free port of 127.0.0.1. `certificate`: good (localhost and *.test), stranger (another authority),
    other_name, expired."""
    sink = HttpsSink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            with sink.lock:
                sink.connections += 1
                self.number = sink.connections

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            path = self.path.partition("?")[0]
            headers = {name.lower(): value for name, value in self.headers.items()}
            with sink.lock:
                sink.posts.append(Posted(self.path, headers, body, self.number))
            sink.enter(path, 1)
            try:
                self._answer(path, body)
            except OSError:
                self.close_connection = True
            finally:
                sink.enter(path, -1)

        def _answer(self, path: str, body: bytes) -> None:
            if path in sink.hang:
                sink.release.wait(30)
            if path in sink.hang_up:
                self.close_connection = True
                return None
            status, headers, data = sink.answers.get(path, (204, {}, b""))
            if path in sink.echo:
                status, headers, data = 200, {}, json.dumps({"challenge": json.loads(body)["challenge"]}).encode()
            if path in sink.slow_head:
                return self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500)
            if path in sink.slow_body:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                return self._drip(b"x" * 1000)
            if path in sink.huge_body:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
                while True:
                    self.wfile.write(b"x" * 65536)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return None

        def _drip(self, data: bytes) -> None:
            for place in range(len(data)):
                self.wfile.write(data[place : place + 1])
                if sink.release.wait(0.05):
                    self.close_connection = True
                    return

        def log_message(self, *args: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def get_request(self) -> tuple[Any, Any]:
            sock, address = super().get_request()
            # The handshake happens in the handler's own thread, at its first read.
            return context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), address

        def handle_error(self, request: Any, client_address: Any) -> None:
            return  # a client that hangs up in the handshake is what some tests are about

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(_certificate(certificate)))
    server = Server(("127.0.0.1", 0), Handler)
    sink.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        sink.release.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


# --- certificates -----------------------------------------------------------------------------
@lru_cache(maxsize=2)
def authority(name: str) -> tuple[Path, ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A throw-away authority: PEM file of its certificate, key, certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Throw-away authority ({name})")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(max(now, dt.datetime(2030, 1, 1, tzinfo=dt.UTC)) + dt.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = Path(mkdtemp(prefix="sink-ca-")) / "ca.pem"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return path, key, certificate


@lru_cache(maxsize=8)
def _certificate(kind: str) -> Path:
    _, ca_key, ca = authority("stranger" if kind == "stranger" else "ours")
    key = ec.generate_private_key(ec.SECP256R1())
    names = ["elsewhere.test"] if kind == "other_name" else ["localhost", "sink.test", "other.test"]
    until = dt.datetime(2021 if kind == "expired" else 2035, 1, 1, tzinfo=dt.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    certificate = (
        x509.CertificateBuilder(ca.subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    path = Path(mkdtemp(prefix="sink-")) / "server.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return path
