from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal_core.kernel import outbox
from portal_core.kernel.models import OutboxMessage


class Command(BaseCommand):
    help = "Show what waits in the outbox and what died there; --revive gives the dead another round."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--revive", action="store_true", help="try dead messages again")

    def handle(self, *args: Any, **options: Any) -> None:
        waiting = OutboxMessage.objects.filter(done_at=None, dead_at=None).count()
        self.stdout.write(f"{waiting} waiting")
        for row in OutboxMessage.objects.filter(dead_at__isnull=False).order_by("dead_at"):
            self.stdout.write(f"dead #{row.pk} {row.event_name} -> {row.handler}: {row.last_error} x{row.attempts}")
        if options["revive"]:
            self.stdout.write(f"{outbox.revive()} revived")
