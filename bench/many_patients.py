"""The Patient Portal Onboarding Tool with very many patients (PC-48): its list, its filters, its search, further down.

    .venv/bin/python -m bench.many_patients [--patients 50000] [--rounds 15]

The demo practice on SQLite with as many patients more as asked for, signed in as somebody who works in all offices.
Queries and median milliseconds of server time through Django's test client. Baseline: the demo's own patients.
"""

import argparse
import datetime as dt
import io
import os
import re
import statistics
import tempfile
import time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ops.settings")
os.environ |= {"DATA_DIR": tempfile.mkdtemp(prefix="lantern-bench-"), "DEMO": "1", "LOG_LEVEL": "ERROR"}
for name in ("DATABASE_URL", "REDIS_URL"):
    os.environ.pop(name, None)

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal_core.access.enums import AccessLevel, PortalState, Reason
from portal_core.access.models import PortalAccess
from portal_core.directory.models import Office, Patient, RoleAssignment

PAGE = "/desk/onboarding/"
PASSWORD = "demo-please-change"
LOOKS: dict[str, dict[str, str]] = {
    "the list": {},
    "unactivated": {"state": PortalState.UNACTIVATED.value},
    "no e-mail": {"state": Reason.NO_EMAIL.value},
    "search a name": {"q": "Lindqvist"},
    "search 1 in 500": {"q": "Family77"},
    "half way down": {"after": "{middle}"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--patients", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    settings.OUTBOX_WAKE, settings.ALLOWED_HOSTS = False, ["*"]
    call_command("migrate", verbosity=0)
    call_command("demo", verbosity=0, stdout=io.StringIO())
    RoleAssignment.objects.filter(staff__user__username="olivia").update(office=None)  # all offices
    client = Client()
    client.post("/desk/sign-in/", {"username": "olivia", "password": PASSWORD})
    few = measured(client, arguments.rounds)
    grow(arguments.patients)
    many = measured(client, arguments.rounds)
    print(
        f"{'look':18} {'queries':>8} {'ms, few':>9} {'ms, many':>9} {'x':>6}   ({Patient.objects.count():,} patients)"
    )
    for name, (asked, middle) in many.items():
        print(f"{name:18} {asked:>8} {few[name][1]:>9.1f} {middle:>9.1f} {middle / few[name][1]:>6.1f}")


def grow(number: int) -> None:
    """Patients over all offices: every tenth without e-mail, half with access, a third of those signed in once."""
    offices, now = list(Office.objects.order_by("pk")), dt.datetime.now(dt.UTC)
    rows = [
        Patient(
            practice_id=(office := offices[turn % len(offices)]).practice_id, home_office=office, mrn=f"B{turn}",
            first_name=f"Given{turn % 211}", last_name=f"Family{turn % 500}", zip="62790",
            birth_date=dt.date(1940, 1, 1) + dt.timedelta(days=turn % 25_000),
            email="" if turn % 10 == 0 else f"patient{turn}@patients.example",
        )
        for turn in range(number)
    ]  # fmt: skip
    made = Patient.objects.bulk_create(rows, batch_size=2_000)
    PortalAccess.objects.bulk_create(
        [
            PortalAccess(
                patient=row, level=AccessLevel.CAN_ACCESS, enabled_at=now, enabled_by="bench",
                first_access_at=now if turn % 3 == 0 else None, last_access_at=now if turn % 3 == 0 else None,
            )
            for turn, row in enumerate(made[::2])
        ],
        batch_size=2_000,
    )  # fmt: skip


def measured(client: Client, rounds: int) -> dict[str, tuple[int, float]]:
    """Look → queries, median milliseconds."""
    patients = Patient.objects.order_by("last_name", "first_name", "pk")
    middle = patients[patients.count() // 2].public_id
    found = {}
    for name, fields in LOOKS.items():
        data = {key: value.format(middle=middle) for key, value in fields.items()}
        ask(client, data)
        with CaptureQueriesContext(connection) as queries:
            page = ask(client, data)
        if page.status_code != 200:
            raise SystemExit(f"{name}: {page.status_code} {re.sub('<[^>]+>', '', page.content.decode())[:200]}")
        asked, times = len(queries), []
        for _ in range(rounds):
            begun = time.perf_counter()
            ask(client, data)
            times.append((time.perf_counter() - begun) * 1000)
        found[name] = (asked, statistics.median(times))
    return found


def ask(client: Client, data: dict[str, str]) -> Any:
    return client.post(PAGE, data) if data else client.get(PAGE)


if __name__ == "__main__":
    main()
