"""What every way out has in common. To add one: copy the nearest folder neighbour and `open_transport`."""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


class TransportError(Exception):
    """One delivery was not taken. `code` is kept on the row; it never holds the provider's text or the address.

    `retry_after`: seconds the other side asked us to wait. `untried`: it never left us, so no attempt is counted.
    """

    def __init__(self, code: str, *, permanent: bool, retry_after: float | None = None, untried: bool = False) -> None:
        super().__init__(code)
        self.code, self.permanent = code[:60], permanent
        self.retry_after, self.untried = retry_after, untried


class TransportDown(Exception):
    """Nothing can be sent at present (refused connection, wrong password). The rest goes back, no attempt counts."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code[:60]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is said: a rendered Message, without its row."""

    id: int
    template: str
    language: str = "en"
    subject: str = ""
    text: str = ""
    html: str = ""
    sms: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    payloads: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # channel → JSON object
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery on its way out. `public_id` is stable over all attempts: Message-ID, webhook-id."""

    id: int
    public_id: str
    address: str
    unsubscribe_url: str
    letter: Letter
    secret: str = field(default="", repr=False)  # what a webhook is signed with
    again: bool = False  # somebody had it in hand before: the other side may know it already


@dataclass(frozen=True, slots=True)
class Tried:
    """One knock at another system's door: when, how long it took, and what it said (the beginning of it, raw)."""

    at: dt.datetime
    milliseconds: int
    status: int | None = None
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a parcel: taken (perhaps under the provider's id), or refused with an error."""

    parcel: Parcel
    provider_id: str = ""
    error: TransportError | None = None
    tried: Tried | None = None  # where somebody may want to read of it


class Transport(ABC):
    """Carries parcels of one channel. Not shared between threads."""

    @abstractmethod
    def send(self, batch: Iterable[Parcel]) -> Iterator[Outcome]:
        """Yield one outcome per parcel as soon as it is known, before the next parcel is asked for.

        A transport that sends several at once may ask for more parcels first; then it ends within the part of a lease
        that is left (`delivery.RENEW_BELOW`), and lets no exception out. Raises TransportDown when nothing further can
        be sent; parcels without an outcome were not taken.
        """

    def close(self) -> None:
        """Give connections back. May be called more than once."""
        return
