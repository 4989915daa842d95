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


@pytest.fixture
def sink():
    with smtp_sink() as sink:
        yield sink


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def environment(request, tmp_path, sink):
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create(f"fan_out_{uuid.uuid4().hex}")
    plain = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")}
    own = {"DATA_DIR": str(tmp_path), "DATABASE_URL": url, "EMAIL_URL": sink.url}
    return {**plain, **own, "SECRET_KEY": "x", "LOG_LEVEL": "CRITICAL"}


@pytest.fixture
def run(environment):
    """`run("work", "3")` does it in a process of its own; returns how that ended and what it said last."""
    doer = subprocess.Popen(
        [sys.executable, "-m", "tests.statuspage.fan_out_process"],
        cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip

    def run(*deed: str) -> tuple[int, str]:
        doer.stdin.write(f"{' '.join(deed)}\n")
        doer.stdin.flush()
        said = ""
        for line in doer.stdout:
            if line.startswith("end "):
                code = int(line.split()[1])
                assert code in (0, -9), "its traceback stands above"
                return code, said.strip()
            said = line
        raise AssertionError("the process that makes the processes has ended")

    yield run
    doer.communicate()


def test_a_worker_killed_at_every_step_loses_and_doubles_nobody(sink, run):
    """Who publishes dies twice in the middle of it: nothing of that stays, and the same press again is the first. Who
    published has gone before anything followed: the event stands beside the deed. Each worker dies at a later
    write than the one before: while the fan-out begins, in the middle of a part, between parts, at a claim, at a mark.
    Its transaction is gone with it; the next one goes on."""
    run("set-up", str(PEOPLE))
    for deeds in (2, 6):  # whoever publishes dies too: the incident is half written, then its update
        assert run("publish", str(deeds))[0] == -9
    run("publish")
    killed = 0
    for deeds in (2, 3, 5, 7, 9):
        code, _out = run("work", str(deeds))
        killed += code == -9
    assert killed >= 4

    code, out = run("work")

    assert (code, out.splitlines()[-1]) == (0, f"{{'sent': {PEOPLE}}} {PEOPLE}")
    got = Counter(mail.recipient for mail in sink.mails)
    ids = Counter(mail.message["Message-ID"] for mail in sink.mails)
    assert len(got) == PEOPLE
    # What was sent, but not marked when the worker died, goes out again as the same mail; nothing else does.
    assert len(ids) == PEOPLE
    assert max(ids.values()) <= killed + 1
