"""`pytest -p tests.scaled …` runs the tests on PostgreSQL and Redis, started here and gone at the end.

Tests of pure rules, which touch neither, ran with SQLite already and are left out.

A plugin named on the command line is imported before Django reads its settings; parallel workers inherit the addresses.
"""

import atexit
import os
from typing import Any

if "TEST_DATABASE_URL" not in os.environ:
    from tests.engines import Postgres, Redis

    _postgres, _redis = Postgres(), Redis()
    atexit.register(_postgres.stop)
    atexit.register(_redis.stop)
    os.environ["TEST_DATABASE_URL"] = _postgres.url("postgres")
    os.environ["TEST_REDIS_URL"] = _redis.url


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """The kernel's and notify's tests stay whole: some of theirs talk to Redis without a database."""
    whole = ("tests/kernel/", "tests/notify/")
    pure = [
        item
        for item in items
        if not {"db", "transactional_db"} & set(item.fixturenames)
        and item.get_closest_marker("django_db") is None
        and not item.nodeid.startswith(whole)
    ]
    config.hook.pytest_deselected(items=pure)
    left_out = set(pure)
    items[:] = [item for item in items if item not in left_out]
