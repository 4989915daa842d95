"""Writing the ledger alone, with no worker beside it: what 100,000 promised deliveries cost in processor time.

    .venv/bin/python -m bench.ledger [--subscribers 100000] [--rounds 3]

PostgreSQL of its own. Wall time depends on whoever else uses the machine; processor seconds of the database's process
and of this one hardly do, so they are what to compare from day to day. BENCH_SQL is run before the rounds ("CREATE
INDEX …"): what an index costs is the difference.
"""

import argparse
import os
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.engines import Postgres


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="lantern-bench-"))
        postgres = Postgres()
        stack.callback(postgres.stop)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "ops.settings", "DATA_DIR": directory, "SECRET_KEY": "bench", "DEMO": "0",
            "DATABASE_URL": postgres.create("bench"), "REDIS_URL": "", "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        from bench.publish import fill

        settings.OUTBOX_WAKE = False  # nobody is there to be woken
        call_command("migrate", verbosity=0)
        component = fill(arguments.subscribers)
        sql(os.environ.get("BENCH_SQL", "SELECT 1"))
        rows = [one(turn, component, arguments.subscribers) for turn in range(arguments.rounds + 1)][1:]
    print(f"{arguments.subscribers} deliveries promised, median of {arguments.rounds} rounds (worst), seconds")
    for name in rows[0]:
        values = [row[name] for row in rows]
        print(f"{name:12} {statistics.median(values):6.2f} ({max(values):.2f})")


def one(turn: int, component: str, people: int) -> dict[str, float]:
    from portal_core.kernel import clock
    from portal_core.kernel.contracts import SYSTEM
    from portal_core.notify.models import Delivery
    from statuspage.actions import fan_out, incidents

    summary = incidents.declare(
        name=f"Video visits fail {turn}", body="We look.", components={component: "major_outage"}, by=SYSTEM,
        key=f"ledger-{turn}",
    )  # fmt: skip
    backend = int(sql("SELECT pg_backend_pid()")[0][0])
    database, here, begun = spent(backend), time.process_time(), time.perf_counter()
    row = fan_out.begin(update_id=summary.update_id, kind="created", at=clock.now())
    fan_out.go_on()
    found = {
        "wall": time.perf_counter() - begun, "PostgreSQL": spent(backend) - database,
        "Python": time.process_time() - here,
    }  # fmt: skip
    written = Delivery.objects.filter(cause=row.cause).count() if row is not None else 0
    if written != people:
        raise SystemExit(f"{written} deliveries for {people} subscribers")
    sql("TRUNCATE notify_delivery")
    incidents.resolve(incident_id=summary.id, body="Done.", by=SYSTEM, deliver=False)
    return found


def spent(process: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sql(text: str) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall() if cursor.description else []


if __name__ == "__main__":
    main()
