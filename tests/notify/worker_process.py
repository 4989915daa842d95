"""A delivery worker as a process of its own, to be killed: python -m tests.notify.worker_process <deed> [number]

`promise N` makes the tables and promises N mails · `deliver` waits for a line on standard input, sends until nothing
is due and prints how many it tried and the states · `take-over` first ends every claim, as time would.
"""

# ruff: noqa: E402 - Django has to be set up before anything that has models is imported

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ops.settings")

import django

django.setup()

from django.core.management import call_command
from django.utils import timezone

from portal_core.notify import Recipient, delivery, queries
from portal_core.notify.actions import messages
from portal_core.notify.models import Delivery
from portal_core.notify.rendering import Words


def promise(number: int) -> None:
    call_command("migrate", "notify", verbosity=0)
    messages.render = lambda *args, **kwargs: Words("Subject", "Text", "<html><head></head><body>Text</body></html>")
    people = (Recipient(key=f"s:{n}", email=f"s{n}@example.org") for n in range(number))
    messages.send_many("sample/outage", recipients=people, cause="update:1", context={})


def deliver() -> None:
    say("ready")
    sys.stdin.readline()
    tried = delivery.deliver_due()
    say(f"{tried} { {state: count for state, count in queries.delivery_counts().items() if count} }")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(deed: str, number: str = "0") -> None:
    from django.conf import settings

    settings.OUTBOX_WAKE = False
    if deed == "promise":
        promise(int(number))
    elif deed == "deliver":
        deliver()
    elif deed == "take-over":
        Delivery.objects.filter(state="sending").update(available_at=timezone.now())
        deliver()


if __name__ == "__main__":
    main(*sys.argv[1:])
