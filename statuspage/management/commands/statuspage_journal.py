from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal_core.kernel.errors import AppError
from statuspage.actions import journal
from statuspage.enums import UNRESOLVED, ComponentStatus, IncidentStatus
from statuspage.snapshot import journal as file


class Command(BaseCommand):
    help = "Publish on the status page while the database is away. It is worked in when the database is back."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", nargs="?", default="", help="the message; without one, show what waits")
        parser.add_argument("--name", default="", help="name of a new incident")
        parser.add_argument("--incident", default="", help="id of the incident to update (its address ends in it)")
        parser.add_argument("--status", default=IncidentStatus.INVESTIGATING, choices=[*UNRESOLVED, "resolved"])
        parser.add_argument(
            "--component", action="append", default=[], metavar="SLUG=STATE",
            help=f"may be repeated; states: {', '.join(ComponentStatus.values)}",
        )  # fmt: skip
        parser.add_argument("--by", default="an operator", help="your name, for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["text"]:
            self._show()
            return
        pairs = [pair.partition("=")[::2] for pair in options["component"]]
        try:
            entry = journal.publish(
                name=options["name"], body=options["text"], status=options["status"], incident_id=options["incident"],
                components=dict(pairs), by=options["by"], via="command",
            )  # fmt: skip
        except AppError as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"On the page now. To say more: --incident {entry.incident_id or entry.id}")

    def _show(self) -> None:
        entries, outcomes = file.read()
        for entry in entries:
            outcome = outcomes.get(entry.id)
            state = "waits" if outcome is None else f"refused: {outcome.refusal}" if outcome.refusal else "worked in"
            self.stdout.write(
                f"{entry.at:%Y-%m-%d %H:%M} {entry.id} {entry.status:13} {state:22} {entry.name or entry.body[:50]}"
            )
        try:
            facts = journal.last_facts()
        except AppError as refusal:
            raise CommandError(str(refusal)) from None
        for row in facts.components:
            self.stdout.write(f"{row.slug:28} {row.status}")
        for event in facts.incidents:
            if event.status in UNRESOLVED:
                self.stdout.write(f"{event.id:28} {event.status:13} {event.name}")
