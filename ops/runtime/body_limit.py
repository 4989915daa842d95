"""How much one request may bring. What is more is refused before it is kept: neither memory nor the disk of temporary
files is anybody's to fill who has not even signed in."""

import json
import logging
from typing import Any

from twisted.web import http

from portal_core.kernel.ids import new_public_id

logger = logging.getLogger(__name__)
MEGABYTE = 1024 * 1024
MOST = 16 * MEGABYTE  # bytes; words, and what programs send
# Where people sign in and may enclose files: the largest list the pages promise to take (50 MB), and its wrapping. The
# proxies of docs/operations/ let through the same; a test holds them to it.
MOST_WITH_FILES = 56 * MEGABYTE
WITH_FILES = (b"/portal/", b"/desk/", b"/triage/")
LINGER = MOST_WITH_FILES  # bytes of a refused body that are let pass by, so that a browser reads the refusal
SAFE = (
    b"Connection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
    b"Referrer-Policy: same-origin\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
)
PAGE = """<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Too large</title>
<h1>This is too large to send in one go</h1>
<p>Nothing was sent. Go back in your browser: what you typed is usually still there.</p>
<p>Then choose fewer or smaller files, and send the rest with another message. Files with a message may have 40 MB
together; a list of subscribers may have 50 MB. A long text goes in several parts.</p>
<p>If you ask us about this, name {request_id}.</p>
</html>
"""
WORDS = "Nothing was done: a body may have {most} MB. Send less in one go."


def most(path: bytes) -> int:
    """How many bytes a request to that path may bring."""
    return MOST_WITH_FILES if path.startswith(WITH_FILES) else MOST


def refusal(path: bytes) -> bytes:
    """The answer to whoever brings more: a page, or what programs read."""
    request_id = new_public_id()
    logger.warning("A body over %s bytes was refused: %s", most(path), request_id)  # paths may hold keys
    if path.startswith(b"/api/"):
        words = WORDS.format(most=most(path) // MEGABYTE)
        kind, body = (
            "application/json",
            json.dumps({"error": {"code": "too_large", "message": words, "request_id": request_id}}),
        )
    else:
        kind, body = "text/html; charset=utf-8", PAGE.format(request_id=request_id)
    head = f"HTTP/1.1 413 Content Too Large\r\nContent-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n"
    return head.encode() + f"X-Request-ID: {request_id}\r\n".encode() + SAFE + b"\r\n" + body.encode()


class LimitedBody:
    """Mixed into Twisted's request: a body over the limit is never stored, and its sender is told 413.

    By its announced length at once, by counting where none was announced (chunked). What still comes is dropped;
    whoever goes on for another LINGER bytes is cut off.
    """

    refused = False
    _taken = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        self._most = most(self._asked())
        if length is not None and length > self._most:
            self._refuse()
            length = 0
        super().gotLength(length)  # type: ignore[misc]

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        self._taken += len(data)
        if not self.refused and self._taken > self._most:
            self._refuse()
            self._taken = 0
        if not self.refused:
            super().handleContentChunk(data)  # type: ignore[misc]
        elif self._taken > LINGER:
            self._transport().abortConnection()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802 - Twisted's name
        if self.refused:  # the sender finished in spite of it: the answer is out already
            self._transport().loseConnection()
            return
        super().requestReceived(command, path, version)  # type: ignore[misc]

    def _refuse(self) -> None:
        self.refused = True
        self._transport().write(refusal(self._asked()))

    def _asked(self) -> bytes:
        """The path, which Twisted gives a request only once its body is there."""
        channel: Any = self.channel  # type: ignore[attr-defined]
        return bytes(getattr(channel, "_path", b""))

    def _transport(self) -> Any:
        channel: http.HTTPChannel = self.channel  # type: ignore[attr-defined]
        return channel.transport
