"""The public read path: the status page, its API and feeds straight from memory, in front of everything else.

Nothing here touches the database, a session, a cache server or the server program's own classes: when all of those are
down the page still answers, and says when it was written (SP-07).
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from statuspage.snapshot import headers as published
from statuspage.snapshot import memory, store

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

CACHE_CONTROL = published.CACHE_CONTROL.encode()
CORS: Headers = [(name.encode(), value.encode()) for name, value in published.CORS.items()]
PREFLIGHT: Headers = [
    *CORS,
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
]


@dataclass(frozen=True, slots=True)
class _Answer:
    """Messages for one document in one encoding, made once and sent many times."""

    etag: bytes
    full: dict[str, Any]
    body: dict[str, Any]
    empty: dict[str, Any]
    unchanged: dict[str, Any]


class SnapshotApp:
    """ASGI: answers GET, HEAD and OPTIONS of the published paths from the snapshot; everything else goes to `inner`."""

    def __init__(self, inner: App) -> None:
        self.inner = inner
        self._security: Headers = [(name.encode(), value.encode()) for name, value in published.security().items()]
        self._name = ""
        self._answers: dict[str, tuple[_Answer, _Answer]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            method, path = scope["method"], scope["path"]
            if method in ("GET", "HEAD") and (pair := self._find(path)) is not None:
                await self._answer(pair, method, scope["headers"], send)
                return
            if method == "OPTIONS" and shared(path):
                await send({"type": "http.response.start", "status": 204, "headers": PREFLIGHT})
                await send({"type": "http.response.body", "body": b""})
                return
        await self.inner(scope, receive, send)

    def _find(self, path: str) -> tuple[_Answer, _Answer] | None:
        if not path.startswith(("/status/", "/api/v2/", "/history.", "/maintenance.ics")):
            return None
        loaded = memory.current()
        if loaded is None:
            return None
        if loaded.name != self._name:
            at = format_datetime(loaded.written_at.astimezone(dt.UTC), usegmt=True).encode()
            self._answers = {url: self._make(url, document, at) for url, document in by_url(loaded)}
            self._name = loaded.name
        return self._answers.get(path)

    async def _answer(self, pair: tuple[_Answer, _Answer], method: str, headers: Headers, send: Send) -> None:
        wanted = accepted = b""
        for name, value in headers:
            if name == b"if-none-match":
                wanted = value
            elif name == b"accept-encoding":
                accepted = value
        answer = pair[1] if accepts_gzip(accepted) else pair[0]
        if wanted and matches(wanted, pair):
            await send(answer.unchanged)
            await send(answer.empty)
            return
        await send(answer.full)
        await send(answer.empty if method == "HEAD" else answer.body)

    def _make(self, url: str, document: store.Document, at: bytes) -> tuple[_Answer, _Answer]:
        return self._variant(url, document, at, gzipped=False), self._variant(url, document, at, gzipped=True)

    def _variant(self, url: str, document: store.Document, at: bytes, *, gzipped: bool) -> _Answer:
        body = document.gzipped if gzipped else document.body
        etag = f'"{document.etag}{"-gz" if gzipped else ""}"'.encode()
        always: Headers = [
            (b"etag", etag),
            (b"last-modified", at),  # when it was last confirmed: how old the page is, also while nothing else works
            (b"cache-control", CACHE_CONTROL),
            (b"vary", b"Accept-Encoding"),
            *self._security,
            *(CORS if shared(url) else []),
        ]
        full: Headers = [
            (b"content-type", document.content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            *([(b"content-encoding", b"gzip")] if gzipped else []),
            *always,
        ]
        return _Answer(
            etag=etag,
            full={"type": "http.response.start", "status": 200, "headers": full},
            body={"type": "http.response.body", "body": body},
            empty={"type": "http.response.body", "body": b""},
            unchanged={"type": "http.response.start", "status": 304, "headers": always},
        )


def by_url(loaded: store.Loaded) -> list[tuple[str, store.Document]]:
    """`status/index.html` answers `/status/`; every other file its own path. Folders end in a slash."""
    return [("/" + path.removesuffix("index.html"), document) for path, document in loaded.documents.items()]


def shared(path: str) -> bool:
    """Whether other sites' scripts may read this path: the API, the feeds and the calendars. Where something can be
    sent, the view answers for itself."""
    if path.startswith("/api/v2/"):
        return not path.startswith("/api/v2/subscri")
    return path.startswith("/history.") or path.endswith("/maintenance.ics")


def accepts_gzip(header: bytes) -> bool:
    if b"gzip" not in header:
        return False
    parts = [part.replace(b" ", b"").lower() for part in header.split(b",")]
    return not any(part in (b"gzip;q=0", b"gzip;q=0.0", b"gzip;q=0.00", b"gzip;q=0.000") for part in parts)


def matches(header: bytes, pair: tuple[_Answer, _Answer]) -> bool:
    """RFC 9110 §13.1.2: weak comparison against any of the listed tags."""
    tags = {part.strip().removeprefix(b"W/") for part in header.split(b",")}
    return b"*" in tags or pair[0].etag in tags or pair[1].etag in tags
