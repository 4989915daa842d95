import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ops import checks
from ops.celery import app as celery_app
from ops.demo.people import PASSWORD, PATIENT_SIGN_INS, STAFF, SignIn
from ops.runtime import prepare
from ops.runtime.lock import AlreadyRunning, only_one
from portal_core.notify import delivery
from statuspage.snapshot import shared


class Command(BaseCommand):
    help = "Serve HTTP and WebSockets; without REDIS_URL also run tasks and the schedule, all in this one process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--prepare", action="store_true", help="migrate, collect static files, seed the demo first")
        parser.add_argument("--no-embedded", action="store_true", help="leave tasks and schedule to other processes")
        parser.add_argument(
            "--behind-proxy", action="store_true", help="believe X-Forwarded-For and -Proto of the proxy in front"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if why := checks.why_demo_is_open(host=options["host"]):
            raise CommandError(f"This is the demo, and {why}. {checks.DEMO_HINT}")
        if settings.EMBEDDED and options["no_embedded"]:
            raise CommandError("--no-embedded leaves the tasks to other processes, reached through REDIS_URL: set it.")
        embedded = settings.EMBEDDED
        try:
            with only_one(settings.DATA_DIR) if embedded else nullcontext():
                self._serve(embedded=embedded, **options)
        except AlreadyRunning as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            self._say("Stopped.")

    def _serve(self, *, embedded: bool, **options: Any) -> None:
        if options["prepare"]:
            prepare.prepare(self._say)
        elif pending := prepare.pending_migrations():
            raise CommandError(
                f"The database lacks {len(pending)} migration(s), first {pending[0]}. Run: python manage.py migrate"
            )
        else:
            prepare.collect_static(self._say)
        if trouble := shared.complaint():
            self.stderr.write(trouble)
        # Imported here: it installs Twisted's reactor, which no other command needs.
        from ops.runtime import daphne_server

        tasks = None
        if embedded:
            from ops.runtime.embedded_celery import EmbeddedCelery

            tasks = EmbeddedCelery(celery_app)
        from ops.asgi import application

        finished = True

        def stop() -> None:
            nonlocal finished
            if tasks is not None:
                finished = tasks.stop()

        if tasks is not None:
            delivery.release_claims()  # of a killed predecessor; the lock file says that there is no other
            tasks.start()
        try:
            daphne_server.serve(
                application,
                host=options["host"],
                port=options["port"],
                behind_proxy=options["behind_proxy"],
                on_listening=self._announce,
                on_stop=stop,
            )
        except daphne_server.CannotListen as error:
            stop()
            raise CommandError(f"Cannot listen on {options['host']}:{options['port']}: {error}") from None
        self._say("Stopped." if finished else "Stopped with a task unfinished; it will run again at the next start.")
        if not finished:
            sys.stdout.flush()
            os._exit(1)  # the interpreter would wait for that task's thread

    def _announce(self, url: str) -> None:
        if not settings.DEMO:
            self._say(f"Serving on {url}")
            return
        lines = [
            "",
            f"  Lantern is running:  {url}/",
            f"  Staff sign in:       {url}/desk/sign-in/",
            f"  Patients sign in:    {url}/portal/sign-in/",
            f"  Status page:         {url}/status/",
            f"  Mail and texts:      {url}/mailbox/  (what would have left)",
            "",
            f"  Demo sign-ins, password {PASSWORD}:",
            *self._people(one for one in (*STAFF, *PATIENT_SIGN_INS) if one.signs_in),
            "",
            "  Patients without a sign-in yet:",
            *self._people(one for one in PATIENT_SIGN_INS if not one.signs_in),
            "",
            "  Ctrl-C stops it.",
            "",
        ]
        self._say("\n".join(lines))

    def _people(self, people: Iterable[SignIn]) -> list[str]:
        return [f"    {one.username:<8}{one.what}" for one in people]

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
