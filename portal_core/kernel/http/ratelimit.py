"""Fixed-window rate limits in the cache (shared between processes when the cache is Redis)."""

import hashlib
import ipaddress
import time

from django.core.cache import cache
from django.http import HttpRequest

from portal_core.kernel.errors import TooMany


def hit(scope: str, key: str, *, limit: int, per: int) -> None:
    """Count one attempt; raise TooMany when `limit` attempts within `per` seconds are exceeded.

    `key` is hashed, so an address never stands in the cache. An address counts as its neighbourhood. While the cache
    server is away nobody is counted.
    """
    window, left = divmod(int(time.time()), per)
    name = f"rate:{scope}:{hashlib.sha256(neighbourhood(key).encode()).hexdigest()[:24]}:{window}"
    cache.add(name, 0, timeout=per + 5)
    try:
        count = cache.incr(name)
    except ValueError:  # evicted between add and incr
        cache.set(name, 1, timeout=per + 5)
        count = 1
    if count > limit:
        raise TooMany(retry_after=per - left)


def client_address(request: HttpRequest) -> str:
    """The peer's address as the server saw it. Behind a proxy, the server adapter puts the forwarded one there."""
    return str(request.META.get("REMOTE_ADDR", ""))


def neighbourhood(address: str) -> str:
    """Whom to count an address as: an IPv4 address is itself, of IPv6 the /64 that one household or server is given
    (2^64 addresses to choose from would be no limit at all). Anything else comes back as it is."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), 64), strict=False))
