"""Asking our own parts whether they work, the way people reach them. One function per part; it returns or raises."""

import http.client
import os
import secrets
import socket
import struct
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from portal_core.kernel import clock
from portal_core.notify import queries as notify

SECONDS = 5.0
LATE = timedelta(minutes=15)  # a mail that waits longer than this does not go out
_MAGIC = 0x2112A442  # RFC 8489 §5


class NotWorking(Exception):
    """What is wrong, for the log."""


def page(path: str) -> None:
    """A page of this site at the address people type answers 200."""
    status = _ask(path, {})
    if status != 200:
        raise NotWorking(f"{path} answered {status}")


def signalling() -> None:
    """The server takes WebSockets (a refusal by the door is an answer), and the relay, if there is one, is there."""
    key = "".join(secrets.token_hex(1) for _ in range(4))
    status = _ask(
        f"/ws/desk/telehealth/{key}/",
        {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "bGFudGVybi1wcm9iZS0wMQ==", "Origin": settings.PUBLIC_URL,
        },
    )  # fmt: skip
    if status not in (101, 403):
        raise NotWorking(f"the signalling socket answered {status}")
    for url in settings.TURN_URLS:
        _relay(url)


def mail() -> None:
    """No mail waits for longer than a quarter of an hour for a server that takes it."""
    now = clock.now()
    held = notify.mail_held_since(now)
    if held is not None and now - held > LATE:
        raise NotWorking("mails are not going out")


def database() -> None:
    """A round trip to the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


# Component slug → probe. Those of the first table may run in threads; the others use this thread's database connection.
OUTSIDE: dict[str, Callable[[], None]] = {
    "patient-portal": partial(page, "/portal/sign-in/"),
    "provider-portal": partial(page, "/desk/sign-in/"),
    "telehealth": signalling,
}
INSIDE: dict[str, Callable[[], None]] = {"secure-message-e-mail": mail, "ehr": database}


def run() -> Mapping[str, float | None]:
    """One round: slug → milliseconds, None where it failed."""
    with ThreadPoolExecutor(len(OUTSIDE), thread_name_prefix="probe") as pool:
        outside = list(pool.map(_time, OUTSIDE.values()))
    return {**dict(zip(OUTSIDE, outside, strict=True)), **{slug: _time(probe) for slug, probe in INSIDE.items()}}


def _time(probe: Callable[[], None]) -> float | None:
    begun = time.perf_counter()
    try:
        probe()
    except (NotWorking, OSError, http.client.HTTPException, ValueError):
        return None
    return (time.perf_counter() - begun) * 1000


def _ask(path: str, headers: Mapping[str, str]) -> int:
    site = urlsplit(settings.PUBLIC_URL)
    kind = http.client.HTTPSConnection if site.scheme == "https" else http.client.HTTPConnection
    connected = kind(site.hostname or "", site.port, timeout=SECONDS)
    try:
        connected.request("GET", site.path.rstrip("/") + path, headers={"User-Agent": "Lantern probe", **headers})
        return connected.getresponse().status
    finally:
        connected.close()


def _relay(url: str) -> None:
    """A STUN binding request (RFC 8489) by UDP: a TURN server answers it without credentials."""
    address, _, query = url.partition("?")
    scheme, _, rest = address.partition(":")
    host, _, port = rest.rpartition(":") if ":" in rest else (rest, "", "3478")
    if scheme != "turn" or "transport=tcp" in query:
        socket.create_connection((host or rest, int(port)), timeout=SECONDS).close()
        return
    tag = os.urandom(12)
    family, _kind, _proto, _name, where = socket.getaddrinfo(host or rest, int(port), type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.settimeout(SECONDS / 2)
        asking.sendto(struct.pack("!HHI", 0x0001, 0, _MAGIC) + tag, where)
        answer = asking.recv(1500)
    if answer[:2] != b"\x01\x01" or answer[8:20] != tag:
        raise NotWorking("the relay answered something else")
