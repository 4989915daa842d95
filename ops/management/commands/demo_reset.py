import shutil
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from ops.runtime import prepare
from ops.runtime.lock import AlreadyRunning, only_one

KEPT = {"secret.key", "serve.lock", "static", "static.lock", "static.stamp"}


class Command(BaseCommand):
    help = "Delete the embedded data in DATA_DIR and make a fresh demo practice."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DATABASE_URL:
            raise CommandError("DATABASE_URL is set. This resets the embedded demo only and touches no other database.")
        if not settings.DEMO:
            raise CommandError("DEMO is not set: this may be somebody's real data.")
        if not options["yes"]:
            answer = input(f"Delete everything in {settings.DATA_DIR} and start the demo afresh? [y/N] ")
            if answer.strip().lower() not in ("y", "yes"):
                raise CommandError("Nothing was changed.")
        try:
            with only_one(settings.DATA_DIR):
                connection.close()
                for path in settings.DATA_DIR.iterdir():
                    if path.name not in KEPT:
                        shutil.rmtree(path) if path.is_dir() else path.unlink()
                prepare.prepare(self.stdout.write)
        except AlreadyRunning as error:
            raise CommandError(str(error)) from None
        self.stdout.write("The demo practice is fresh again. Start it with bin/run.")
