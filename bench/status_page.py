"""Requests per second of the status page and its API against a bare Daphne hello-world, in the same run.

    .venv/bin/python -m bench.status_page [--seconds 3] [--rounds 3] [--clients 32] [--stopped]

With `--stopped` the product runs on PostgreSQL and Redis, and both are stopped before it is measured.

Every server gets the same keep-alive clients, in turn, each round; medians. Ratios count, absolutes are this machine's.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.served import free_port, process, product


async def hello(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The bare application: what Daphne can do at most."""
    if scope["type"] == "http":
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"12")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"Hello world!"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--stopped", action="store_true")
    arguments = parser.parse_args()
    if not arguments.stopped:
        compare(arguments, {}, lambda: None)
        return
    from tests.engines import Postgres, Redis

    engines = Postgres(), Redis()

    def stop() -> None:
        for engine in engines:
            engine.stop()

    try:
        urls = {"DATABASE_URL": engines[0].create("bench"), "REDIS_URL": f"{engines[1].url}/0"}
        compare(arguments, urls, stop)
    finally:
        stop()


def compare(arguments: argparse.Namespace, settings: dict[str, str], before: Callable[[], None]) -> None:
    bare = free_port()
    daphne = [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(bare), "bench.status_page:hello"]
    with process(daphne, {**os.environ, "DJANGO_SETTINGS_MODULE": ""}, bare), product(**settings) as (port, _words):
        before()
        targets = {
            "bare Daphne, hello world": (bare, "/", ""),
            "/status/ (gzip)": (port, "/status/", "Accept-Encoding: gzip\r\n"),
            "/status/ (plain)": (port, "/status/", ""),
            "/status/ (304)": (port, "/status/", "If-None-Match: *\r\n"),
            "/api/v2/summary.json": (port, "/api/v2/summary.json", "Accept-Encoding: gzip\r\n"),
        }
        rates: dict[str, list[float]] = {name: [] for name in targets}
        for turn in range(arguments.rounds + 1):  # the first warms up and is not counted
            for name, (target, path, headers) in targets.items():
                seconds = arguments.seconds if turn else 0.5
                rate = asyncio.run(measure(target, path, headers, arguments.clients, seconds))
                if turn:
                    rates[name].append(rate)
    base = statistics.median(rates["bare Daphne, hello world"])
    print(f"{arguments.clients} clients, median of {arguments.rounds} rounds of {arguments.seconds:g} s")
    for name, found in rates.items():
        rate = statistics.median(found)
        print(f"{name:28} {rate:>8,.0f} req/s ({min(found):,.0f} to {max(found):,.0f})  {rate / base:5.2f} × bare")


async def measure(port: int, path: str, headers: str, clients: int, seconds: float) -> float:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n".encode()
    end = time.perf_counter() + seconds
    begun = time.perf_counter()
    counts = await asyncio.gather(*(client(port, request, end) for _ in range(clients)))
    return sum(counts) / (time.perf_counter() - begun)


async def client(port: int, request: bytes, end: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    try:
        while time.perf_counter() < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head[:16] and b" 304 " not in head[:16]:
                raise RuntimeError(head[:60])
            low = head.lower()
            if b"content-length: " in low:
                await reader.readexactly(int(low.partition(b"content-length: ")[2].split(b"\r\n")[0]))
            elif b"chunked" in low:
                while await reader.readuntil(b"\r\n") != b"0\r\n":
                    pass
                await reader.readuntil(b"\r\n")
            count += 1
    finally:
        writer.close()
    return count


if __name__ == "__main__":
    main()
