import logging
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from helpdesk import errors
from helpdesk.actions import inbound_mail

logger = logging.getLogger(__name__)
# What mail servers understand (sysexits.h).
DATA_ERROR = 65  # EX_DATAERR: nothing that could be a mail
NO_USER = 67  # EX_NOUSER: no mailbox of ours
UNAVAILABLE = 69  # EX_UNAVAILABLE: too large
TRY_LATER = 75  # EX_TEMPFAIL: the mail server keeps it and hands it over again


class Command(BaseCommand):
    help = (
        "Take one e-mail from standard input and keep it. The pipe of a mail server, e.g. for Postfix: "
        '`receive_mail --from "${sender}" --to "${original_recipient}"`. '
        "Without --to: $ORIGINAL_RECIPIENT or $RECIPIENT. "
        "Ends with 0 when it is kept, 67 for an unknown mailbox, 69 when it is too large, 65 when it is empty, 75 when "
        "it should be handed over again."
    )
    requires_system_checks = ()
    stealth_options = ("stdin",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", action="append", default=[], help="envelope recipient; may be given several times")
        parser.add_argument("--from", dest="sender", default=None, help="envelope sender; empty for a report")

    def handle(self, *args: Any, **options: Any) -> None:
        stdin = options.get("stdin") or sys.stdin.buffer
        given = [os.environ.get("ORIGINAL_RECIPIENT") or os.environ.get("RECIPIENT", "")]
        recipients = options["to"] or [one for one in given if one]
        # An unknown envelope sender is not an empty one: empty means that a mail server speaks.
        sender = options["sender"] if options["sender"] is not None else os.environ.get("SENDER", "unknown")
        try:
            mail = inbound_mail.receive(
                raw=stdin.read(inbound_mail.MAX_MAIL + 1), envelope_sender=sender, recipients=recipients
            )
        except errors.MailboxUnknown:
            sys.exit(NO_USER)
        except errors.MailTooLarge:
            sys.exit(UNAVAILABLE)
        except errors.MailEmpty:
            sys.exit(DATA_ERROR)
        except Exception as fault:
            # Whatever it is, the mail is not kept yet: with any other end the mail server sends it back.
            logger.exception("an e-mail could not be kept: %s", type(fault).__name__)
            sys.exit(TRY_LATER)
        self.stdout.write(f"kept as {mail.public_id}")
