from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal_core.kernel import outbox
from portal_core.kernel.contracts import SYSTEM


class Command(BaseCommand):
    help = "Show what waits in the outbox and what died there; --revive gives the dead another round."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--revive", action="store_true", help="try dead messages again")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{outbox.count_waiting()} waiting")
        for letter in reversed(outbox.dead(limit=1000)):
            self.stdout.write(
                f"dead #{letter.id} {letter.event} -> {letter.handler}: {letter.error} x{letter.attempts}"
            )  # fmt: skip
        if options["revive"]:
            self.stdout.write(f"{outbox.revive(by=SYSTEM)} revived")
