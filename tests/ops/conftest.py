from collections.abc import Iterator
from typing import Any

import pytest

from tests.product import Product
from tests.services import Postgres, Redis, wait_until


class StageServer(Product):
    """`tests.ops.stage` in a process of its own, and a worker where Redis is given."""

    def __init__(self, env: dict[str, str] | None = None) -> None:
        super().__init__(env={"DJANGO_SETTINGS_MODULE": "tests.ops.stage_settings"} | (env or {}))

    def start(self) -> "StageServer":
        self._spawn("server", "-m", "tests.ops.stage", str(self.port))
        self.wait_ready(30)
        if "REDIS_URL" in self.env and not self.running("worker"):
            self._spawn("worker", "-m", "celery", "-A", "tests.ops.stage", "worker", "-c", "1", "-l", "INFO")
            ready = self._log_path("worker")
            wait_until(lambda: " ready." in self.log("worker"), self.processes["worker"], ready)
        return self

    @property
    def socket(self) -> str:
        return self.url.replace("http:", "ws:") + "/ws/stage"

    def _ready(self) -> bool:
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False


@pytest.fixture(scope="session")
def embedded_stage() -> Iterator[StageServer]:
    server = StageServer()
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def scaled_stage(postgres: Postgres, redis_server: Redis) -> Iterator[StageServer]:
    server = StageServer({"DATABASE_URL": postgres.create("stage"), "REDIS_URL": f"{redis_server.url}/8"})
    yield server.start()
    server.stop()


@pytest.fixture
def own_stage() -> Iterator[StageServer]:
    """A stage of this test's own, not started yet."""
    server = StageServer()
    yield server
    server.stop()


@pytest.fixture(params=["embedded", pytest.param("scaled", marks=pytest.mark.services)])
def stage(request: Any) -> StageServer:
    chosen: StageServer = request.getfixturevalue(f"{request.param}_stage")
    return chosen
