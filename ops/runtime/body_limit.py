"""How much one request may bring. What is more is refused before it is kept: neither memory nor the disk of temporary
files is anybody's to fill who has not even signed in."""

from typing import Any

from twisted.web import http

MOST = 16 * 1024 * 1024  # bytes; more than the largest letter with files, less than any disk minds
LINGER = 16 * 1024 * 1024  # bytes of a refused body that are let pass by, so that the refusal can be read
WORDS = b"That is more than we can take in one go. Shorten it and send it again.\n"


class LimitedBody:
    """Mixed into Twisted's request: a body over MOST is never stored, and its sender is told 413.

    By its announced length at once, by counting where none was announced (chunked). What still comes is dropped;
    whoever goes on for another LINGER bytes is cut off.
    """

    refused = False
    _taken = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        if length is not None and length > MOST:
            self._refuse()
            length = 0
        super().gotLength(length)  # type: ignore[misc]

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        self._taken += len(data)
        if not self.refused and self._taken > MOST:
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
        head = (
            b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n"
            b"Content-Length: %d\r\n\r\n" % len(WORDS)
        )
        self._transport().write(head + WORDS)

    def _transport(self) -> Any:
        channel: http.HTTPChannel = self.channel  # type: ignore[attr-defined]
        return channel.transport
