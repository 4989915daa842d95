"""Webhooks: signed JSON to an address its owner gave us. docs/operations/webhooks.md is what receivers read."""

import hmac
import json

from portal_core.kernel import clock
from portal_core.kernel.http import signatures
from portal_core.kernel.http.outbound import Answer, NotSent, OutboundClient
from portal_core.kernel.ids import new_public_id
from portal_core.notify.transports.base import Parcel, TransportError
from portal_core.notify.transports.posting import Post, PostingTransport, body_of, host_of

JSON = {"Content-Type": "application/json"}


class WebhookTransport(PostingTransport):
    """The delivery's public id is the webhook-id: the same over all attempts, so that a receiver can drop repeats."""

    channel = "webhook"

    def post_for(self, parcel: Parcel) -> Post:
        body = body_of(parcel, self.channel)

        def headers() -> dict[str, str]:
            return JSON | _signed(parcel.secret, parcel.public_id, body)

        return Post(parcel, host_of(parcel.address), parcel.address, body, headers)


def challenge(url: str, *, secret: str, value: str, client: OutboundClient | None = None) -> str:
    """Post `value` and look for its echo. "" when the address echoed; else a code of NotSent, http_<status>, no_secret
    or no_echo.

    Sent is {"type": "challenge", "challenge": value}, signed like every message. An echo is a 2xx whose body is the
    value as plain text, or JSON with the value under "challenge".
    """
    body = json.dumps({"type": "challenge", "challenge": value}).encode()
    ours = client or OutboundClient()
    try:
        answer = ours.post(url, body, JSON | _signed(secret, new_public_id(), body))
    except (NotSent, TransportError) as failed:
        return failed.code
    finally:
        if client is None:
            ours.close()
    if not 200 <= answer.status < 300:
        return f"http_{answer.status}"
    return "" if hmac.compare_digest(_echo(answer).encode("utf-8", "replace"), value.encode()) else "no_echo"


def _echo(answer: Answer) -> str:
    text = answer.body.decode("utf-8", "replace").strip()
    if not text.startswith("{"):
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return found["challenge"] if isinstance(found.get("challenge"), str) else ""


def _signed(secret: str, message_id: str, body: bytes) -> dict[str, str]:
    try:
        return signatures.headers(secret, message_id=message_id, at=clock.now(), body=body)
    except signatures.BadSecret:
        raise TransportError("no_secret", permanent=True) from None
