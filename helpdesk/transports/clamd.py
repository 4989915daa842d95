"""The virus scanner, over its own socket (clamd's INSTREAM: length-prefixed pieces, an answer in one line)."""

import socket
import struct
from urllib.parse import urlsplit

TIMEOUT = 60  # seconds for one file
PIECE = 64 * 1024


class ScannerDown(Exception):
    """It cannot be asked now, or did not answer the question."""


class Scanner:
    """`url`: tcp://host:port or unix:///path/of/clamd.ctl."""

    def __init__(self, url: str) -> None:
        self.url = urlsplit(url)

    def scan(self, data: bytes) -> str:
        """The name of what was found, or "". Raises ScannerDown."""
        try:
            with self._connected() as line:
                line.sendall(b"zINSTREAM\x00")
                for start in range(0, len(data), PIECE):
                    piece = data[start : start + PIECE]
                    line.sendall(struct.pack("!I", len(piece)) + piece)
                line.sendall(struct.pack("!I", 0))
                answer = b""
                while not answer.endswith(b"\x00") and len(answer) < 4096:
                    more = line.recv(4096)
                    if not more:
                        break
                    answer += more
        except OSError as error:
            raise ScannerDown(type(error).__name__) from error
        text = answer.rstrip(b"\x00\n").decode("utf-8", "replace").removeprefix("stream: ")
        if text == "OK":
            return ""
        if text.endswith(" FOUND"):
            return text.removesuffix(" FOUND")[:100] or "unnamed"
        raise ScannerDown("answer")

    def _connected(self) -> socket.socket:
        if self.url.scheme == "unix":
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            line.settimeout(TIMEOUT)
            line.connect(self.url.path)
            return line
        return socket.create_connection((self.url.hostname or "127.0.0.1", self.url.port or 3310), timeout=TIMEOUT)
