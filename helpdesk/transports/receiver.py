"""What a mail server speaks to: SMTP or LMTP on this machine. It says yes only to what is kept."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

logger = logging.getLogger(__name__)

MOST_RECIPIENTS = 50
TIMEOUT = 60  # seconds a silent line is kept open

Keep = Callable[[bytes, str, Sequence[str]], str]  # → the reply line
Known = Callable[[str], bool]


class Receiver:
    """The verbs of one conversation. `known` says whether a mailbox is ours, `keep` writes the mail down; both block
    and run in a thread."""

    def __init__(self, *, keep: Keep, known: Known, lmtp: bool) -> None:
        self.keep, self.known, self.lmtp = keep, known, lmtp

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            ours = await asyncio.to_thread(self.known, address)
        except Exception:
            logger.exception("a mailbox could not be looked up")
            return "451 4.3.0 Try again later"
        if not ours:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        try:
            answer = await asyncio.to_thread(self.keep, raw, envelope.mail_from or "", list(envelope.rcpt_tos))
        except Exception:
            # Not kept, hence not ours: the server hands it over again.
            logger.exception("an e-mail could not be kept")
            answer = "451 4.3.0 Try again later"
        # LMTP answers once for each recipient (RFC 2033 §4.2); the mail is one row, so they share its fate.
        return "\r\n".join([answer] * len(envelope.rcpt_tos)) if self.lmtp else answer


class ReceiverServer(Controller):
    """Runs a Receiver in a thread of its own: `start()`, `stop()`."""

    def __init__(self, receiver: Receiver, *, hostname: str, port: int, size_limit: int) -> None:
        super().__init__(receiver, hostname=hostname, port=port, ready_timeout=10)
        self.receiver, self.size_limit = receiver, size_limit

    def factory(self) -> SMTP:
        kind = LMTP if self.receiver.lmtp else SMTP
        return kind(
            self.receiver,
            data_size_limit=self.size_limit,
            enable_SMTPUTF8=True,
            timeout=TIMEOUT,
            ident="mail receiver",
        )
