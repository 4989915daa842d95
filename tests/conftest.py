"""What every test may lean on. Nothing here talks to anything beyond this machine."""

import ipaddress
import shutil
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from channels.layers import channel_layers
from django.core.cache import cache
from django.db import connection, connections
from django.test import TransactionTestCase
from django.utils import translation

from ops.runtime.garbage import spare_what_is_loaded

pytest_plugins = ["tests.cast", "tests.services", "tests.product", "tests.browser"]


_connect = socket.socket.connect


def _connect_nearby(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0]
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise RuntimeError(f"a test tried to connect to {host}; tests stay on this machine")
    _connect(self, address)


socket.socket.connect = _connect_nearby  # type: ignore[method-assign]


# --- the ledger refuses to be emptied, and tests with real transactions have to empty it ----------------------------
_teardown = TransactionTestCase._fixture_teardown


def _teardown_with_open_ledger(self: TransactionTestCase) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE kernel_auditevent DISABLE TRIGGER USER")
            _teardown(self)
            cursor.execute("ALTER TABLE kernel_auditevent ENABLE TRIGGER USER")
        else:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'audit_no_delete'")
            (trigger,) = cursor.fetchone()
            cursor.execute("DROP TRIGGER audit_no_delete")
            _teardown(self)
            cursor.execute(trigger)


TransactionTestCase._fixture_teardown = _teardown_with_open_ledger  # type: ignore[method-assign]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright's loop occupies the main thread once it has started."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_collection_finish() -> None:
    """Thousands of modules and tests stay to the end: looking through them again and again takes a tenth of it."""
    spare_what_is_loaded()


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """Rate limits of one test must not reach the next."""
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _fresh_language() -> Iterator[None]:
    """A page that answered in Spanish leaves Spanish behind until the next request, and a test may make none."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _fresh_status_page() -> Iterator[None]:
    """A snapshot one test published must not stand as a banner on the pages of the next."""
    yield
    from statuspage.snapshot import memory, store

    if store.current_name() is not None:
        shutil.rmtree(store.root())
    memory.invalidate()


@pytest.fixture(autouse=True)
def _fresh_layer() -> Iterator[None]:
    """Every test has an event loop of its own, and the Redis layer's locks belong to the loop that first used them."""
    yield
    channel_layers.backends.clear()
    # Database calls of async code run in a thread of their own; an open connection there keeps PostgreSQL from dropping
    # the test database at the end.
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


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
