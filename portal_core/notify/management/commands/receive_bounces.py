import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from portal_core.notify.actions import reports
from portal_core.notify.rules import returned

TRY_LATER = 75  # EX_TEMPFAIL: the mail server keeps the mail and hands it over again


class Command(BaseCommand):
    help = (
        "Read one mail from standard input: a bounce (RFC 3464) or a complaint (RFC 5965) about a mail of ours. "
        "Meant as the pipe of the sender's mailbox; any other mail is passed over."
    )
    requires_system_checks = ()
    stealth_options = ("stdin",)

    def handle(self, *args: Any, **options: Any) -> None:
        raw = options.get("stdin") or sys.stdin.buffer
        try:
            report = returned.from_mail(raw.read(returned.MAX_MAIL))
        except returned.Unreadable:
            self.stdout.write("passed over: no report about a mail of ours")
            return
        try:
            changed = reports.mail_returned(reports=[report], source="mail")
        except DatabaseError:
            sys.exit(TRY_LATER)
        self.stdout.write(f"{report.kind}: {'taken' if changed else 'nothing to change'}")
