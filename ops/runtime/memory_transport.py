"""Broker of the one-process mode: kombu's in-memory transport, woken instead of polled.

The stock transport sleeps up to a second between looks at its queues, and up to two at stop. Here every put, and every
acknowledgement (it frees a place in the prefetch window), wakes whoever waits.
"""

import threading
import time
from queue import Empty
from typing import Any

from kombu.transport import memory, virtual

WOKEN = threading.Condition()
_state = {"events": 0, "stopped": False}


def wake() -> None:
    """Let every waiting consumer look at its queues."""
    with WOKEN:
        _state["events"] += 1
        WOKEN.notify_all()


def stop() -> None:
    """Make every waiting consumer return at once, now and later, until `start()`."""
    with WOKEN:
        _state["stopped"] = True
        WOKEN.notify_all()


def start() -> None:
    with WOKEN:
        _state["stopped"] = False


class Channel(memory.Channel):
    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        super()._put(queue, message, **kwargs)
        wake()

    def _put_fanout(self, exchange: str, message: Any, routing_key: str | None = None, **kwargs: Any) -> None:
        super()._put_fanout(exchange, message, routing_key, **kwargs)
        wake()

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        super().basic_ack(delivery_tag, multiple)
        wake()

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        super().basic_reject(delivery_tag, requeue)
        wake()


class Transport(memory.Transport):
    Channel = Channel
    global_state = virtual.BrokerState()

    def drain_events(self, connection: Any, timeout: float | None = None, **kwargs: Any) -> None:
        """Deliver at least one message or raise TimeoutError after `timeout` seconds."""
        cycle: Any = self.cycle
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            with WOKEN:
                seen, stopped = _state["events"], _state["stopped"]
            if stopped:
                raise TimeoutError
            try:
                cycle.get(self._deliver, timeout=timeout)
                return
            except Empty:
                pass
            with WOKEN:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError
                if _state["events"] == seen and not _state["stopped"]:
                    WOKEN.wait(left)
