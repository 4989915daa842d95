"""One file of an export: checked from end to end first, then loaded in one transaction, all of it or nothing."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from django.db import IntegrityError, transaction

from portal_core.directory.fhir import parse
from portal_core.directory.fhir.load import BATCH, LOADERS, LineRefused, Tally
from portal_core.directory.models import Practice
from portal_core.kernel import audit
from portal_core.kernel.contracts import SYSTEM

KINDS = tuple(LOADERS)  # in the order in which they refer to each other

Progress = Callable[[int], object]  # called with bytes read


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to be said about one line, or (`line` 0) about the whole file. `what` never quotes it."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


@dataclass(slots=True)
class Outcome:
    kind: str
    file: str
    lines: int = 0
    tally: Tally = field(default_factory=Tally)
    faults: int = 0


def kind_of(path: Path) -> str | None:
    """`Patient.ndjson`, `Patient.000.ndjson`, `1.Patient.ndjson` → "Patient"; None for what is not imported."""
    words = re.split(r"[^A-Za-z]+", path.name.removesuffix(".ndjson"))
    return next((kind for kind in KINDS if kind in words), None)


def lines(file: BinaryIO, progress: Progress) -> Iterator[tuple[int, bytes]]:
    """(number, line) of every line that is not blank; of an endless line no more than the limit is held in memory."""
    number = 0
    while raw := file.readline(parse.MAX_LINE + 2):
        number += 1
        progress(len(raw))
        if len(raw) > parse.MAX_LINE and not raw.endswith(b"\n"):
            while rest := file.readline(parse.MAX_LINE):
                progress(len(rest))
                if rest.endswith(b"\n"):
                    break
            yield number, raw
            continue
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if raw.strip():
            yield number, raw.rstrip(b"\r\n")


def check(path: Path, kind: str, report: Callable[[Fault], object], progress: Progress) -> Outcome:
    """Read the whole file without touching the database; report each bad line, and what is left out of a good one."""
    outcome = Outcome(kind=kind, file=path.name)
    seen: dict[str, int] = {}
    try:
        with path.open("rb") as file:
            for number, raw in lines(file, progress):
                outcome.lines += 1
                try:
                    row = parse.line(raw, kind)
                    first = seen.setdefault(row.fhir_id, number)
                    if first != number:
                        raise parse.Refusal("twice", f"has the same id as line {first}")
                except parse.Refusal as refusal:
                    outcome.faults += 1
                    report(Fault(path.name, number, refusal.what))
                else:
                    if remark := getattr(row, "remark", ""):
                        report(Fault(path.name, number, remark))
    except OSError as error:
        outcome.faults += 1
        report(Fault(path.name, 0, f"cannot be read ({error.strerror})"))
    return outcome


def load(
    path: Path,
    outcome: Outcome,
    *,
    practice: Practice,
    now: dt.datetime,
    report: Callable[[Fault], object],
    progress: Progress,
) -> None:
    """Write a checked file in one transaction. A line that does not fit the database undoes the whole file."""
    loader = LOADERS[outcome.kind](practice)
    try:
        with transaction.atomic():
            loader.begin(now)
            batch: list[tuple[int, parse.Row]] = []
            with path.open("rb") as file:
                for number, raw in lines(file, progress):
                    batch.append((number, _row(number, raw, outcome.kind)))
                    if len(batch) == BATCH:
                        loader.take(batch)  # type: ignore[arg-type]
                        batch = []
            if batch:
                loader.take(batch)  # type: ignore[arg-type]
            loader.finish()
            if loader.refused:
                raise loader.refused[0]
            outcome.tally = loader.tally
            if loader.tally.created or loader.tally.updated:
                audit.record(
                    "directory:import",
                    by=SYSTEM,
                    target=practice,
                    practice_id=practice.pk,
                    at=now,
                    kind=outcome.kind,
                    created=loader.tally.created,
                    updated=loader.tally.updated,
                )
    except LineRefused as error:
        refused = loader.refused or [error]
        _undone(outcome, practice, len(refused))
        for each in sorted(refused, key=lambda one: one.line):
            report(Fault(path.name, each.line, each.refusal.what))
    except IntegrityError:
        _undone(outcome, practice, 1)
        report(Fault(path.name, 0, "somebody changed the same rows meanwhile; run the import again"))


def _undone(outcome: Outcome, practice: Practice, faults: int) -> None:
    outcome.faults += faults
    outcome.tally = Tally()
    practice.refresh_from_db()


def _row(number: int, raw: bytes, kind: str) -> parse.Row:
    try:
        return parse.line(raw, kind)
    except parse.Refusal as refusal:  # the file changed between check and load
        raise LineRefused(number, refusal) from None
