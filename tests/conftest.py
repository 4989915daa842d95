"""What every test may lean on. Nothing here talks to anything beyond this machine."""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache

pytest_plugins = ["tests.cast"]

_connect = socket.socket.connect


def _connect_nearby(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0]
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise RuntimeError(f"a test tried to connect to {host}; tests stay on this machine")
    _connect(self, address)


socket.socket.connect = _connect_nearby  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """Rate limits of one test must not reach the next."""
    yield
    cache.clear()


@pytest.fixture
def drain() -> Callable[[], int]:
    """`drain()` does what the worker would do: hand out events and deliver messages until nothing is due.

    Returns how many events and deliveries were tried. Call it outside the transaction of the deed, or in a test whose
    database fixture is the plain one (everything then happens inside the test's own transaction).
    """
    from portal_core.kernel import outbox
    from portal_core.notify.tasks import deliver_due

    def run() -> int:
        total = 0
        for _ in range(100):
            tried = outbox.drain() + int(deliver_due() or 0)
            if not tried:
                return total
            total += tried
        raise AssertionError("the outbox never ran dry: some handler publishes what calls it again")

    return run
