from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal_core.kernel import audit
from portal_core.kernel.models import AuditEvent


class Command(BaseCommand):
    help = (
        "Check that no audit line was changed, removed or slipped in, and print where each chain ends. Keep what it "
        "prints somewhere else, and hand it back with --expect: then a ledger that was cut or written anew shows, too."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--expect", type=Path, metavar="FILE", help="what this command printed at an earlier time")
        parser.add_argument(
            "--trust", action="store_true", help="sign chains that are not signed with our key, as they stand now"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        expected = self._expected(options["expect"]) if options["expect"] else []
        audit.seal()
        if options["trust"]:
            self.stdout.write(f"{audit.trust()} chain(s) signed as they stand.")
            audit.seal()
        faults = 0
        for fault in (*audit.verify(), *audit.missed(expected)):
            faults += 1
            self.stderr.write(f"practice {fault.practice_key or '-'} line {fault.sequence}: {fault.what}")
        if faults:
            raise CommandError(f"{faults} broken place(s) in the audit ledger.")
        self.stdout.write(f"{AuditEvent.objects.count()} audit lines, every chain holds.")
        for anchor in audit.anchors():
            self.stdout.write(str(anchor))

    def _expected(self, path: Path) -> list[audit.Anchor]:
        """The heads in it; everything else it printed is passed over."""
        try:
            lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("head ")]
            found = [audit.Anchor.parse(line) for line in lines]
        except (OSError, ValueError) as error:
            raise CommandError(f"{path} cannot be read as what audit_verify prints.") from error
        if not found:
            raise CommandError(f"{path} names no chain.")
        return found
