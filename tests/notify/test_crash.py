"""Several workers, and workers killed with -9: on a SQLite file and on PostgreSQL, with real processes."""

import os
import subprocess
import sys
import uuid
from collections import Counter
from pathlib import Path

import pytest

from tests.fakes.smtp import smtp_sink

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def environment(request, tmp_path):
    """Environment variables of a product with an empty database of its own."""
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create(f"notify_{uuid.uuid4().hex}")
    plain = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")}
    return {**plain, "DATA_DIR": str(tmp_path), "DATABASE_URL": url, "SECRET_KEY": "x", "LOG_LEVEL": "CRITICAL"}


class Worker:
    def __init__(self, environment: dict[str, str], *deed: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.notify.worker_process", *deed],
            cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def wait_ready(self) -> "Worker":
        line = self.process.stdout.readline()
        assert line == "ready\n", self.process.communicate()[1]
        return self

    def start(self) -> None:
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def end(self) -> str:
        out, error = self.process.communicate(timeout=90)
        assert self.process.returncode in (0, -9), error
        return out.strip()


def test_two_workers_send_each_mail_once(environment):
    """SP-02: exactly once, however many workers."""
    with smtp_sink() as sink:
        environment["EMAIL_URL"] = sink.url
        Worker(environment, "promise", "700").end()
        workers = [Worker(environment, "deliver") for _ in range(2)]
        for worker in workers:
            worker.wait_ready()
        for worker in workers:
            worker.start()
        ends = [worker.end() for worker in workers]
        tried = [int(end.split()[0]) for end in ends]

        assert sum(tried) == 700
        assert 0 not in tried
        assert max(Counter(mail.recipient for mail in sink.mails).values()) == 1
        assert len(sink.mails) == 700
    assert any(end.endswith("{'sent': 700}") for end in ends)


@pytest.mark.parametrize(
    ("promised", "killed_at", "twice"),
    [
        (10, 5, 1),  # a small run marks each mail: only the one in flight can go out twice
        (100, 60, 10),  # a large one marks every 25: after 50, the ten since then
    ],
)
def test_a_worker_killed_between_send_and_mark_loses_nothing(environment, promised, killed_at, twice):
    """kill -9 while the server has the mail but has not said so."""
    with smtp_sink() as sink:
        environment["EMAIL_URL"] = sink.url
        Worker(environment, "promise", str(promised)).end()
        worker = Worker(environment, "deliver").wait_ready()

        def kill(mail):
            if sink.count == killed_at:
                worker.process.kill()
                worker.process.wait()

        sink.on_mail = kill
        worker.start()
        worker.end()
        sink.on_mail = None
        assert sink.count == killed_at

        second = Worker(environment, "take-over").wait_ready()
        second.start()
        assert second.end().endswith(f"{{'sent': {promised}}}")

        recipients = Counter(mail.recipient for mail in sink.mails)
        ids = Counter(mail.message["Message-ID"] for mail in sink.mails)
        assert len(recipients) == len(ids) == promised
        assert sum(count - 1 for count in ids.values()) == twice
        assert max(ids.values()) == 2
