"""All between a fresh checkout and a product that can be served, in one process: a Django start costs seconds."""

import fcntl
import hashlib
import io
import logging
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from ops.demo import visits

logger = logging.getLogger(__name__)


def pending_migrations() -> list[str]:
    """Names of migrations the database lacks, in order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def prepare(say: Callable[[str], object]) -> None:
    """Bring database, static files and (with DEMO) the demo practice up to date. Does nothing that is done already."""
    for directory in (settings.DATA_DIR, settings.DATA_DIR / "files", settings.STATIC_ROOT):
        directory.mkdir(parents=True, exist_ok=True)
    if pending_migrations():
        say("Setting up the database …")
        call_command("migrate", interactive=False, verbosity=0)
    collect_static(say)
    if settings.DEMO:
        make_demo(say)


def make_demo(say: Callable[[str], object]) -> None:
    """Make the demo practice once; an attempt that broke off is completed."""
    stamp = settings.DATA_DIR / "demo.stamp"
    if stamp.exists() and get_user_model()._default_manager.exists():
        _refresh_demo(say)
        return
    say("Making the demo practice …")
    call_command("demo", stdout=io.StringIO())
    stamp.write_text("made")


def _refresh_demo(say: Callable[[str], object]) -> None:
    """Yesterday's appointments cannot be joined today. Whatever people did to the demo since, it starts."""
    try:
        visits.refresh()
    except Exception:
        logger.exception("the demo's appointments were not brought up to date")
        say("The demo has no new appointments for today; all else is as it was. bin/demo-reset makes it afresh.")


def collect_static(say: Callable[[str], object]) -> None:
    """Collect static files when any of them changed since the last time; of several processes on one DATA_DIR, one
    does it and the others wait."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    stamp = settings.DATA_DIR / "static.stamp"
    fingerprint = _static_fingerprint()
    with (settings.DATA_DIR / "static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == fingerprint and any(settings.STATIC_ROOT.iterdir()):
            return
        say("Collecting static files …")
        # Where several processes serve, those of the version before still hand out the files of theirs.
        call_command("collectstatic", interactive=False, verbosity=0, clear=settings.EMBEDDED)
        stamp.write_text(fingerprint)


def _static_fingerprint() -> str:
    digest = hashlib.sha256(repr(settings.STORAGES).encode())
    for finder in finders.get_finders():
        for path, storage in finder.list([]):
            state = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
