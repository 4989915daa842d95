"""The current snapshot in this process's memory. The pointer is looked at no oftener than every 250 ms."""

import contextlib
import logging
import time

from statuspage.snapshot import store

logger = logging.getLogger(__name__)

CHECK_SECONDS = 0.25
BROKEN_SECONDS = 5.0  # reading all files of a snapshot that is broken, every time one looks, would hold up readers


class Memory:
    """Holds one snapshot. Two threads may load the same one at once; both get it whole."""

    def __init__(self) -> None:
        self._loaded: store.Loaded | None = None
        self._root = ""
        self._checked = 0.0
        self._broken = ("", "")  # directory and name of one that could not be read
        self._again = 0.0  # when it is tried again

    def current(self) -> store.Loaded | None:
        """The current snapshot; the last good one if the new one cannot be read, be it in memory or on the disk; None
        while there is none."""
        now = time.monotonic()
        if now - self._checked < CHECK_SECONDS:
            return self._loaded
        self._checked = now
        root = str(store.root())
        name = store.current_name()
        if name is None:
            # Somebody removed the directory: what is in memory may be of another installation.
            self._loaded = None
        elif self._is_new(root, name) and ((root, name) != self._broken or now >= self._again):
            try:
                self._loaded, self._root = store.load(name), root
            except (OSError, ValueError, KeyError):
                self._broken, self._again = (root, name), now + BROKEN_SECONDS
                logger.warning("the current status snapshot cannot be read; the last good one stays", exc_info=True)
                if self._loaded is None or root != self._root:
                    self._loaded, self._root = _last_good(name), root
        return self._loaded

    def invalidate(self) -> None:
        """Look at the pointer again at the next request: something was just published."""
        self._checked = self._again = 0.0

    def _is_new(self, root: str, name: str) -> bool:
        return self._loaded is None or name != self._loaded.name or root != self._root


def _last_good(name: str) -> store.Loaded | None:
    """The newest that can be read beside this one: after a power cut nothing is in memory."""
    for one in store.earlier(name):
        with contextlib.suppress(OSError, ValueError, KeyError):
            return store.load(one)
    return None


_memory = Memory()
current = _memory.current
invalidate = _memory.invalidate
