"""All between a fresh checkout and a product that can be served, in one process: a Django start costs seconds."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from ops.demo import visits


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
        visits.refresh()  # yesterday's appointments cannot be joined today
        return
    say("Making the demo practice …")
    call_command("demo", stdout=io.StringIO())
    stamp.write_text("made")


def collect_static(say: Callable[[str], object]) -> None:
    """Collect static files when any of them changed since the last time."""
    stamp = settings.DATA_DIR / "static.stamp"
    fingerprint = _static_fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint and any(settings.STATIC_ROOT.iterdir()):
        return
    say("Collecting static files …")
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(fingerprint)


def _static_fingerprint() -> str:
    digest = hashlib.sha256(repr(settings.STORAGES).encode())
    for finder in finders.get_finders():
        for path, storage in finder.list([]):
            state = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
