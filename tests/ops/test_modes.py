"""Both ways to run are the same product: ready, live, and doing its scheduled work; also after a worker was killed."""

import json
import time

import pytest

from tests.product import Product, ScaledProduct

WRITE = """
from portal_core.kernel import audit
from portal_core.kernel.contracts import SYSTEM
audit.record("test:line", by=SYSTEM)
"""
UNSEALED = "lantern_audit_unsealed_lines"


def unsealed(product: Product) -> float:
    line = next(line for line in product.get("/metrics")[1].splitlines() if line.startswith(UNSEALED))
    return float(line.split()[1])


def wait_sealed(product: Product, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while unsealed(product):
        assert time.monotonic() < deadline, "nobody sealed the line: the schedule does not run"
        time.sleep(0.2)


def test_it_is_ready_and_names_its_parts(running_product):
    status, body = running_product.get("/readyz")

    assert status == 200
    assert {name: check["ok"] for name, check in json.loads(body)["checks"].items()} == {
        "database": True, "migrations": True, "cache": True, "channel_layer": True, "queue": True,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/desk/sign-in/", "/portal/sign-in/", "/status/", "/api/v2/summary.json"])
def test_its_front_doors_open(running_product, path):
    assert running_product.get(path)[0] == 200


def test_the_schedule_does_its_work(running_product):
    running_product.shell(WRITE)

    wait_sealed(running_product)

    assert "every chain holds" in running_product.manage("audit_verify")


@pytest.mark.services
def test_a_killed_worker_leaves_the_pages_up_and_catches_up_when_it_is_back(prepared_scaled, postgres, redis_server):
    product = ScaledProduct(postgres, redis_server, like=prepared_scaled)
    try:
        product.start()
        wait_sealed(product)
        product.kill("worker")
        product.shell(WRITE)
        assert product.get("/readyz")[0] == 200
        assert unsealed(product) == 1

        product.restart()

        wait_sealed(product)
    finally:
        product.stop()
