"""`pytest -p tests.scaled …` runs the tests on PostgreSQL and Redis, started here and gone at the end.

Tests of pure rules, which touch neither, ran with SQLite already and are left out; so are further cases of one test.

A plugin named on the command line is imported before Django reads its settings; parallel workers inherit the addresses.
"""

import atexit
import os
from typing import Any

import pytest

if "TEST_DATABASE_URL" not in os.environ:
    from tests.engines import Postgres, Redis

    _postgres, _redis = Postgres(), Redis()
    atexit.register(_postgres.stop)
    atexit.register(_redis.stop)
    os.environ["TEST_DATABASE_URL"] = _postgres.url("postgres")
    os.environ["TEST_REDIS_URL"] = _redis.url


# Here the values of the cases are what the engine has to agree about.
EVERY_CASE = (
    "tests/directory/test_import_fhir.py", "tests/directory/test_patients.py", "tests/helpdesk/test_search.py",
    "tests/kernel/test_outbox.py", "tests/kernel/test_audit.py", "tests/triage/test_races.py",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)  # in the order in which they are written: both workers must choose the same
def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """One case of each test: the other values went the same way through SQLite; and none that says it is on SQLite. The
    kernel's and notify's tests stay whole in that some of theirs talk to Redis without a database."""
    whole = ("tests/kernel/", "tests/notify/")
    seen: set[str] = set()
    left_out = []
    for item in items:
        name = item.nodeid.partition("[")[0]
        stored = {"db", "transactional_db"} & set(item.fixturenames) or item.get_closest_marker("django_db") is not None
        again = name in seen and not name.startswith(EVERY_CASE)
        if again or "[sqlite" in item.nodeid or not (stored or name.startswith(whole)):
            left_out.append(item)
        else:
            seen.add(name)
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]
