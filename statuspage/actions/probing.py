"""Asking the other ways whether they work, all at once and outside of any transaction."""

import http.client
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings

from portal_core.kernel import clock
from portal_core.kernel.http.outbound import NotSent, OutboundClient
from statuspage.actions import entry_points
from statuspage.models import EntryPoint

logger = logging.getLogger(__name__)

AT_ONCE = 8
SECONDS = 5.0
AGENT = {"User-Agent": "Lantern status check", "Accept": "*/*"}


def run() -> int:
    """Ask every way that has an address to ask; return how many changed their health."""
    rows = list(EntryPoint.objects.exclude(check_url="").values_list("pk", "check_url"))
    if not rows:
        return 0
    client = OutboundClient()
    try:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="probe") as pool:
            answers = list(pool.map(partial(_works, client), [address for _pk, address in rows]))
    finally:
        client.close()
    told = {pk: (address, ok) for (pk, address), ok in zip(rows, answers, strict=True)}
    return entry_points.note_answers(told, at=clock.now())


def _works(client: OutboundClient, address: str) -> bool:
    """Anything below 400 is an answer: a sign-in page that sends elsewhere works."""
    ask: Callable[[], int] = partial(_own, address) if address.startswith("/") else partial(_outside, client, address)
    try:
        return ask() < 400
    except (OSError, http.client.HTTPException, NotSent):
        return False


def _own(path: str) -> int:
    """A page of this site, at the address people type. Redirects are an answer and not followed."""
    site = urlsplit(settings.PUBLIC_URL)
    kind = http.client.HTTPSConnection if site.scheme == "https" else http.client.HTTPConnection
    connection = kind(site.hostname or "", site.port, timeout=SECONDS)
    try:
        connection.request("GET", site.path.rstrip("/") + path, headers=AGENT)
        return connection.getresponse().status
    finally:
        connection.close()


def _outside(client: OutboundClient, address: str) -> int:
    """Somebody else's address, asked the way strangers' addresses are: never inside, no redirects."""
    return client.get(address, AGENT).status
