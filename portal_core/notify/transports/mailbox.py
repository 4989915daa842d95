from collections.abc import Iterable, Iterator

from portal_core.notify.transports.base import Outcome, Parcel, Transport


class MailboxTransport(Transport):
    """Sends nothing: what would have left stays readable under /mailbox/. For development and the demo."""

    def send(self, batch: Iterable[Parcel]) -> Iterator[Outcome]:
        for parcel in batch:
            yield Outcome(parcel, provider_id="mailbox")
