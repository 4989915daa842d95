"""Keeping addresses unreadable at rest and yet unique: encryption with a random nonce, and a keyed hash beside it."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# What every mail server takes without quoting; anything else would stop a whole fan-out at the sender's check.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}")


class Unreadable(ValueError):
    """The address was sealed with a key we do not have."""


def usable(address: str) -> bool:
    return _ADDRESS.fullmatch(address) is not None


class Vault:
    """`secrets` newest first: the first one seals, all of them open."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._box = MultiFernet([Fernet(base64.urlsafe_b64encode(_key(secret, b"seal"))) for secret in secrets])
        self._index_key = _key(secrets[0], b"index")

    def seal(self, address: str) -> str:
        return self._box.encrypt(address.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises Unreadable."""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Unreadable from error

    def index(self, address: str) -> str:
        """The same for the same mailbox whatever the case; useless without the key."""
        return hmac.new(self._index_key, address.strip().lower().encode(), hashlib.sha256).hexdigest()


def _key(secret: str, purpose: bytes) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"statuspage.subscriber.v1." + purpose)
    return kdf.derive(secret.encode())
