"""Fixtures: the run's own PostgreSQL and Redis."""

from collections.abc import Iterator

import pytest

from tests.engines import Postgres, Redis, free_port, wait_until

__all__ = ["Postgres", "Redis", "free_port", "postgres", "redis_server", "wait_until"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.stop()
