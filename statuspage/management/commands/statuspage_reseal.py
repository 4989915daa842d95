"""Seal and index every subscriber's address anew after SECRET_KEY changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal_core.kernel.contracts import SYSTEM
from statuspage.actions import subscribers


class Command(BaseCommand):
    help = (
        "Seal and index subscribers' addresses with the newest key. Run it after changing SECRET_KEY, while the "
        "earlier key stands in SECRET_KEY_FALLBACKS; it may be run again. Take it away afterwards."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        result = subscribers.reseal(by=SYSTEM)
        self.stdout.write(f"{result.done} sealed anew, {result.merged} merged, {result.unreadable} unreadable.")
        if result.unreadable:
            raise CommandError(
                "Some addresses open with none of the keys. Put the earlier key into SECRET_KEY_FALLBACKS."
            )
