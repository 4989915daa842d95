"""Whether all processes of an installation write and read the same DATA_DIR/status.

The directory carries a mark. Whoever writes snapshots leaves the mark of theirs in the cache; a web process that finds
another one there would go on showing an old page, and says so when it starts.
"""

import logging
from contextlib import suppress

from django.core.cache import cache

from portal_core.kernel.ids import new_public_id
from statuspage.snapshot import store

logger = logging.getLogger(__name__)

KEY, SECONDS = "statuspage.home", 600


def mark() -> str:
    """The directory's own mark, made at first sight."""
    file = store.root() / "home"
    store.root().mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), file.open("x") as fresh:
        fresh.write(new_public_id())
    return file.read_text()


def announce() -> None:
    """Called by whoever writes snapshots."""
    cache.set(KEY, mark(), SECONDS)


def complaint() -> str:
    """What is wrong, in a sentence; empty when nothing is, or when nobody has announced anything."""
    try:
        theirs = cache.get(KEY)
    except Exception:
        logger.warning("the cache did not say where snapshots are written", exc_info=True)
        return ""
    if theirs is None or theirs == mark():
        return ""
    return (
        f"{store.root()} is not the directory the worker writes the status page to. All processes must share "
        "DATA_DIR/status, or readers of this one see an old page (docs/operations/status-page.md)."
    )
