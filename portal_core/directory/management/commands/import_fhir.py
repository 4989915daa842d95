from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.text import slugify
from tqdm import tqdm

from portal_core.directory.fhir import files
from portal_core.directory.models import Practice
from portal_core.kernel import clock


class _Rehearsed(Exception):
    """Undoes a dry run."""


def _size(path: Path) -> int:
    """For the bar alone; reading says what is wrong with a file."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


class Command(BaseCommand):
    help = (
        "Import a FHIR R4 bulk export (NDJSON): Organization, Location, Practitioner, PractitionerRole, Patient. "
        "A file with a bad line is not imported at all; a second run changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, help="folder that holds the .ndjson files")
        parser.add_argument("--practice", default="imported", metavar="SLUG", help="practice to import into")
        parser.add_argument("--dry-run", action="store_true", help="check and rehearse everything, keep nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        directory: Path = options["directory"]
        slug: str = options["practice"]
        if not directory.is_dir():
            raise CommandError(f"{directory} is not a folder.")
        if slugify(slug) != slug or not 1 <= len(slug) <= 60:
            raise CommandError("--practice takes a slug: lower-case letters, digits and hyphens.")
        found = sorted(
            ((kind, path) for path in directory.glob("*.ndjson") if (kind := files.kind_of(path))),
            key=lambda pair: (files.KINDS.index(pair[0]), pair[1].name),
        )
        if not found:
            raise CommandError(f"{directory} holds no .ndjson file of {', '.join(files.KINDS)}.")
        outcomes: list[files.Outcome] = []
        if options["dry_run"]:
            # All files in one transaction that is undone: later files need the rows of the earlier ones.
            try:
                with transaction.atomic():
                    outcomes = self._import(found, slug)
                    raise _Rehearsed
            except _Rehearsed:
                pass
        else:
            outcomes = self._import(found, slug)
        self._table(outcomes, dry_run=options["dry_run"])
        bad = sum(outcome.faults > 0 for outcome in outcomes)
        if bad:
            raise CommandError(f"{bad} of {len(outcomes)} files not imported; see the lines named above.")

    def _import(self, found: list[tuple[str, Path]], slug: str) -> list[files.Outcome]:
        practice, created = Practice.objects.get_or_create(
            slug=slug, defaults={"name": slug.replace("-", " ").capitalize()}
        )
        now, outcomes = clock.now(), []
        total = 2 * sum(_size(path) for _kind, path in found)
        with tqdm(total=total, unit="B", unit_scale=True, disable=None, leave=False) as bar:
            for kind, path in found:
                bar.set_description(path.name)
                outcome = files.check(path, kind, self._report, bar.update)
                if not outcome.faults:
                    files.load(
                        path, outcome, practice=practice, now=now, report=self._report, progress=bar.update
                    )  # fmt: skip
                outcomes.append(outcome)
        if created and all(outcome.faults for outcome in outcomes):
            practice.delete()  # nothing came in: no practice by that name either
        return outcomes

    def _report(self, fault: files.Fault) -> None:
        with tqdm.external_write_mode():  # the bar steps aside for the line
            self.stderr.write(str(fault))

    def _table(self, outcomes: list[files.Outcome], *, dry_run: bool) -> None:
        wide = max(len(outcome.file) for outcome in outcomes)
        self.stdout.write(
            f"{'file':<{wide}}  {'lines':>8} {'new':>8} {'changed':>8} {'as was':>8} {'skipped':>8}  result"
        )
        for outcome in outcomes:
            tally = outcome.tally
            result = f"refused, {outcome.faults} bad line(s)" if outcome.faults else "imported"
            if dry_run and not outcome.faults:
                result = "would be imported"
            self.stdout.write(
                f"{outcome.file:<{wide}}  {outcome.lines:>8} {tally.created:>8} {tally.updated:>8} "
                f"{tally.unchanged:>8} {tally.skipped:>8}  {result}"
            )
