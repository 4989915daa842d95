"""A mail server that listens on loopback, remembers what it was told, and misbehaves on request.

Real sockets, real SMTP dialogue, as little work per mail as possible: the benchmark uses it, too.
"""

import asyncio
import email
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default


@dataclass(frozen=True, slots=True)
class Received:
    """One accepted mail: the envelope and the raw bytes after DATA, dots undone."""

    sender: str
    recipient: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def part(self, kind: str) -> str:
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())


@dataclass
class SmtpSink:
    """`replies` maps a verb or an address to a reply to give instead; `hang_up_in_data` counts connections to drop in
    the middle of DATA; `hang_up_after` closes each connection quietly after so many mails; `on_mail` is called after a
    mail was taken and before the server says so; while `hold` is unset, no connection is greeted."""

    mails: list[Received] = field(default_factory=list)
    connections: int = 0
    replies: dict[str, str] = field(default_factory=dict)
    hang_up_in_data: int = 0
    hang_up_after: int = 0
    keep: bool = True
    count: int = 0
    on_mail: Callable[[Received], None] | None = None
    port: int = 0
    hold: threading.Event | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = recipient = ""
        taken = 0
        if self.hold is not None:
            await asyncio.get_running_loop().run_in_executor(None, self.hold.wait)
        writer.write(self._reply("CONNECT", "220 sink ready"))
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(self._reply("EHLO", "250-sink\r\n250 8BITMIME"))
            elif verb == b"MAIL":
                if self.hang_up_after and taken >= self.hang_up_after:
                    return
                sender = line[11:].split(b">")[0].decode()
                writer.write(self._reply("MAIL", "250 ok"))
            elif verb == b"RCPT":
                recipient = line[9:].split(b">")[0].decode()
                writer.write(self._reply(recipient, "250 ok"))
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                if self.hang_up_in_data:
                    self.hang_up_in_data -= 1
                    await reader.read(10)
                    return
                raw = await reader.readuntil(b"\r\n.\r\n")
                reply = self._reply("DATA", "250 taken")
                if reply.startswith(b"250"):
                    self._take(sender, recipient, raw)
                    taken += 1
                writer.write(reply)
            elif verb == b"RSET":
                writer.write(b"250 ok\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"500 what?\r\n")

    def _take(self, sender: str, recipient: str, raw: bytes) -> None:
        self.count += 1
        if self.keep:
            mail = Received(sender, recipient, raw[:-3].replace(b"\r\n..", b"\r\n."))
            if self.on_mail is not None:
                self.on_mail(mail)
            self.mails.append(mail)

    def _reply(self, key: str, usual: str) -> bytes:
        return (self.replies.get(key, usual) + "\r\n").encode()


@contextmanager
def smtp_sink(port: int = 0, **options: object) -> Iterator[SmtpSink]:
    """Run a sink in a thread of its own."""
    sink = SmtpSink(**options)  # type: ignore[arg-type]
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    # From the loop's own thread: Playwright runs a loop in the test's.
    listening = asyncio.start_server(sink.serve, "127.0.0.1", port, limit=2**22)
    server = asyncio.run_coroutine_threadsafe(listening, loop).result(5)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    ours = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not ours]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


if __name__ == "__main__":  # python -m tests.fakes.smtp: prints its port, serves until standard input closes
    import sys

    with smtp_sink(keep=False) as standing:
        sys.stdout.write(f"{standing.port}\n")
        sys.stdout.flush()
        sys.stdin.read()
