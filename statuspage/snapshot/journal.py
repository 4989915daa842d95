"""The journal on disk: DATA_DIR/status/journal.jsonl, a line per entry and a line per outcome, only ever appended.

An entry counts once its line is on the disk (fsync). It waits until a line names what became of it; nothing is ever
taken out, so the file is the record of what was said while the database was away.
"""

import dataclasses
import datetime as dt
import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from statuspage.rules.journal import Entry
from statuspage.snapshot import store

logger = logging.getLogger(__name__)

SCOPE = "statuspage.journal"  # of the idempotency keys under which entries are worked in


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an entry: the incident it is now, or the code of the refusal."""

    entry_id: str
    incident_id: str
    refusal: str
    at: dt.datetime


def path() -> Path:
    return store.root() / "journal.jsonl"


def append(entry: Entry) -> None:
    """Returns when the entry is on the disk. Raises OSError when it cannot be."""
    _append({"entry": {**dataclasses.asdict(entry), "at": entry.at.isoformat(), "components": dict(entry.components)}})


def settle(outcome: Outcome) -> None:
    """Note what became of an entry."""
    _append({"outcome": {**dataclasses.asdict(outcome), "at": outcome.at.isoformat()}})


def read() -> tuple[list[Entry], dict[str, Outcome]]:
    """All entries in the order they were said, and the outcomes by entry id. A torn line is passed over."""
    entries, outcomes = [], {}
    for line in _lines():
        try:
            row = json.loads(line)
            if "entry" in row:
                entries.append(Entry(**{**row["entry"], "at": dt.datetime.fromisoformat(row["entry"]["at"])}))
            else:
                values = {**row["outcome"], "at": dt.datetime.fromisoformat(row["outcome"]["at"])}
                outcomes[values["entry_id"]] = Outcome(**values)
        except (ValueError, KeyError, TypeError):
            logger.error("a line of the status journal cannot be read; it stays where it is")
    return entries, outcomes


def waiting() -> list[Entry]:
    """Entries that nothing became of yet, oldest first."""
    entries, outcomes = read()
    return [entry for entry in entries if entry.id not in outcomes]


def _lines() -> list[str]:
    try:
        return path().read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _append(row: dict[str, Any]) -> None:
    with locked("journal"), path().open("ab") as file:
        # A line that a power cut tore must not swallow the next one.
        torn = file.tell() > 0 and path().read_bytes()[-1:] != b"\n"
        file.write((b"\n" if torn else b"") + json.dumps(row, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    path().chmod(0o600)


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time; gone with the process that holds it."""
    store.root().mkdir(parents=True, exist_ok=True)
    with (store.root() / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
