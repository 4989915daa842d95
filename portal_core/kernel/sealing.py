"""Small secrets at rest: sealed with a key made from the installation's secret, per purpose.

The newest of SECRET_KEY and SECRET_KEY_FALLBACKS seals, all of them open.
"""

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(ValueError):
    """Sealed with a key we do not have."""


def seal(text: str, *, purpose: str) -> str:
    return _box(purpose, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Raises Unreadable."""
    try:
        box = _box(purpose, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        return box.decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


def tag(text: str, *, purpose: str) -> str:
    """A keyed digest (HMAC-SHA256, hex): only who holds the installation's secret can make one."""
    return _tag(text, settings.SECRET_KEY, purpose)


def is_tag_of(text: str, given: str, *, purpose: str) -> bool:
    """Whether we made that tag, with today's secret or an earlier one."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(hmac.compare_digest(_tag(text, secret, purpose), given) for secret in secrets)


def _tag(text: str, secret: str, purpose: str) -> str:
    return hmac.new(_key(secret, purpose), text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=16)
def _box(purpose: str, *secrets: str) -> MultiFernet:
    return MultiFernet([Fernet(_key(secret, purpose)) for secret in secrets])


@lru_cache(maxsize=16)
def _key(secret: str, purpose: str) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"kernel.sealing.v1." + purpose.encode())
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
