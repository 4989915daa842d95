"""The product, started the way bin/run starts it, in both modes."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services import Postgres, Redis, free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent


def _listen_to_ctrl_c() -> None:
    """A shell that runs the tests in the background makes all below it deaf to SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Product:
    """One process on SQLite: pages, sockets, tasks and schedule. `env` adds settings, e.g. EMAIL_URL."""

    def __init__(self, *, template: Path | None = None, env: dict[str, str] | None = None) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="lantern-product-"))
        self.data_dir = self.home / "data"
        if template is not None:
            shutil.copytree(template, self.data_dir, symlinks=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._shell: subprocess.Popen[str] | None = None
        self.env = self._environment() | (env or {})

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR", "TZ")}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "ops.settings", "DATA_DIR": str(self.data_dir), "DEMO": "1",
            "PUBLIC_URL": self.url, "PYTHONWARNINGS": "default", "PYTHONUNBUFFERED": "1",
        }  # fmt: skip

    # --- life ---------------------------------------------------------------------------------
    def start(self) -> "Product":
        self._spawn("server", "manage.py", "serve", "--prepare", "--port", str(self.port))
        self.wait_ready()
        return self

    def prepare(self) -> None:
        """Database, static files and demo practice, by a process that ends."""
        self.manage("shell", "--no-imports", "-c", "from ops.runtime.prepare import prepare; prepare(print)")

    def wait_ready(self, seconds: float = 120) -> None:
        wait_until(self._ready, self.processes["server"], self._log_path("server"), seconds)

    def wait(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Poll until it holds; raises with the server's log when it does not, or when the server dies."""
        wait_until(condition, self.processes["server"], self._log_path("server"), seconds)

    def kill(self, name: str = "server") -> None:
        """SIGKILL, as a power cut would."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def terminate(self, name: str = "server") -> tuple[int, float]:
        """SIGTERM one process; return its exit code and how many seconds it took."""
        process = self.processes.pop(name)
        begun = time.monotonic()
        process.terminate()
        code = process.wait(20)
        return code, time.monotonic() - begun

    def restart(self) -> None:
        """Start again whatever is not running."""
        if not self.running("server"):
            self.start()

    def running(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is None

    def stop(self) -> None:
        if self._shell is not None:
            self._shell.communicate()  # the end of its input is the end of it
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()
        shutil.rmtree(self.home, ignore_errors=True)

    # --- looking in ---------------------------------------------------------------------------
    def manage(self, *arguments: str) -> str:
        """Run a management command beside the product; return what it printed. Raises on a non-zero exit."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def shell(self, code: str) -> str:
        """Run Python with Django set up, on the product's own database; return what it printed. Raises what it raised.

        One process runs all of it: to see what a process leaves behind that ends, use `manage("shell", …)`.
        """
        if self._shell is None:
            with self._log_path("shell").open("ab") as out:
                self._shell = subprocess.Popen(
                    [sys.executable, "-m", "tests.shell"],
                    cwd=ROOT, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True,
                )  # fmt: skip
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(json.dumps(code) + "\n")
        self._shell.stdin.flush()
        answer = json.loads(self._shell.stdout.readline() or '{"failed": "the process has ended"}')
        if "failed" in answer:
            raise RuntimeError(f"{code}\n{answer['failed']}")
        return str(answer["printed"]).strip()

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def log(self, name: str = "server") -> str:
        return self._log_path(name).read_text(errors="replace")

    def logs(self) -> str:
        """All logs, for a report of a failed test."""
        return "\n".join(f"--- {path.stem}\n{path.read_text(errors='replace')}" for path in self.home.glob("*.log"))

    # --- machinery ----------------------------------------------------------------------------
    def _log_path(self, name: str) -> Path:
        return self.home / f"{name}.log"

    def _spawn(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log_path(name).open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=self.env, stdout=out, stderr=out, start_new_session=True,
                preexec_fn=_listen_to_ctrl_c,
            )  # fmt: skip
        self.processes[name] = process
        return process

    def _ready(self) -> bool:
        try:
            status, body = self.get("/readyz")
        except (urllib.error.URLError, OSError):
            return False
        return status == 200 and json.loads(body)["ready"] is True


class ScaledProduct(Product):
    """PostgreSQL and Redis, and three processes: server, worker, beat. `like`: a prepared one on the same servers."""

    def __init__(
        self, postgres: Postgres, redis: Redis, *, like: "ScaledProduct | None" = None, template: Path | None = None,
        env: dict[str, str] | None = None, redis_number: int = 9,
    ) -> None:  # fmt: skip
        super().__init__(template=like.data_dir if like else template, env=env)
        self.database = f"product_{self.port}"
        url = postgres.create(self.database, like=like.database) if like else postgres.create(self.database)
        self.env |= {"DATABASE_URL": url, "REDIS_URL": f"{redis.url}/{redis_number}"}

    def start(self) -> "ScaledProduct":
        super().start()
        self._start_helpers()
        return self

    def restart(self) -> None:
        super().restart()
        self._start_helpers()

    def _start_helpers(self) -> None:
        if not self.running("worker"):
            self._spawn("worker", "-m", "celery", "-A", "ops.celery", "worker", "-c", "2", "-l", "INFO")
            before = self.log("worker").count(" ready.")
            wait_until(
                lambda: self.log("worker").count(" ready.") > before, self.processes["worker"], self._log_path("worker")
            )
        if not self.running("beat"):
            pid_file = self.home / "beat.pid"
            pid_file.unlink(missing_ok=True)
            self._spawn("beat", "-m", "celery", "-A", "ops.celery", "beat", "--pidfile", str(pid_file))


@pytest.fixture(scope="session")
def prepared_data() -> Iterator[Path]:
    """A data directory with migrated database, static files and demo practice, to copy from.

    `PREPARED_DATA` names a place where all test processes of a run share one; the first to come makes it.
    """
    maker = Product()
    shared = Path(os.environ.get("PREPARED_DATA") or maker.home / "prepared")
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            maker.prepare()
            shutil.move(maker.data_dir, shared)
    yield shared
    maker.stop()


@pytest.fixture(scope="session")
def product(prepared_data: Path) -> Iterator[Product]:
    """The embedded product, shared by the session."""
    running = Product(template=prepared_data)
    yield running.start()
    running.stop()


@pytest.fixture(scope="session")
def prepared_scaled(prepared_data: Path, postgres: Postgres, redis_server: Redis) -> Iterator[ScaledProduct]:
    """A product on PostgreSQL and Redis with its demo practice, never started: others are copied from it. The static
    files are the embedded one's."""
    maker = ScaledProduct(postgres, redis_server, template=prepared_data)
    maker.prepare()
    yield maker
    maker.stop()


@pytest.fixture(scope="session")
def scaled_product(prepared_scaled: ScaledProduct, postgres: Postgres, redis_server: Redis) -> Iterator[ScaledProduct]:
    """The product on PostgreSQL and Redis, shared by the session."""
    running = ScaledProduct(postgres, redis_server, like=prepared_scaled)
    yield running.start()
    running.stop()


@pytest.fixture
def fresh_product(prepared_data: Path) -> Iterator[Product]:
    """An embedded product of this test's own, not started yet: to be killed, restarted, pointed elsewhere."""
    running = Product(template=prepared_data)
    yield running
    running.stop()


@pytest.fixture(params=["embedded", pytest.param("scaled", marks=pytest.mark.services)])
def running_product(request: Any) -> Product:
    """Either product; the test runs once on each."""
    chosen: Product = request.getfixturevalue("product" if request.param == "embedded" else "scaled_product")
    return chosen


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Any:
    """Show what the product said when a test on it fails."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Product) and value.home.exists():
                report.sections.append(("product logs", value.logs()[-8000:]))
    return report
