"""Mails per minute to a sink on this machine: our ledgered delivery, a bare smtplib loop, Django's own backend.

Our delivery is measured twice: with addresses in the ledger, and as the status page's subscribers get it, with
addresses that are asked for, unsealed and given their signed unsubscribe links batch by batch right before they leave.

    .venv/bin/python -m bench.mail_throughput [--mails 2000] [--rounds 5]

All of them in the same run, in turn, to a sink in a process of its own. Ours counts everything from claim to mark. A
database of its own on SQLite in a temporary directory, or BENCH_DATABASE_URL (an empty PostgreSQL database).
"""

import argparse
import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    sink = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.smtp"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        with tempfile.TemporaryDirectory(prefix="lantern-bench-") as directory:
            measure(int(sink.stdout.readline()), arguments.mails, arguments.rounds, directory)
    finally:
        sink.communicate()


def measure(port: int, mails: int, rounds: int, directory: str) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "ops.settings", "DATA_DIR": directory, "SECRET_KEY": "bench", "DEMO": "0",
        "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL", ""), "EMAIL_URL": f"smtp://127.0.0.1:{port}",
    }  # fmt: skip
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    settings.OUTBOX_WAKE = False
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [ROOT / "tests" / "notify" / "templates"]}]
    call_command("migrate", "notify", verbosity=0)

    rates: dict[str, list[float]] = {name: [] for name in ("promise", "ours", "sealed", "smtplib", "django")}
    for turn in range(rounds + 1):  # the first warms up and is not counted
        found = {
            "promise": timed(mails, lambda turn=turn: promise(turn, mails)),
            "ours": timed(mails, deliver),
            "sealed": sealed(turn, mails),
            "smtplib": timed(mails, lambda: raw(port, mails)),
            "django": timed(mails, lambda: through_django(port, mails)),
        }
        if turn:
            for name, rate in found.items():
                rates[name].append(rate)

    print(f"{mails} mails a round, median of {rounds} rounds, {connection.vendor}")
    bare = statistics.median(rates["smtplib"])
    labels = {
        "smtplib": "smtplib, one connection, ready bytes", "ours": "deliver_due: claim, send, mark",
        "sealed": "the same, addresses unsealed per batch",
        "django": "Django send_messages, one connection", "promise": "send_many (writing the promises down)",
    }  # fmt: skip
    for name, label in labels.items():
        rate = statistics.median(rates[name])
        spread = f"{min(rates[name]):,.0f} to {max(rates[name]):,.0f}"
        print(f"{label:40} {rate * 60:>9,.0f} /min {rate:>7,.0f} /s ({spread}) {rate / bare:5.2f} × smtplib")


def timed(mails: int, deed: Callable[[], object]) -> float:
    begun = time.perf_counter()
    deed()
    return mails / (time.perf_counter() - begun)


def promise(turn: int, mails: int) -> None:
    from portal_core import notify

    people = (
        notify.Recipient(key=f"s:{n}", email=f"s{n}@example.org", unsubscribe_url=f"https://lantern.example/u/{n}/")
        for n in range(mails)
    )
    notify.send_many("sample/outage", recipients=people, cause=f"update:{turn}", context={"what": "Portal"})


def deliver() -> None:
    from portal_core import notify
    from portal_core.notify import queries

    notify.deliver_due()
    left = queries.delivery_counts()
    if left["waiting"] + left["sending"]:
        raise SystemExit(f"not everything was sent: {left}")


def sealed(turn: int, mails: int) -> float:
    """As statuspage.actions.reaching does it: open the cipher, sign the link."""
    from django.core import signing

    from portal_core import notify
    from statuspage.rules.addresses import Vault

    if "sample/" not in notify.hooks._resolvers:
        vault = Vault(["bench"])
        book = {f"s:{n}": vault.seal(f"s{n}@example.org") for n in range(mails)}

        def resolver(keys: frozenset[str]) -> dict[str, notify.Reached]:
            signer = signing.Signer(salt="bench")
            return {
                key: notify.Reached(
                    address=vault.open(book[key]), unsubscribe_url=f"https://lantern.example/u/{signer.sign(key[2:])}/"
                )
                for key in keys
            }

        notify.hooks.resolve_addresses("sample/", resolver)
    people = (notify.Recipient(key=f"s:{n}", resolve=True, unsubscribe_url="https://x.example/") for n in range(mails))
    notify.send_many("sample/outage", recipients=people, cause=f"sealed:{turn}", context={"what": "Portal"})
    return timed(mails, deliver)


def letter() -> tuple[str, str, str]:
    from portal_core.notify.models import Message

    message = Message.objects.latest("id")
    return message.subject, message.text, message.html


def raw(port: int, mails: int) -> None:
    """What the same bytes cost with nothing around them."""
    from django.conf import settings
    from django.utils import timezone

    from portal_core.notify.transports.base import Letter, Parcel
    from portal_core.notify.transports.mime import mould

    subject, text, html = letter()
    words = Letter(id=1, template="t", subject=subject, text=text, html=html, created_at=timezone.now())
    parcel = Parcel(1, "0" * 20, "RECIPIENT@example.org", "https://lantern.example/u/1/", words)
    data = mould(words, settings.MAIL_FROM).fill(parcel)[1].removesuffix(b".\r\n")
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as connection:
        for n in range(mails):
            address = f"s{n}@example.org"
            connection.sendmail("a@b.example", [address], data.replace(b"RECIPIENT@example.org", address.encode()))


def through_django(port: int, mails: int) -> None:
    from django.core.mail import EmailMultiAlternatives, get_connection

    subject, text, html = letter()
    backend = "django.core.mail.backends.smtp.EmailBackend"
    connection = get_connection(backend, host="127.0.0.1", port=port)
    messages = []
    for n in range(mails):
        message = EmailMultiAlternatives(subject, text, "a@b.example", [f"s{n}@example.org"])
        message.attach_alternative(html, "text/html")
        messages.append(message)
    connection.send_messages(messages)


if __name__ == "__main__":
    main()
