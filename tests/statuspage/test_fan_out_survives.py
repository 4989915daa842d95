"""SP-02: no duplicate and no loss when the worker is killed with -9 at any step: real processes, both databases."""

import os
import subprocess
import sys
import uuid
from collections import Counter
from pathlib import Path

import pytest

from tests.fakes.smtp import smtp_sink

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 45  # three parts of twenty


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def environment(request, tmp_path):
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create(f"fan_out_{uuid.uuid4().hex}")
    plain = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")}
    return {**plain, "DATA_DIR": str(tmp_path), "DATABASE_URL": url, "SECRET_KEY": "x", "LOG_LEVEL": "CRITICAL"}


def run(environment, *deed: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.statuspage.fan_out_process", *deed],
        cwd=ROOT, env=environment, text=True, input="go\n", capture_output=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode in (0, -9), done.stderr
    return done.returncode, done.stdout.strip()


def test_a_worker_killed_at_every_step_loses_and_doubles_nobody(environment):
    """Who publishes dies twice in the middle of it: nothing of that stays, and the same press again is the first. Who
    published has gone before anything followed: the event stands beside the deed. Each worker dies at a later
    write than the one before: while the fan-out begins, in the middle of a part, between parts, at a claim, at a mark.
    Its transaction is gone with it; the next one goes on."""
    with smtp_sink() as sink:
        environment["EMAIL_URL"] = sink.url
        run(environment, "set-up", str(PEOPLE))
        for deeds in (2, 6):  # whoever publishes dies too: the incident is half written, then its update
            assert run(environment, "publish", str(deeds))[0] == -9
        run(environment, "publish")
        killed = 0
        for deeds in (2, 3, 5, 7, 9):
            code, _out = run(environment, "work", str(deeds))
            killed += code == -9
        assert killed >= 4

        code, out = run(environment, "work")

        assert (code, out.splitlines()[-1]) == (0, f"{{'sent': {PEOPLE}}} {PEOPLE}")
        got = Counter(mail.recipient for mail in sink.mails)
        ids = Counter(mail.message["Message-ID"] for mail in sink.mails)
    assert len(got) == PEOPLE
    # What was sent, but not marked when the worker died, goes out again as the same mail; nothing else does.
    assert len(ids) == PEOPLE
    assert max(ids.values()) <= killed + 1
