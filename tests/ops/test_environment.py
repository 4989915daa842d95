"""bin/environment on machines that are not ready yet, with a stub in the place of Python: no network, no packages."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.product import ROOT
from tests.services import wait_until

STUB = """#!/bin/sh
# Stands in for Python: writes down what it was asked to make.
case "$*" in
  *"-m venv"*) echo venv >>"$LOG"; [ -z "$NO_VENV" ] || {{ mkdir -p .venv/bin; cp "$0" .venv/bin/python; exit 1; }}
    mkdir -p .venv/bin; sed 's/^PIP=.*/PIP=yes/' "$0" >.venv/bin/python; chmod +x .venv/bin/python ;;
  *"-m pip --version"*) [ "$PIP" = yes ] ;;
  *"-m pip install"*) [ "$PIP" = yes ] || exit 1; echo pip $$ >>"$LOG"; sleep "${{SLOW:-0}}" ;;
  *"print(sys.version_info[:2])"*) echo "{version}" ;;
  *fcntl*) exec "$REAL" "$@" ;;
  "- "*) cat >/dev/null; echo "run.txt abc {version}" ;;
  *) ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with nothing in it but the script, and a base Python beside it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "environment").write_text((ROOT / "bin" / "environment").read_text())
    (tmp_path / "run").write_text("set -euo pipefail\n. bin/environment\nenvironment requirements/run.txt\n")
    stub(tmp_path / "base-python")
    return tmp_path


def stub(path: Path, version: str = "(3, 12)", pip: str = "no") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STUB.format(version=version).replace("case", f"PIP={pip}\ncase", 1))
    path.chmod(0o755)


def run(checkout: Path, **env: str) -> tuple[int, list[str], str]:
    """Exit code, what was made, what was said."""
    log = checkout / "log"
    log.write_text("")
    done = subprocess.run(["bash", "run"], cwd=checkout, env=environ(checkout, **env), capture_output=True, text=True)
    return done.returncode, [line.split()[0] for line in log.read_text().splitlines()], done.stderr


def environ(checkout: Path, **env: str) -> dict[str, str]:
    base = {"PATH": os.environ["PATH"], "PYTHON": str(checkout / "base-python"), "LOG": str(checkout / "log")}
    return base | {"NO_VENV": "", "SLOW": "0", "REAL": sys.executable} | env


def test_a_machine_without_venv_works_once_it_is_installed(checkout):
    code, made, said = run(checkout, NO_VENV="1")

    assert (code, made) == (1, ["venv"])
    assert "apt-get install python3-venv" in said
    assert not (checkout / ".venv").exists()

    assert run(checkout)[:2] == (0, ["venv", "pip"])
    assert run(checkout)[:2] == (0, [])


@pytest.mark.parametrize(("version", "pip"), [("(3, 12)", "no"), ("(3, 11)", "yes")], ids=["no pip", "other Python"])
def test_an_environment_that_is_not_whole_is_made_anew(checkout, version, pip):
    """Made by a run that was interrupted, or before the system got another Python."""
    stub(checkout / ".venv" / "bin" / "python", version, pip)

    assert run(checkout)[:2] == (0, ["venv", "pip"])


def test_a_whole_one_of_other_packages_only_gets_the_packages(checkout):
    stub(checkout / ".venv" / "bin" / "python", pip="yes")
    (checkout / ".venv" / "requirements.stamp").write_text("run.txt older (3, 12)\n")

    assert run(checkout)[:2] == (0, ["pip"])


def test_two_at_once_make_one(checkout):
    started = [
        subprocess.Popen(["bash", "run"], cwd=checkout, env=environ(checkout, SLOW="0.3"), stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]

    assert [process.wait(20) for process in started] == [0, 0]
    assert [line.split()[0] for line in (checkout / "log").read_text().splitlines()] == ["venv", "pip"]


@pytest.mark.parametrize(("by", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_told_to_stop_while_it_installs_it_leaves_nothing_running(checkout, by, code):
    log = checkout / "log"
    process = subprocess.Popen(
        ["bash", "run"], cwd=checkout, env=environ(checkout, SLOW="30"), stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    log.touch()
    wait_until(lambda: "pip" in log.read_text(), process, log)

    process.send_signal(by)

    assert process.wait(10) == code
    pip = int(log.read_text().split("pip ")[1].split()[0])
    with pytest.raises(ProcessLookupError):
        os.kill(pip, 0)
