from collections.abc import Iterable, Iterator

from portal_core.notify.transports.base import Outcome, Parcel, Transport, TransportDown


class NoWayOut(Transport):
    """A channel without a server or provider, outside the demo: nothing leaves, so nothing is marked as sent. It waits
    until there is one, or until it is too late for it."""

    def send(self, batch: Iterable[Parcel]) -> Iterator[Outcome]:
        for _parcel in batch:
            raise TransportDown("not_set_up")
        yield from ()
