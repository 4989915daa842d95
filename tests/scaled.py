"""`pytest -p tests.scaled …` runs the tests on PostgreSQL and Redis, started here and gone at the end.

A plugin named on the command line is imported before Django reads its settings; parallel workers inherit the addresses.
"""

import atexit
import os

if "TEST_DATABASE_URL" not in os.environ:
    from tests.engines import Postgres, Redis

    _postgres, _redis = Postgres(), Redis()
    atexit.register(_postgres.stop)
    atexit.register(_redis.stop)
    os.environ["TEST_DATABASE_URL"] = _postgres.url("postgres")
    os.environ["TEST_REDIS_URL"] = _redis.url
