from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from statuspage.snapshot import export
from statuspage.snapshot.targets import TargetUnusable


class Command(BaseCommand):
    help = "Copy the current status page to a directory or to s3://bucket/prefix, ready to be served by anything."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", help="a directory or s3://bucket/prefix")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = export.to(options["target"])
        except TargetUnusable as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(
            f"Snapshot {done.snapshot}: {done.written} written, {done.unchanged} unchanged, {done.deleted} deleted."
        )
