"""SQL queries and server time per page, on the demo practice, signed in as the person who uses the page.

    .venv/bin/python -m bench.pages

Reports, per page: status, queries, median milliseconds of 15 renders through Django's test client (no network).
The named baseline is /healthz in the same run: a view that does nothing, behind the same middleware.
"""

import io
import os
import re
import statistics
import tempfile
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ops.settings")
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="lantern-bench-")
os.environ["DEMO"] = "1"
for name in ("DATABASE_URL", "REDIS_URL"):
    os.environ.pop(name, None)

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

PASSWORD = "demo-please-change"
PAGES: dict[str, list[str]] = {
    "": ["/healthz", "/", "/status/", "/api/v2/summary.json", "/help/", "/help/contact/", "/portal/sign-in/"],
    "pat": ["/portal/"],
    "olivia": ["/triage/office/", "{ticket}", "{ticket} refreshed", "/desk/patients/", "/triage/reference/"],
    "ian": ["/triage/it/", "{flag}", "{flag} refreshed"],
    "carla": ["/desk/schedule/", "/desk/patients/"],
    "ana": ["/desk/settings/staff/"],
    "omar": ["/desk/status/"],
}
RENDERS = 15
REFRESH = {"{ticket} refreshed": "tickets", "{flag} refreshed": "flag-list"}


def main() -> None:
    settings.OUTBOX_WAKE = False
    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)
    call_command("demo", verbosity=0, stdout=io.StringIO())
    print(f"{'who':8} {'page':34} {'status':>6} {'queries':>8} {'ms':>8} {'x healthz':>10}")
    baseline = 0.0
    for who, paths in PAGES.items():
        client = Client()
        if who:
            place = "/portal/sign-in/" if who == "pat" else "/desk/sign-in/"
            client.post(place, {"username": who, "password": PASSWORD})
        for name in paths:
            path = name.split()[0].format(ticket=first(client, "tickets"), flag=first(client, "flags"))
            headers = {"HX-Request": "true", "HX-Target": REFRESH[name]} if name in REFRESH else {}
            client.get(path, headers=headers)
            with CaptureQueriesContext(connection) as queries:
                status = client.get(path, headers=headers).status_code
            asked = len(queries)  # the log is emptied by the next request
            times = []
            for _ in range(RENDERS):
                start = time.perf_counter()
                client.get(path, headers=headers)
                times.append((time.perf_counter() - start) * 1000)
            middle = statistics.median(times)
            baseline = baseline or middle
            print(f"{who or '-':8} {name:34} {status:>6} {asked:>8} {middle:>8.1f} {middle / baseline:>10.1f}")


def first(client: Client, kind: str) -> str:
    """The first ticket of the office desk, or the first flag of the console, as this person sees it; else ""."""
    page = client.get("/triage/office/" if kind == "tickets" else "/triage/it/")
    found = re.search(rf'href="(/triage/(?:office|it)/{kind}/[^/"]+/)', page.content.decode())
    return found[1] if found else ""


if __name__ == "__main__":
    main()
