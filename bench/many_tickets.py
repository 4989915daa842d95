"""Very many tickets on PostgreSQL: the desk's list, one ticket, its live refresh, the search, the figures.

    .venv/bin/python -m bench.many_tickets [--sizes 1000 100000 1000000] [--rounds 40] [--beside 20000]

A PostgreSQL of its own; the tickets are made in SQL. Each page is asked for through Django's test client by somebody of
one office and by somebody who serves all of them: queries, median and 95th percentile in milliseconds, and the median
of this process's CPU time, which a busy machine changes less. A search is asked for as the page does while somebody
types: the results alone; once as a whole page. With `--beside` the same operations at that many tickets
on django-helpdesk, installed into a temporary environment, in the same PostgreSQL. Baseline: the same pages at the
first size, and `/healthz`.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import ticket_rows
from tests.engines import Postgres

if TYPE_CHECKING:
    from django.test import Client

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "bench bench bench"
WARM_UP = 3
Measured = tuple[str, int, list[float], list[float]]
"""Operation, queries, milliseconds, and milliseconds of this process's own CPU (the database's are not in it)."""
AS_TYPED = {"HX-Request": "true", "HX-Target": "results"}
# What people type: a number off a letter, a name, a word of many tickets, two words, the end of a phone number.
QUESTIONS = ("{reference}", "{last}", "{first} {last}", "portal", "password reset", "{rare}", "{phone}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--beside", type=int, default=0, help="tickets in django-helpdesk, 0: leave it out")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lantern-bench-")))
        postgres = Postgres()
        stack.callback(postgres.stop)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "ops.settings", "DATA_DIR": str(directory), "SECRET_KEY": "bench", "DEMO": "0",
            "DATABASE_URL": postgres.create("empty"), "REDIS_URL": "", "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        import django

        django.setup()
        from ops.runtime.garbage import spare_what_is_loaded

        prepare()
        spare_what_is_loaded()
        sizes = [*arguments.sizes, *([arguments.beside] if arguments.beside else [])]
        for size in sizes:
            use(f"tickets_{size}")
            begun = time.perf_counter()
            ticket_rows.make(size)
            print(f"\n{size:,} tickets, made in {time.perf_counter() - begun:.0f} s", flush=True)
            report(ours(arguments.rounds, size))
        if arguments.beside:
            print(f"\ndjango-helpdesk, {arguments.beside:,} tickets", flush=True)
            report(theirs(directory, postgres, arguments.beside, arguments.rounds))


def prepare() -> None:
    """An empty product with a practice of eighteen offices, to be copied for each size."""
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS, settings.OUTBOX_WAKE = ["*"], False
    call_command("migrate", verbosity=0)
    ticket_rows.people(PASSWORD)


def use(name: str) -> None:
    """A copy of the prepared database."""
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = "postgres"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE empty')
    connection.close()
    connection.settings_dict["NAME"] = name


def ours(rounds: int, size: int) -> Iterator[Measured]:
    """Each page in turn."""
    clients = {"one office": signed_in("olivia"), "all offices": signed_in("ana")}
    yield measured("/healthz", lambda _n: clients["one office"].get("/healthz"), rounds)
    rows = ticket_rows.samples(rounds + WARM_UP, size)
    live = {"HX-Request": "true", "HX-Target": "tickets"}
    for who, client in clients.items():
        get = client.get
        chosen = rows[who]
        yield measured(f"list, {who}", lambda _n, get=get: get("/triage/office/"), rounds)
        yield measured(f"list, our move, {who}", lambda _n, get=get: get("/triage/office/?turn=office"), rounds)
        yield measured(f"ticket, {who}", lambda n, get=get, c=chosen: get(f"/triage/office/tickets/{c[n].id}/"), rounds)
        yield measured(
            f"live refresh, {who}",
            lambda n, get=get, c=chosen: get(f"/triage/office/tickets/{c[n].id}/", headers=live),
            rounds,
        )
        for question, headers in [*((one, AS_TYPED) for one in QUESTIONS), (QUESTIONS[1], {})]:
            yield measured(
                f"search {question}{'' if headers else ', whole page'}, {who}",
                lambda n, client=client, c=chosen, q=question, h=headers: client.post(
                    "/triage/search/", {"q": q.format(**c[n]._asdict()), "state": "", "after": ""}, headers=h
                ),
                rounds,
            )
    yield measured("figures, 30 days", lambda _n: clients["all offices"].get("/triage/reports/"), max(5, rounds // 4))
    yield measured(
        "figures, 12 months", lambda _n: clients["all offices"].get("/triage/reports/?period=365"), max(5, rounds // 8)
    )


def signed_in(name: str) -> "Client":
    from django.test import Client

    client = Client()
    answer = client.post("/desk/sign-in/", {"username": name, "password": PASSWORD})
    if answer.status_code != 302:
        raise SystemExit(f"{name} could not sign in: {answer.status_code}")
    return client


def measured(name: str, ask: Callable[[int], Any], rounds: int) -> Measured:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for n in range(WARM_UP):
        answer = ask(n)
        if answer.status_code != 200:
            raise SystemExit(f"{name}: {answer.status_code}")
    with CaptureQueriesContext(connection) as asked:
        ask(WARM_UP)
    counted = sum(row["sql"] not in ("BEGIN", "COMMIT") for row in asked.captured_queries)
    if os.environ.get("BENCH_SQL") and os.environ["BENCH_SQL"] in name:
        for row in sorted(asked.captured_queries, key=lambda one: -float(one["time"]))[:5]:
            print("   ", row["time"], row["sql"][:3000])
    times, work = [], []
    for n in range(rounds):
        begun, worked = time.perf_counter(), time.process_time()
        ask(n + WARM_UP)
        times.append((time.perf_counter() - begun) * 1000)
        work.append((time.process_time() - worked) * 1000)
    return name, counted, times, work


def report(rows: "Iterator[Measured]") -> None:
    print(f"{'what':52} {'queries':>8} {'p50 ms':>9} {'p95 ms':>9} {'CPU ms':>9}")
    for name, queries, times, work in rows:
        ninety_five = statistics.quantiles(times, n=20)[18] if len(times) > 1 else times[0]
        middle, own = statistics.median(times), statistics.median(work)
        print(f"{name:52} {queries:>8} {middle:>9.1f} {ninety_five:>9.1f} {own:>9.1f}", flush=True)


def theirs(directory: Path, postgres: Postgres, size: int, rounds: int) -> "Iterator[Measured]":
    """The same on django-helpdesk, in an environment and a process of its own."""
    home = directory / "theirs"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "django-helpdesk", "psycopg[binary]"], check=True)
    database = postgres.create("theirs")
    program = Path(__file__).with_name("django_helpdesk_rows.py")
    done = subprocess.run(
        [python, program, database, str(size), str(rounds), str(random.Random(1).randrange(10**6))],
        check=True, stdout=subprocess.PIPE, text=True, cwd=directory,
    )  # fmt: skip
    for line in done.stdout.splitlines():
        if line.startswith("["):
            name, queries, times, work = json.loads(line)
            yield name, queries, times, work
        else:
            print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
