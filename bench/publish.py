"""Publishing to very many e-mail subscribers on PostgreSQL: how soon it returns, is written down, and begins to leave.

    .venv/bin/python -m bench.publish [--subscribers 100000] [--rounds 3]

PostgreSQL and Redis of its own, one Celery worker with beat, a mail sink in a process of its own. Each round declares
an incident in this process, as a request would, and measures from there: until the action and all that follows its
commit have returned (the snapshot is written then, too), until the ledger holds one delivery for everybody, until the
first mail is marked sent, and how many leave per minute while and after the ledger is written. What a round has not
sent after `--seconds` is cancelled. BENCH_SYNC=1 lets PostgreSQL wait for its disk.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.engines import Postgres, Redis

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="lantern-bench-"))
        postgres, redis = Postgres(), Redis()
        stack.callback(postgres.stop)
        stack.callback(redis.stop)
        sink = started(stack, "tests.fakes.smtp", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "ops.settings", "DATA_DIR": directory, "SECRET_KEY": "bench", "DEMO": "0",
            "DATABASE_URL": postgres.create("bench"), "REDIS_URL": f"{redis.url}/0",
            "EMAIL_URL": f"smtp://127.0.0.1:{int(sink.stdout.readline())}", "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        if os.environ.get("BENCH_SYNC"):
            with connection.cursor() as cursor:
                cursor.execute("ALTER DATABASE bench SET synchronous_commit TO on")
        call_command("migrate", verbosity=0)
        begun = time.perf_counter()
        component = fill(arguments.subscribers)
        print(f"{arguments.subscribers} subscribers made in {time.perf_counter() - begun:.1f} s")
        started(
            stack, "celery", "-A", "ops", "worker", "--beat", "--pool", "threads", "--concurrency", "4",
            "--without-gossip", "--without-mingle", "--schedule", f"{directory}/beat", "--loglevel", "ERROR",
        )  # fmt: skip
        # Until the worker takes tasks: it answers no ping (remote control is off), and this time is not measured.
        time.sleep(8)
        rows = [one(turn, component, arguments) for turn in range(arguments.rounds + 1)][1:]
    print(f"{arguments.subscribers} e-mail subscribers, PostgreSQL, median of {arguments.rounds} rounds (worst)")
    for name, unit in (("returns", "ms"), ("ledger", "s"), ("first", "s"), ("rate", "/min")):
        values = [row[name] for row in rows]
        worst = min(values) if name == "rate" else max(values)
        print(f"{LABELS[name]:44} {statistics.median(values):>10,.2f} {unit} ({worst:,.2f})")


LABELS = {
    "returns": "publish returns after", "ledger": "ledger complete after", "first": "first mail sent after",
    "rate": "mails leaving, ledger included",
}  # fmt: skip


def started(stack: ExitStack, *module: str, **popen: Any) -> "subprocess.Popen[Any]":
    process = subprocess.Popen([sys.executable, "-m", *module], cwd=ROOT, **popen)
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)
    return process


def fill(count: int) -> str:
    from django.db import connection
    from django.utils import timezone

    from portal_core.kernel.contracts import SYSTEM
    from statuspage.actions import pages
    from statuspage.models import Component, Page, Subscriber, vault

    pages.set_up(name="Bench", by=SYSTEM)
    page, now = Page.objects.get(), timezone.now()
    sealed = vault().seal("s@example.org")  # one address for all: it is opened once for each of them all the same
    for begin in range(0, count, 10_000):
        Subscriber.objects.bulk_create(
            Subscriber(
                page=page, address_cipher=sealed, address_index=f"{n:064d}", created_at=now, confirmed_at=now
            )
            for n in range(begin, min(begin + 10_000, count))
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE statuspage_subscriber")
    return str(Component.objects.get(slug="telehealth").public_id)


def one(turn: int, component: str, arguments: argparse.Namespace) -> dict[str, float]:
    from django.db import connection
    from django.db.models import Min

    from portal_core.kernel.contracts import SYSTEM
    from portal_core.notify.models import Delivery
    from statuspage.actions import incidents
    from statuspage.models import FanOut

    people, published = arguments.subscribers, time.time()
    begun = time.perf_counter()
    summary = incidents.declare(
        name=f"Video visits fail {turn}", body="We are looking into it.", components={component: "major_outage"},
        by=SYSTEM, key=f"bench-{turn}",
    )  # fmt: skip
    found = {"returns": (time.perf_counter() - begun) * 1000}
    cause = f"incident-update:{summary.update_id}"
    mine, deadline = Delivery.objects.filter(cause=cause), time.monotonic() + PATIENCE
    while not FanOut.objects.filter(update__public_id=summary.update_id, state="done").exists():
        if time.monotonic() > deadline:
            raise SystemExit(f"the ledger was not complete after {PATIENCE} s: {mine.count()}")
        time.sleep(0.02)
    found["ledger"] = time.perf_counter() - begun
    if mine.count() != people:
        raise SystemExit(f"{mine.count()} deliveries for {people} subscribers")
    while (time.perf_counter() - begun) < arguments.seconds and mine.filter(sent_at=None).exists():
        time.sleep(0.25)
    first = mine.aggregate(first=Min("sent_at"))["first"]
    found["first"] = first.timestamp() - published
    gone, taken = mine.filter(state="sent").count(), time.perf_counter() - begun
    found["rate"] = gone / (taken - found["first"]) * 60
    mine.filter(state="waiting").move("cancelled")
    incidents.resolve(incident_id=summary.id, body="Done.", by=SYSTEM)
    while (
        FanOut.objects.filter(state="running").exists()
        or not FanOut.objects.filter(incident__public_id=summary.id, kind="resolved").exists()
    ):
        time.sleep(0.1)
    Delivery.objects.filter(state="waiting").move("cancelled")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE notify_delivery")
    print({name: round(value, 2) for name, value in found.items()}, f"{gone} sent in the round")
    return found


if __name__ == "__main__":
    main()
