from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from statuspage.snapshot import codes


class Command(BaseCommand):
    help = "Print a sheet of break-glass codes: each publishes one message while the database is away."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--for", dest="label", default="", help="who keeps the sheet; stands beside what is published"
        )
        parser.add_argument("--count", type=int, default=10)
        parser.add_argument("--revoke-all", action="store_true", help="make every unused code worthless")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["revoke_all"]:
            self.stdout.write(f"{codes.revoke_all()} unused codes are worthless now.")
        if not options["label"]:
            self.stdout.write(f"{codes.unused()} unused codes. A new sheet: statuspage_codes --for NAME")
            return
        self.stdout.write(
            f"Keep this on paper, apart from the system. Use it at {settings.PUBLIC_URL}/status/break-glass/"
        )
        for code in codes.make(options["label"], max(1, min(options["count"], 50))):
            self.stdout.write(f"  [ ]  {code}")
