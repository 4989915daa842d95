"""SP-07: PostgreSQL, Redis and the worker go away one by one under a small load and come back; no reader notices."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException
from typing import Any

import psycopg
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.engines import Postgres, Redis
from tests.fakes.smtp import smtp_sink
from tests.product import ScaledProduct

pytestmark = [pytest.mark.services, pytest.mark.timeout(400)]

PATHS = ("/status/", "/api/v2/summary.json", "/api/v2/incidents.json", "/history.atom", "/history.rss")
READERS, SOCKETS = 8, 20
EVERYWHERE = 2.0  # seconds after one web process showed it
PAUSE = 0.2  # of each reader: some forty questions a second
JOURNALLED = "Charts open slowly"


class Reader(threading.Thread):
    """Asks for page, API and feeds in turn, over and over, by one connection that is kept; writes down what went wrong.

    Nothing older than what could be read before is ever shown: `newest` says what that is."""

    def __init__(self, port: int, newest: "Newest") -> None:
        super().__init__(daemon=True)
        self.port, self.newest, self.answers = port, newest, 0
        self.wrong: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.over.wait(PAUSE):
            path = PATHS[self.answers % len(PATHS)]
            known = self.newest.known()
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                body = answer.read().decode()
                if answer.status != 200 or not body:
                    self.wrong.append(f"{path} answered {answer.status}")
                elif missing := [name for name in known if name not in body]:
                    self.wrong.append(f"{path} lacks {missing}")
            except (OSError, HTTPException) as error:
                self.wrong.append(f"{path}: {error!r}")
                connection.close()
            self.answers += 1
        connection.close()


class Newest:
    """The incidents that every web process must show by now."""

    def __init__(self) -> None:
        self._seen: tuple[tuple[float, str], ...] = ()

    def add(self, name: str) -> None:
        self._seen = (*self._seen, (time.monotonic(), name))

    def known(self) -> list[str]:
        now = time.monotonic()
        return [name for at, name in self._seen if now - at > EVERYWHERE]


@pytest.fixture
def sink() -> Iterator[object]:
    with smtp_sink() as running:
        yield running


@pytest.fixture
def engines() -> Iterator[tuple[Postgres, Redis]]:
    """Of this test's own: others would miss them. Durable: a mark that is lost is a mail sent twice."""
    database, redis = Postgres(durable=True), Redis()
    yield database, redis
    for server in (database, redis):
        if server.process.poll() is None:
            server.stop()


def pull_the_plug(server: Postgres | Redis) -> None:
    """The whole server at once. SIGQUIT is PostgreSQL's own word for that; its children go with it."""
    server.process.send_signal(signal.SIGQUIT if isinstance(server, Postgres) else signal.SIGKILL)
    server.process.wait()


def summary(product: ScaledProduct) -> dict:
    return json.loads(product.get("/api/v2/summary.json")[1])


def shown(product: ScaledProduct, name: str) -> bool:
    return name in [row["name"] for row in summary(product)["incidents"]] and name in product.get("/status/")[1]


def declare(product: ScaledProduct, name: str) -> None:
    product.shell(f"""
from portal_core.kernel.contracts import SYSTEM
from statuspage import queries
from statuspage.actions import incidents
incidents.declare(name="{name}", body="We are looking into it.",
    components={{queries.components()[0].id: "degraded_performance"}}, by=SYSTEM, key="{name}")
""")


def told(sink, name: str) -> int:
    """How many mails about this incident the one subscriber got."""
    return sum(name in mail.message["subject"] for mail in list(sink.mails) if mail.recipient.startswith("reader"))


def test_readers_see_no_error_while_everything_else_fails_in_turn(engines, sink):
    """SP-02, SP-07"""
    database, redis = engines
    product = ScaledProduct(database, redis, env={"EMAIL_URL": sink.url, "DEMO": "0"})
    try:
        product.start()
        product.shell("""
from portal_core.kernel.contracts import SYSTEM
from statuspage.actions import pages
from statuspage.actions.subscribers import import_confirmed
pages.set_up(name="Larkfield", by=SYSTEM)
import_confirmed(email="reader@example.test", consent="asked for it at the front desk", by=SYSTEM)
""")
        product.wait(lambda: product.get("/api/v2/summary.json")[0] == 200)
        newest = Newest()
        readers = [Reader(product.port, newest) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        with ExitStack() as open_pages:
            address = f"ws://127.0.0.1:{product.port}/ws/status/"
            sockets = [
                open_pages.enter_context(connect(address, origin=product.url, proxy=None)) for _ in range(SOCKETS)
            ]
            _the_worker_dies(product, sink, newest)
            _redis_dies(product, engines, sockets, newest)
            _postgres_dies(product, engines, sink, newest)
        for reader in readers:
            reader.over.set()
        for reader in readers:
            reader.join()

        assert [reader.wrong for reader in readers] == [[]] * READERS
        assert min(reader.answers for reader in readers) > 50
    finally:
        product.stop()


def _the_worker_dies(product: ScaledProduct, sink, newest: Newest) -> None:
    """The page has it at once; the mail follows when a worker is back."""
    product.kill("worker")
    declare(product, "Worker away")
    product.wait(lambda: shown(product, "Worker away"), 10)
    newest.add("Worker away")
    assert told(sink, "Worker away") == 0
    product.restart()
    product.wait(lambda: told(sink, "Worker away") == 1)


def _redis_dies(
    product: ScaledProduct, engines: tuple[Postgres, Redis], sockets: list[ClientConnection], newest: Newest
) -> None:
    """A publication stands although nobody can be nudged; when Redis is back, open pages are told to look again."""
    _database, redis = engines
    pull_the_plug(redis)
    declare(product, "Redis away")
    product.wait(lambda: shown(product, "Redis away"), 10)
    newest.add("Redis away")
    assert product.get("/help/contact/")[0] == 200
    assert product.get("/telehealth/join/no-such-link/")[0] == 404  # its tries are counted in Redis
    redis.start_again()
    deadline = time.monotonic() + 20
    for socket in sockets:
        while json.loads(socket.recv(timeout=deadline - time.monotonic()))["type"] != "resync":
            pass
    _drains(product)


def _postgres_dies(product: ScaledProduct, engines: tuple[Postgres, Redis], sink, newest: Newest) -> None:
    """The journal takes over: shown at once, and applied once, and told once, when the database is back."""
    database, _redis = engines
    pull_the_plug(database)
    assert product.get("/readyz")[0] == 503
    product.manage(
        "statuspage_journal", "Give it time.", "--name", JOURNALLED, "--component", "ehr=degraded_performance"
    )  # fmt: skip
    product.wait(lambda: shown(product, JOURNALLED), 5)
    newest.add(JOURNALLED)

    database.start_again()

    product.wait(lambda: told(sink, JOURNALLED) == 1, 90)
    assert shown(product, JOURNALLED)
    assert _count(product, "SELECT count(*) FROM statuspage_incident WHERE name = %s", JOURNALLED) == 1
    _drains(product)
    assert [told(sink, name) for name in ("Worker away", "Redis away", JOURNALLED)] == [1, 1, 1]


def _count(product: ScaledProduct, query: str, *values: str) -> Any:
    """Straight from the database: a Django of its own for each look would take longer than all else."""
    with psycopg.connect(product.env["DATABASE_URL"], connect_timeout=5) as connection:
        return connection.execute(query, values).fetchone()[0]


def _left(product: ScaledProduct) -> str:
    """What is still to be done, in words; empty when nothing is."""
    return _count(
        product,
        "SELECT coalesce(string_agg(what, ', '), '') FROM ("
        " SELECT handler || ' ' || attempts || ' ' || last_error AS what FROM kernel_outboxmessage"
        " WHERE done_at IS NULL AND dead_at IS NULL"
        " UNION ALL SELECT 'fan-out ' || kind FROM statuspage_fanout WHERE state = 'running'"
        " UNION ALL SELECT state || ' ' || cause || ' ' || attempts || ' ' || available_at FROM notify_delivery"
        " WHERE state IN ('waiting', 'sending')) AS rows",
    )


def _drains(product: ScaledProduct) -> None:
    try:
        product.wait(lambda: _left(product) == "", 120)  # a claim that died with its worker is a lease of 90 s
    except RuntimeError:
        heard = "\n".join(f"--- {name}\n{product.log(name)[-6000:]}" for name in ("worker", "beat"))
        raise AssertionError(f"{_left(product)}\n{heard}") from None
