"""Celery's own worker and beat as threads of the server process."""

import os
import threading
import time
from typing import Any

from celery import beat
from celery.worker import WorkController, state

from ops.runtime import memory_transport

THREADS = 4
BEAT_STEP = 0.3  # seconds between looks at the schedule, so that beat ends quickly
BEAT_SILENT = 30.0  # seconds without a look after which beat counts as stuck
stop_flag: Any = state  # the worker's loop looks at its `should_stop`: None runs on, an exit code ends it


class NotWorking(Exception):
    """What has ended or is stuck, for the log: nothing is sent and nothing is done until the process starts anew."""


class Watched(beat.Scheduler):
    """Celery's scheduler, which notes when it last looked."""

    looked_at = 0.0  # time.monotonic()

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        Watched.looked_at = time.monotonic()
        return super().tick(*args, **kwargs)


class EmbeddedCelery:
    """`start()` before serving, `stop()` after: running tasks finish, waiting ones are repaired by the next start."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._ready = threading.Event()
        # Django's system checks have run already when a server starts; the worker would run them once more.
        os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
        self._worker = threading.Thread(target=self._work, name="celery-worker", daemon=True)
        self._beat = threading.Thread(target=self._tick, name="celery-beat", daemon=True)
        service: Any = beat.Service
        self._clock = service(app, max_interval=BEAT_STEP, scheduler_cls=Watched, remote_control=False)

    def start(self) -> None:
        memory_transport.start()
        stop_flag.should_stop = None
        Watched.looked_at = time.monotonic()
        self._worker.start()
        self._beat.start()
        _running.append(self)

    def wait_ready(self, timeout: float = 10) -> bool:
        return self._ready.wait(timeout)

    def stop(self, patience: float = 10) -> bool:
        """End beat and worker; True when every running task got to its end within `patience` seconds."""
        deadline = time.monotonic() + patience
        if self in _running:
            _running.remove(self)
        self._clock.stop()
        stop_flag.should_stop = 0
        memory_transport.stop()
        self._ready.set()  # told to stop before the worker was up: beat must not wait for it any longer
        for thread in (self._beat, self._worker):
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        return not self._worker.is_alive()

    def check(self) -> None:
        """Raises NotWorking when the worker or beat has ended, or beat has not looked at its schedule for long."""
        for thread in (self._worker, self._beat):
            if not thread.is_alive():
                raise NotWorking(thread.name)
        if time.monotonic() - Watched.looked_at > BEAT_SILENT:
            raise NotWorking(f"{self._beat.name} is stuck")

    def _work(self) -> None:
        # WorkController and not celery.apps.worker.Worker: that one takes over signals, logging and standard output.
        WorkController(
            app=self._app,
            pool="threads",
            concurrency=THREADS,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
            ready_callback=lambda consumer: self._ready.set(),
        ).start()

    def _tick(self) -> None:
        self._ready.wait()
        self._clock.start()


_running: list[EmbeddedCelery] = []


def check() -> None:
    """Of this process's own worker and beat, where it has them. Raises NotWorking."""
    for tasks in _running:
        tasks.check()
