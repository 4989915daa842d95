"""Signatures of webhooks in the form of Standard Webhooks, which receivers' libraries read: out and in.

Signed is `id.timestamp.body` with HMAC-SHA256; a secret is `whsec_` and base64. Our own fifteen lines, because what
comes in is hostile: nothing about a header may raise anything but BadSignature, and bodies stay bytes.
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

TOLERANCE = dt.timedelta(minutes=5)
MAX_HEADER = 1000  # characters


class BadSignature(Exception):
    """The message is not from whom it says, or not from now."""


class BadSecret(Exception):
    """The secret cannot be used: empty, or no base64."""


def new_secret() -> str:
    """32 random bytes in the form of Standard Webhooks, which receivers' libraries read."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def headers(secret: str, *, message_id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """The three headers of one message. Several secrets, separated by spaces, sign one beside the other, so that a
    receiver can change its own in peace. Raises BadSecret."""
    stamp = str(int(at.timestamp()))
    signed = [_digest(_key(one), message_id, stamp, body) for one in secret.split() or [""]]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join("v1," + base64.b64encode(one).decode() for one in signed),
    }


def verify(secrets: Iterable[str], *, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> str:
    """The id of a message signed with one of these secrets within five minutes of `now`. Raises BadSignature.

    Whoever acts on a message also remembers its id for as long: within the tolerance a copy verifies as well.
    """
    message_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not message_id or len(message_id) > MAX_HEADER or len(signatures) > MAX_HEADER:
        raise BadSignature
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise BadSignature
    if abs(int(stamp) - now.timestamp()) > TOLERANCE.total_seconds():
        raise BadSignature
    given = [found for entry in signatures.split(" ") if (found := _signature(entry)) is not None]
    for secret in secrets:
        right = _digest(_key(secret), message_id, stamp, body)
        if any(hmac.compare_digest(right, one) for one in given):
            return message_id
    raise BadSignature


def _signature(entry: str) -> bytes | None:
    version, _, text = entry.partition(",")
    try:
        return base64.b64decode(text, validate=True) if version == "v1" else None
    except (binascii.Error, ValueError):
        return None


def _key(secret: str) -> bytes:
    text = secret.strip().removeprefix("whsec_").rstrip("=")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret from None
    if not key:
        raise BadSecret
    return key


def _digest(key: bytes, message_id: str, stamp: str, body: bytes) -> bytes:
    signed = message_id.encode("utf-8", "surrogateescape") + b"." + stamp.encode() + b"." + body
    return hmac.new(key, signed, hashlib.sha256).digest()
