"""Snapshots on disk, laid out so that any web server can serve them:

    DATA_DIR/status/<id>-<digest>/status/index.html, api/v2/summary.json, history.atom, … (each with a .gz beside it)
    DATA_DIR/status/<id>-<digest>/manifest.json, facts.json (what it was drawn from; never served)
    DATA_DIR/status/current -> <id>-<digest>

A snapshot is written under a temporary name, synced, renamed, and then `current` is flipped by a rename: a reader sees
the old one or the new one, never half of one.
"""

import contextlib
import datetime as dt
import gzip
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

POINTER = "current"
KEEP = 10
GZIP_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a snapshot: bytes as served, the same gzipped, its content type and its entity tag (unquoted)."""

    body: bytes
    gzipped: bytes
    content_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """One snapshot in memory. `summary` is what the banner needs; `documents` are keyed by path without a leading
    slash ("api/v2/summary.json", "status/index.html")."""

    name: str
    snapshot: int
    written_at: dt.datetime
    summary: Mapping[str, Any]
    documents: Mapping[str, Document]


def root() -> Path:
    return Path(settings.DATA_DIR) / "status"


def current_name() -> str | None:
    """The directory `current` points to; None while nothing was ever written."""
    try:
        return os.readlink(root() / POINTER)
    except OSError:
        return None


def facts_text() -> str | None:
    """The facts the current snapshot was drawn from, as JSON; those of the one before where a power cut took them;
    None when there are none."""
    name = current_name()
    for one in [name, *earlier(name)] if name is not None else []:
        with contextlib.suppress(OSError):
            if text := (root() / one / "facts.json").read_text().strip("\0"):
                return text
    return None


def earlier(name: str) -> list[str]:
    """The other snapshots that stand on the disk, newest first."""
    found = [entry for entry in root().iterdir() if entry.is_dir() and not entry.is_symlink()]
    found = [entry for entry in found if entry.name != name and not entry.name.startswith(".")]
    return [entry.name for entry in sorted(found, key=lambda entry: entry.stat().st_mtime, reverse=True)]


def write(
    files: Mapping[str, tuple[bytes, str]],
    *,
    snapshot: int,
    written_at: dt.datetime,
    summary: Mapping[str, Any],
    facts: str = "",
    headers: Mapping[str, str] | None = None,
) -> str:
    """Write a snapshot of `path → (bytes, content type)`, make it the current one and return its directory's name.

    `facts` are kept beside it, so that the page can be drawn anew without a database; `headers` are those that any
    other server is to send with it.
    """
    name = f"{snapshot}-{_digest(files)}"
    base = root()
    base.mkdir(parents=True, exist_ok=True)
    if not (base / name).is_dir():
        manifest = {
            "snapshot": snapshot,
            "written_at": written_at.isoformat(),
            "summary": summary,
            "types": {path: content_type for path, (_body, content_type) in files.items()},
            "headers": dict(headers or {}),
        }
        _write_directory(base, name, files, manifest, facts)
    _flip(base, name)
    return name


def _digest(files: Mapping[str, tuple[bytes, str]]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.encode() + b"\0" + hashlib.sha256(files[path][0]).digest())
    return digest.hexdigest()[:16]


def _write_directory(
    base: Path, name: str, files: Mapping[str, tuple[bytes, str]], manifest: Mapping[str, Any], facts: str
) -> None:
    fresh = base / f".{secrets.token_hex(8)}.tmp"
    for path, (body, _content_type) in files.items():
        target = fresh / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
        # mtime=0: the same words give the same bytes, whenever they are packed.
        Path(f"{target}.gz").write_bytes(gzip.compress(body, GZIP_LEVEL, mtime=0))
    if facts:
        (fresh / "facts.json").write_text(facts)
    (fresh / "manifest.json").write_text(json.dumps(manifest, sort_keys=True))
    _sync(fresh)
    try:
        fresh.rename(base / name)
    except OSError:  # another process wrote the very same one
        shutil.rmtree(fresh, ignore_errors=True)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flip(base: Path, name: str) -> None:
    fresh = base / f".{secrets.token_hex(8)}.link"
    fresh.symlink_to(name)
    fresh.replace(base / POINTER)


def prune() -> None:
    """Drop all but the newest snapshots, and what a crash left half written an hour ago.

    Not a part of `write`: removing files takes longer than writing them, and whoever publishes waits for `write`.
    """
    base, keep = root(), current_name()
    if keep is None:
        return
    directories = sorted(
        (entry for entry in base.iterdir() if entry.is_dir() and not entry.is_symlink() and entry.name != keep),
        key=lambda entry: entry.stat().st_mtime,
        reverse=True,
    )
    finished = [entry for entry in directories if not entry.name.startswith(".")]
    newest = directories[0].stat().st_mtime if directories else 0
    stale = [entry for entry in directories if entry.name.startswith(".") and entry.stat().st_mtime < newest - 3600]
    for entry in [*finished[KEEP - 1 :], *stale]:
        shutil.rmtree(entry, ignore_errors=True)


def load(name: str) -> Loaded:
    """Read a snapshot whole. Raises OSError, ValueError or KeyError when it is gone or broken: its files are not synced
    one by one, so a power cut can leave some of them empty."""
    base = root() / name
    manifest = json.loads((base / "manifest.json").read_text())
    documents = {
        path: Document(
            body=(body := (base / path).read_bytes()),
            gzipped=(base / f"{path}.gz").read_bytes(),
            content_type=content_type,
            etag=hashlib.sha256(body).hexdigest()[:20],
        )
        for path, content_type in manifest["types"].items()
    }
    bodies = {path: (document.body, document.content_type) for path, document in documents.items()}
    if name.rpartition("-")[2] != _digest(bodies) or not all(row.gzipped for row in documents.values()):
        raise ValueError("a file of the snapshot is not what was written")
    return Loaded(
        name=name,
        snapshot=manifest["snapshot"],
        written_at=dt.datetime.fromisoformat(manifest["written_at"]),
        summary=manifest["summary"],
        documents=documents,
    )
