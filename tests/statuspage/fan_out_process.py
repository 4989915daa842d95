"""A fan-out worker as a process of its own, to be killed: python -m tests.statuspage.fan_out_process <deed> [number]

`set-up N` makes the tables, the page and N subscribers · `publish [deeds]` declares an incident · `work [deeds]` says
"ready", waits for a line on standard input and does what a worker does until nothing is owed; with `deeds` they kill
themselves with -9 after so many statements that wrote something · `count` prints the deliveries by state, and how many
recipients.
"""

# ruff: noqa: E402 - Django has to be set up before anything that has models is imported

import os
import signal
import sys

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
    call_command("migrate", verbosity=0)
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
    say("ready")
    sys.stdin.readline()
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


def main(deed: str, number: str = "0") -> None:
    settings.OUTBOX_WAKE = False
    fan_out.CHUNK, fan_out.MANY = CHUNK, 1
    match deed:
        case "set-up":
            set_up(int(number))
        case "publish":
            publish(int(number))
        case "work":
            work(int(number))
        case "count":
            count()


if __name__ == "__main__":
    main(*sys.argv[1:])
