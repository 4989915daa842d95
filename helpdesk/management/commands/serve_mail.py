import ipaddress
import signal
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections

from helpdesk import errors
from helpdesk.actions import inbound_mail, mail_routes
from helpdesk.transports.receiver import Receiver, ReceiverServer

P = ParamSpec("P")
R = TypeVar("R")


def keep(raw: bytes, sender: str, recipients: Sequence[str]) -> str:
    """Keep one mail; the reply line says whether it is ours now."""
    try:
        mail = inbound_mail.receive(raw=raw, envelope_sender=sender, recipients=recipients)
    except errors.MailboxUnknown:
        return "550 5.1.1 No such mailbox"
    except errors.MailTooLarge:
        return "552 5.3.4 Too large"
    except errors.MailEmpty:
        return "554 5.6.0 There is no mail in this"
    except DatabaseError:
        return "451 4.3.0 Try again later"
    return f"250 2.0.0 Kept as {mail.public_id}"


def in_thread(deed: Callable[P, R]) -> Callable[P, R]:
    """For a thread that no request ever ends: connections that went stale meanwhile are not used again."""

    @wraps(deed)
    def done(*args: P.args, **kwargs: P.kwargs) -> R:
        close_old_connections()
        try:
            return deed(*args, **kwargs)
        finally:
            close_old_connections()

    return done


class Command(BaseCommand):
    help = (
        "Receive e-mail from the mail server of this machine: LMTP (Postfix: `virtual_transport = "
        "lmtp:inet:127.0.0.1:8024`), with --smtp SMTP. It has no sign-in and no TLS, so it listens on loopback alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8024)
        parser.add_argument("--smtp", action="store_true", help="speak SMTP instead of LMTP")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loopback = ipaddress.ip_address(options["host"]).is_loopback
        except ValueError:
            loopback = options["host"] == "localhost"
        if not loopback:
            raise CommandError("It listens on loopback alone: whoever reaches it may write to every desk.")
        receiver = Receiver(keep=in_thread(keep), known=in_thread(mail_routes.is_ours), lmtp=not options["smtp"])
        server = ReceiverServer(
            receiver, hostname=options["host"], port=options["port"], size_limit=inbound_mail.MAX_MAIL
        )
        ended = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: ended.set())
        server.start()
        self.stdout.write(f"receiving {'SMTP' if options['smtp'] else 'LMTP'} on {options['host']}:{options['port']}")
        ended.wait()
        server.stop()
