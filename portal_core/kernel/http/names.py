"""Looking up names that strangers gave us, for no longer than we want to wait.

The system's own `getaddrinfo` has no time-out and cannot be interrupted: a name whose servers never answer holds its
thread for as long as the system likes, and a few such names hold them all. So the question is asked here, over the name
servers of `/etc/resolv.conf`, with a deadline of ours. Only the name server speaks: no hosts file and no search list,
since no address that either adds may be posted to anyway.
"""

import itertools
import time
from collections.abc import Sequence

import dns.name
import dns.resolver
from dns.exception import DNSException

PATIENCE = 4.0  # seconds for both questions, IPv4 and IPv6, retries included
SECOND = 1.0  # seconds for the IPv6 question once there is an answer to the other
FAMILIES = ("A", "AAAA")


class Unknown(Exception):
    """There is no such name, or nobody told us in time."""


class Names:
    """Asks the name servers of this machine, or `servers` at `port`. May be shared between threads."""

    def __init__(self, *, servers: Sequence[str] = (), port: int = 53) -> None:
        self.servers, self.port = servers, port
        self._resolver: dns.resolver.Resolver | None = None

    def addresses(self, host: str, patience: float = PATIENCE) -> list[str]:
        """The addresses of a name, IPv4 and IPv6 in turns, within `patience` seconds (`PATIENCE` at most).

        Raises Unknown. `localhost` is this machine, whatever a name server says (RFC 6761).
        """
        if host == "localhost":
            return ["127.0.0.1"]
        until = time.monotonic() + min(patience, PATIENCE)
        found: list[list[str]] = []
        for family in FAMILIES:
            left = until - time.monotonic()
            try:
                found.append(self._ask(host, family, min(left, SECOND) if any(found) else left))
            except (DNSException, OSError, UnicodeError):
                # Without the one an answer to the other does, and whoever did not answer once is not asked again.
                break
        addresses = [address for pair in itertools.zip_longest(*found) for address in pair if address]
        if not addresses:
            raise Unknown
        return addresses

    def _ask(self, host: str, family: str, seconds: float) -> list[str]:
        if seconds <= 0:
            raise TimeoutError
        if self._resolver is None:
            self._resolver = self._configured()
        name = dns.name.from_text(host)  # absolute
        answer = self._resolver.resolve(name, family, lifetime=seconds, raise_on_no_answer=False, search=False)
        return [record.to_text() for record in answer.rrset or ()]

    def _configured(self) -> dns.resolver.Resolver:
        if not self.servers:
            return dns.resolver.Resolver()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = list(self.servers), self.port
        return resolver
