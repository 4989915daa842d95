from typing import Any

from django.core.management.base import BaseCommand

from portal_core.notify.transports.push import new_private_key


class Command(BaseCommand):
    help = "Print a fresh key for browser notifications, for the environment. Keep it: browsers are bound to it."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"VAPID_PRIVATE_KEY={new_private_key()}")
