"""The official Twilio SDK, on our terms: short time-outs, a base address that can be changed, errors with codes."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import requests
from django.conf import settings
from django.urls import reverse
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from portal_core.notify.transports.base import Outcome, Parcel, Transport, TransportDown, TransportError

TIMEOUT = 10  # seconds
API = "https://api.twilio.com"
TRY_AGAIN = frozenset({408, 409, 425, 429})  # of the 4xx, those that say nothing about the recipient


class ReroutedHttpClient(TwilioHttpClient):  # type: ignore[misc]
    """The SDK's own HTTP client; requests to Twilio's API go to `base` instead when it is set."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=TIMEOUT)
        self.base = base.rstrip("/") or API

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, self.base + url.removeprefix(API), *args, **kwargs)


class TwilioTransport(Transport):
    """What texts and calls share. Twilio knows no idempotency key for them: after a crash or time-out between its yes
    and our mark it is not known whether it has them. Texts are looked for before they are sent again; of calls Twilio
    does not keep the words, so one recipient may be called twice; the id in the callback address shows which."""

    @cached_property
    def client(self) -> Any:
        http = ReroutedHttpClient(settings.TWILIO_API_URL)
        return Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=http)

    def create(self, parcel: Parcel) -> str:
        """Hand one parcel to Twilio; return its sid."""
        raise NotImplementedError

    def send(self, batch: Iterable[Parcel]) -> Iterator[Outcome]:
        for parcel in batch:
            try:
                yield Outcome(parcel, provider_id=_asked(self.create, parcel))
            except TransportError as error:
                yield Outcome(parcel, error=error)

    def close(self) -> None:
        client = self.__dict__.pop("client", None)
        if client is not None:
            client.http_client.session.close()


def _asked(create: Callable[[Parcel], str], parcel: Parcel) -> str:
    try:
        return create(parcel)
    except TwilioException as error:
        status, code = int(getattr(error, "status", 0)), getattr(error, "code", None)
        name = f"twilio_{code or status}"
        if status in (401, 403):
            raise TransportDown(name) from None  # our credentials, not the recipient
        raise TransportError(name, permanent=400 <= status < 500 and status not in TRY_AGAIN) from None
    except requests.Timeout:
        raise TransportError("timeout", permanent=False) from None
    except requests.RequestException:
        raise TransportDown("twilio_unreachable") from None


def status_callback(parcel: Parcel) -> str:
    """Where Twilio reports; the public id says nothing about anybody."""
    return f"{settings.PUBLIC_URL}{reverse('notify:twilio-status')}?{urlencode({'delivery': parcel.public_id})}"
