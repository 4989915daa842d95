"""Browser notifications: RFC 8030 (the post), RFC 8291 (its encryption), RFC 8292 (VAPID, who we are).

The forty lines of encryption are our own over `cryptography`'s primitives, checked against the vector of RFC 8291; the
usual package brings an asynchronous HTTP client of its own, which would post past `kernel.http.outbound`.
"""

import base64
import binascii
import json
import os
import re
import threading
import time
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from portal_core.kernel.http.outbound import NotSent, OutboundClient, Target, target
from portal_core.notify.transports.base import Parcel, TransportDown, TransportError
from portal_core.notify.transports.posting import Post, PostingTransport, payload_of

RECORD = 4096  # bytes: the size every push service takes
MAX_TEXT = RECORD - 86 - 1 - 16 - 200  # less header, delimiter, tag and some room
TTL = 2 * 3600  # seconds, where the payload names none
TOKEN_LIFE = 12 * 3600  # seconds; services refuse more than a day
TOKEN_REUSED = TOKEN_LIFE // 2
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a browser gives us: where to post, its public key, and a secret both sides know."""

    endpoint: str
    public_key: ec.EllipticCurvePublicKey
    auth: bytes
    where: Target


def read_subscription(text: str) -> Subscription:
    """From the JSON of the browser's PushSubscription. Raises ValueError for anything else, NotSent for a bad
    endpoint; forms may call it."""
    try:
        found: Any = json.loads(text)
        endpoint, keys = found["endpoint"], found["keys"]
        point, auth = _unbase64(keys["p256dh"]), _unbase64(keys["auth"])
    except (KeyError, TypeError, AttributeError, RecursionError, UnicodeError):
        raise ValueError("not a push subscription") from None
    if not isinstance(endpoint, str) or len(auth) != 16 or len(point) != 65:
        raise ValueError("not a push subscription")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    return Subscription(endpoint, key, auth, target(endpoint))


class PushTransport(PostingTransport):
    """One post per browser to the service of its maker; needs VAPID_PRIVATE_KEY."""

    channel = "push"
    per_host = 8

    def __init__(self, client: OutboundClient | None = None) -> None:
        try:
            vapid_key()
        except ValueError:
            raise TransportDown("vapid_key") from None
        super().__init__(client)
        self.tokens: dict[str, tuple[float, str]] = {}
        self.lock = threading.Lock()

    def post_for(self, parcel: Parcel) -> Post:
        try:
            browser = read_subscription(parcel.address)
        except NotSent as refused:
            raise TransportError(refused.code, permanent=True) from None
        except ValueError:
            raise TransportError("bad_subscription", permanent=True) from None
        payload = payload_of(parcel, self.channel)
        ttl, topic = payload.pop("ttl", TTL), str(payload.pop("topic", ""))
        if parcel.unsubscribe_url:
            payload["manage"] = parcel.unsubscribe_url
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        if len(text) > MAX_TEXT:
            raise TransportError("too_long", permanent=True)

        def headers() -> dict[str, str]:
            said = {
                "Content-Type": "application/octet-stream",
                "Content-Encoding": "aes128gcm",
                "TTL": str(int(ttl)),
                "Urgency": "high",
                "Authorization": self._token(browser.where.origin),
            }
            if _TOPIC.fullmatch(topic):
                said["Topic"] = topic  # a newer one replaces it while the browser is away
            return said

        body = encrypt(text, browser.public_key, browser.auth)
        return Post(parcel, browser.where.host, browser.endpoint, body, headers)

    def _token(self, origin: str) -> str:
        """One signature per service and half a day, not per browser."""
        with self.lock:
            made, token = self.tokens.get(origin, (0.0, ""))
            if not token or time.monotonic() - made > TOKEN_REUSED:
                token = authorization(vapid_key(), origin, subject(), int(time.time()) + TOKEN_LIFE)
                self.tokens[origin] = (time.monotonic(), token)
            return token


# --- VAPID: who we are (RFC 8292) ---------------------------------------------------------------
def public_key() -> str:
    """Our public key as browsers take it (`applicationServerKey`); "" when browser notifications are not set up."""
    return _base64(_point(vapid_key().public_key())) if settings.VAPID_PRIVATE_KEY else ""


def vapid_key() -> ec.EllipticCurvePrivateKey:
    """Raises ValueError for a setting that is no key."""
    return _private_key(settings.VAPID_PRIVATE_KEY)


@lru_cache(maxsize=2)
def _private_key(text: str) -> ec.EllipticCurvePrivateKey:
    raw = _unbase64(text)
    if len(raw) != 32:
        raise ValueError("VAPID_PRIVATE_KEY is 32 bytes in base64url; manage.py make_vapid_key makes one")
    return ec.derive_private_key(int.from_bytes(raw), ec.SECP256R1())


def new_private_key() -> str:
    """A fresh value for VAPID_PRIVATE_KEY."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _base64(key.private_numbers().private_value.to_bytes(32))


def subject() -> str:
    return settings.VAPID_SUBJECT or f"mailto:{parseaddr(settings.MAIL_FROM)[1]}"


def authorization(key: ec.EllipticCurvePrivateKey, origin: str, subject: str, expires: int) -> str:
    """The Authorization header for one push service; `expires` in seconds since 1970."""
    claims = {"aud": origin, "exp": expires, "sub": subject}
    parts = ({"typ": "JWT", "alg": "ES256"}, claims)
    signed = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{signed}.{_base64(r.to_bytes(32) + s.to_bytes(32))}"
    return f"vapid t={token},k={_base64(_point(key.public_key()))}"


# --- encryption (RFC 8291 over RFC 8188) ----------------------------------------------------------
def encrypt(
    text: bytes,
    browser: ec.EllipticCurvePublicKey,
    auth: bytes,
    *,
    key: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """One record that only this browser can read. `key` and `salt` are fresh each time; only tests give them."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(16)
    ours, theirs = _point(key.public_key()), _point(browser)
    shared = key.exchange(ec.ECDH(), browser)
    secret = _hkdf(auth, shared, b"WebPush: info\x00" + theirs + ours, 32)
    content_key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\x00", 12)
    sealed = AESGCM(content_key).encrypt(nonce, text + b"\x02", None)  # 2: the last record
    return salt + RECORD.to_bytes(4) + bytes([len(ours)]) + ours + sealed


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not base64url") from None
