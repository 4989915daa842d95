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
stop_flag: Any = state  # the worker's loop looks at its `should_stop`: None runs on, an exit code ends it


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
        self._clock = service(app, max_interval=BEAT_STEP, scheduler_cls=beat.Scheduler, remote_control=False)

    def start(self) -> None:
        memory_transport.start()
        stop_flag.should_stop = None
        self._worker.start()
        self._beat.start()

    def wait_ready(self, timeout: float = 10) -> bool:
        return self._ready.wait(timeout)

    def stop(self, patience: float = 10) -> bool:
        """End beat and worker; True when every running task got to its end within `patience` seconds."""
        deadline = time.monotonic() + patience
        self._clock.stop()
        stop_flag.should_stop = 0
        memory_transport.stop()
        self._ready.set()  # told to stop before the worker was up: beat must not wait for it any longer
        for thread in (self._beat, self._worker):
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        return not self._worker.is_alive()

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
