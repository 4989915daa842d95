"""Fan-out workers as processes of their own, to be killed: python -m tests.statuspage.fan_out_process

Each line on standard input is a deed for a new process, forked off; `end <code>` tells how it ended. `set-up N` makes
the tables, the page and N subscribers · `publish [deeds]` declares an incident · `work [deeds]` does what a worker does
until nothing is owed, then prints the deliveries by state, and how many recipients. With `deeds` they kill themselves
with -9 after so many statements that wrote something.
"""

# ruff: noqa: E402 - Django has to be set up before anything that has models is imported

import os
import signal
import sys
import traceback

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ops.settings")

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from portal_core.kernel import outbox
from portal_core.kernel.contracts import SYSTEM
from portal_core.notify import delivery
from portal_core.notify.models import Delivery
from statuspage.actions import fan_out, incidents, pages
from statuspage.models import Page, Subscriber, indexes_of, vault

CHUNK = 20


def set_up(number: int) -> None:
    for app in ("kernel", "notify", "statuspage"):
        call_command("migrate", app, verbosity=0)
    pages.set_up(name="Page", by=SYSTEM)
    page, now = Page.objects.get(), timezone.now()
    for n in range(number):
        address = f"s{n}@example.org"
        Subscriber.objects.create(
            page=page, address_cipher=vault().seal(address), address_index=indexes_of("email", address)[0],
            created_at=now, confirmed_at=now,
        )  # fmt: skip


def publish(deeds: int) -> None:
    if deeds:
        die_after(deeds)
    incidents.declare(name="Video visits fail", body="We look.", components={}, by=SYSTEM, key="one")


def work(deeds: int) -> None:
    if deeds:
        die_after(deeds)
    # What a killed predecessor had claimed comes back, as it would in time.
    Delivery.objects.filter(state="sending").update(available_at=timezone.now())
    while outbox.drain() + fan_out.go_on() + delivery.deliver_due():
        pass
    count()


def die_after(deeds: int) -> None:
    """kill -9 right after the statement that is the `deeds`-th to change anything, before its transaction commits."""
    left = deeds

    def watch(execute, sql, params, many, context):
        nonlocal left
        result = execute(sql, params, many, context)
        if sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return result

    connection.execute_wrappers.append(watch)


def count() -> None:
    states = {state: Delivery.objects.filter(state=state).count() for state in ("waiting", "sending", "sent")}
    people = Delivery.objects.values("recipient_key").distinct().count()
    say(f"{ {state: number for state, number in states.items() if number} } {people}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def do(deed: str, number: str = "0") -> None:
    settings.OUTBOX_WAKE = False
    fan_out.CHUNK, fan_out.MANY = CHUNK, 1
    {"set-up": set_up, "publish": publish, "work": work}[deed](int(number))


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                do(*line.split())
                code = 0
            except Exception:  # noqa: BLE001 - it is the end of this process, whatever it was
                traceback.print_exc()
            finally:
                os._exit(code)
        say(f"end {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}")


if __name__ == "__main__":
    main()
