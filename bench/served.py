"""A product of its own for a measurement: temporary data, the demo's status page, the server as people run it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def product(prepare: str = "", *, options: tuple[str, ...] = (), **settings: str) -> Iterator[tuple[int, str]]:
    """Serve on a free port; yield (port, what the lines of `prepare` printed). They run with the demo's page made.

    `settings` are environment variables, e.g. DATABASE_URL; `options` are given to `serve`, e.g. "--behind-proxy".
    """
    with tempfile.TemporaryDirectory(prefix="lantern-bench-") as directory:
        port = free_port()
        environment = {
            **os.environ, "DATA_DIR": directory, "SECRET_KEY": "bench", "DEMO": "1", "DATABASE_URL": "",
            "REDIS_URL": "", "PUBLIC_URL": f"http://127.0.0.1:{port}", "STATUS_SOCKETS_PER_ADDRESS": "0",
            **settings,
        }  # fmt: skip

        def manage(*arguments: str) -> str:
            done = subprocess.run(
                [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, check=True, text=True,
                stdout=subprocess.PIPE,
            )  # fmt: skip
            return done.stdout.strip()

        manage("migrate", "-v0")
        manage("collectstatic", "--noinput", "-v0")
        words = manage("shell", "-v0", "-c", f"from ops.demo import status; status.create()\n{prepare}")
        with process([sys.executable, "manage.py", "serve", "--port", str(port), *options], environment, port):
            yield port, words


@contextmanager
def process(command: list[str], environment: dict[str, str], port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server until the block ends; enter when its port answers."""
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                if running.poll() is not None:
                    raise RuntimeError(f"{command[-1]} stopped at once") from None
                time.sleep(0.1)
        yield running
    finally:
        running.terminate()
        running.wait(20)
