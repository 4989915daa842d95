"""Copying the current snapshot elsewhere, whole: pages, documents, feeds, and the style sheets they name.

Only what changed is written; the page itself comes last, so that what it points to is there already; then goes what an
earlier copy had and this one has not. Files we did not write are never touched.
"""

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from portal_core.kernel import clock
from statuspage.snapshot import assets, headers, store
from statuspage.snapshot.journal import locked
from statuspage.snapshot.targets import Target, TargetUnusable, open_target

MANIFEST = "manifest.json"
FOREVER = "public, max-age=31536000, immutable"
CALM_SECONDS = 300  # a copy of the same state is renewed this often; the original every minute
# What moves when something was published, and not by the clock alone.
TOLD = ("api/v2/components.json", "api/v2/incidents.json", "api/v2/scheduled-maintenances.json")


@dataclass(frozen=True, slots=True)
class Report:
    """What one copy did: counts of files."""

    snapshot: int
    written: int
    unchanged: int
    deleted: int


@dataclass(frozen=True, slots=True)
class State:
    """The automatic copy, kept in DATA_DIR/status/export.json. `failures` in a row; `error` of the last one."""

    name: str = ""
    told: str = ""
    at: str = ""
    error: str = ""
    failures: int = 0

    def age(self) -> dt.timedelta | None:
        """Since the last copy that succeeded; None while there was none."""
        return clock.now() - dt.datetime.fromisoformat(self.at) if self.at else None


class NothingToExport(TargetUnusable):
    """Nothing was ever published here."""


def to(address: str) -> Report:
    """Copy the current snapshot there. Raises TargetUnusable."""
    name = store.current_name()
    if name is None:
        raise NothingToExport("Nothing was ever published here.")
    return _copy(store.load(name), open_target(address))


def state() -> State:
    try:
        return State(**json.loads((store.root() / "export.json").read_text()))
    except (OSError, ValueError, TypeError):
        return State()


def keep_up(address: str) -> Report | None:
    """The automatic copy: at once when something was published, else every few minutes. Failures are kept in the state
    and tried again at the next call; None when there was nothing to do or it failed."""
    name, known = store.current_name(), state()
    if name is None or (name == known.name and not known.error):
        return None
    with locked("export"):
        loaded, known = store.load(name), state()
        told = hashlib.sha256(b"".join(loaded.documents[path].body for path in TOLD if path in loaded.documents))
        age = known.age()
        calm = told.hexdigest() == known.told and not known.error and age is not None
        if calm and age is not None and age < dt.timedelta(seconds=CALM_SECONDS):
            return None
        try:
            report = _copy(loaded, open_target(address))
        except TargetUnusable as refusal:
            _keep(State(name=known.name, told=known.told, at=known.at, error=str(refusal), failures=known.failures + 1))
            return None
        _keep(State(name=name, told=told.hexdigest(), at=clock.now().isoformat()))
        return report


def _keep(new: State) -> None:
    fresh = store.root() / ".export.tmp"
    fresh.write_text(json.dumps(asdict(new)))
    fresh.replace(store.root() / "export.json")


def _copy(loaded: store.Loaded, target: Target) -> Report:
    files = {path: (document.body, document.content_type) for path, document in loaded.documents.items()}
    files |= assets.named_by(body for body, kind in files.values() if kind.startswith("text/html"))
    digests = {path: hashlib.sha256(body + kind.encode()).hexdigest() for path, (body, kind) in files.items()}
    before = _digests(target.read(MANIFEST))
    changed = sorted((path for path in files if before.get(path) != digests[path]), key=_turn)
    for path in changed:
        body, kind = files[path]
        target.write(path, body, kind, FOREVER if path.startswith("static/") else headers.CACHE_CONTROL)
    manifest = {
        "snapshot": loaded.snapshot,
        "written_at": loaded.written_at.isoformat(),
        "types": {path: kind for path, (_body, kind) in files.items()},
        "headers": headers.security(),
        "digests": digests,
    }
    target.write(MANIFEST, json.dumps(manifest, sort_keys=True).encode(), "application/json", "no-cache")
    stale = [path for path in before if path not in files]
    for path in stale:
        target.delete(path)
    return Report(loaded.snapshot, len(changed), len(files) - len(changed), len(stale))


def _turn(path: str) -> tuple[int, str]:
    """Style sheets first, the page last."""
    return (0 if path.startswith("static/") else 2 if path == "status/index.html" else 1, path)


def _digests(text: bytes | None) -> dict[str, str]:
    """What an earlier copy wrote. Only names that stay inside the target count."""
    try:
        found: dict[str, Any] = json.loads(text)["digests"] if text is not None else {}
    except (ValueError, KeyError, TypeError):
        return {}
    return {
        path: str(digest) for path, digest in found.items() if not path.startswith("/") and ".." not in path.split("/")
    }
