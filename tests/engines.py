"""PostgreSQL and Redis of the test run's own: private directories, free ports, gone at the end."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import redis

PATIENCE = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[Any], log: Path, seconds: float = PATIENCE) -> None:
    """Poll `ready`; raises with the log's tail when the process dies or time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            state = "died" if process.poll() is not None else f"was not ready in {seconds:.0f} s"
            raise RuntimeError(f"{process.args} {state}:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.05)


class Service:
    """One server process with a directory, a log and an end."""

    def __init__(self, directory: Path, command: list[str], ready: Callable[[], bool], **popen: Any) -> None:
        self.directory = directory
        self.log = directory / "service.log"
        self._command, self._popen, self._ready = command, popen, ready
        self.start_again()

    def start_again(self) -> None:
        """Start it, or once more on the same data and port after it went away."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self._command, stdout=out, stderr=out, start_new_session=True, **self._popen
            )
        wait_until(self._ready, self.process, self.log)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Postgres(Service):
    """`durable`: what was committed is there after a crash of the server, as in production; without, it is quicker."""

    def __init__(self, *, durable: bool = False) -> None:
        home = Path(tempfile.mkdtemp(prefix="lantern-pg-"))
        self.port = free_port()
        identity: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(home, user.pw_uid, user.pw_gid)
            identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        binaries = postgres_binaries()
        data = home / "data"
        subprocess.run(
            [binaries / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--locale=C.UTF-8", "--no-sync"],
            check=True, capture_output=True, cwd=home, **identity,
        )  # fmt: skip
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": home, "fsync": "off",
            "synchronous_commit": "on" if durable else "off", "full_page_writes": "off",
            "max_connections": 60, "shared_buffers": "64MB",
        }  # fmt: skip
        command = [str(binaries / "postgres"), "-D", str(data)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        super().__init__(home, command, self._answers, cwd=home, **identity)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, like: str = "template1") -> str:
        """Make a database, empty or a copy of one that nobody is connected to; return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{like}"'.encode())
        return self.url(database)


class Redis(Service):
    def __init__(self, port: int | None = None) -> None:
        home = Path(tempfile.mkdtemp(prefix="lantern-redis-"))
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(home)]
        super().__init__(home, command, self._answers)

    def _answers(self) -> bool:
        with redis.Redis(port=self.port) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


def postgres_binaries() -> Path:
    """Directory of `initdb` and `postgres`; raises FileNotFoundError."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not versions:
        raise FileNotFoundError("PostgreSQL's initdb is not installed")
    return versions[-1].parent
