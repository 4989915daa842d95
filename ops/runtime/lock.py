"""One process per embedded data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process serves this data directory."""

    def __init__(self, directory: Path, pid: str) -> None:
        super().__init__(
            f"{directory} is already being served by process {pid or 'unknown'}. Stop that one first, or give this one "
            "its own DATA_DIR. (To run several processes on one set of data, set DATABASE_URL and REDIS_URL.)"
        )


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Hold the directory's lock; raises AlreadyRunning. The kernel lets go of it however the process ends.

    Live pages and the task queue of the embedded mode reach one process only: a second one would serve pages that
    never change and tasks that never run.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "serve.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(directory, file.read().strip()) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
