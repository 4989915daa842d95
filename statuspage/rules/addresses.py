"""Addresses of every way: how they are written, how they are shown, and how they are kept unreadable at rest."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

import phonenumbers
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from statuspage.enums import Way

# What every mail server takes without quoting; anything else would stop a whole fan-out at the sender's check.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}")
_URL = re.compile(r"[\x21-\x7e]{1,500}")
_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_SLACK = re.compile(r"hooks\.slack(?:-gov)?\.com")
# Microsoft gives every organisation a name of its own below these.
_TEAMS = re.compile(
    r"outlook\.office(?:365)?\.com|[a-z0-9-]+\.webhook\.office\.com"
    r"|prod-[0-9]+\.[a-z0-9-]+\.logic\.azure\.com"
    r"|[a-z0-9-]+(?:\.[a-z0-9-]+)?\.environment\.api\.powerplatform\.com"
)
# Numbers that cost whoever calls them: a list of subscribers must not be a way to earn money.
_COSTLY = {
    phonenumbers.PhoneNumberType.PREMIUM_RATE,
    phonenumbers.PhoneNumberType.SHARED_COST,
    phonenumbers.PhoneNumberType.PERSONAL_NUMBER,
    phonenumbers.PhoneNumberType.UAN,
    phonenumbers.PhoneNumberType.PAGER,
}
_MUTE = {*_COSTLY, phonenumbers.PhoneNumberType.FIXED_LINE}
_PUSH_MAX = 2_000


class Unreadable(ValueError):
    """The address was sealed with a key we do not have."""


class Unusable(ValueError):
    """The address cannot be written to by this way. `code` says why, for a sentence beside the field."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def usable(address: str) -> bool:
    return _ADDRESS.fullmatch(address) is not None


def normalise(way: str, text: str, *, region: str = "US") -> str:
    """The one form in which this address is kept: E.164 for numbers, compact JSON for a browser. Raises Unusable.

    `region` is the country of a number that does not begin with "+". Whether an https address leads to a private
    network is asked when it is called, not here: names change where they point.
    """
    text = text.strip()
    match way:
        case Way.EMAIL:
            if not usable(text):
                raise Unusable("email")
            return text
        case Way.SMS | Way.VOICE:
            return _number(text, region, _MUTE if way == Way.SMS else _COSTLY)
        case Way.WEBHOOK:
            return _https(text).geturl()
        case Way.SLACK:
            return _https(text, host=_SLACK, path="/", code="slack").geturl()
        case Way.TEAMS:
            return _https(text, host=_TEAMS, path="/", code="teams").geturl()
        case Way.PUSH:
            return _browser(text)
    raise Unusable("way")


def _number(text: str, region: str, refused: set[int]) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise Unusable("phone") from error
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise Unusable("phone")
    if phonenumbers.number_type(number) in refused:
        raise Unusable("phone_kind")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _https(text: str, *, host: re.Pattern[str] | None = None, path: str = "", code: str = "url") -> SplitResult:
    """An https address without user, fragment or literal IP; its host exactly of the given form."""
    if not _URL.fullmatch(text) or "\\" in text:
        raise Unusable(code)
    try:
        parts = urlsplit(text)
        name, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise Unusable(code) from error
    if parts.scheme != "https" or "@" in parts.netloc or "#" in text or not _HOST.fullmatch(name):
        raise Unusable(code)
    if host is not None and (not host.fullmatch(name) or port not in (None, 443) or len(parts.path) <= len(path)):
        raise Unusable(code)
    return parts._replace(netloc=name if port in (None, 443) else f"{name}:{port}", path=parts.path or "/")


def _browser(text: str) -> str:
    """A browser's PushSubscription as JSON: where to, and the two keys its messages are encrypted for (RFC 8291)."""
    try:
        given: Any = json.loads(text) if len(text) <= _PUSH_MAX else None
        endpoint, keys = given["endpoint"], given["keys"]
        point, auth = _base64url(keys["p256dh"]), _base64url(keys["auth"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unusable("push") from error
    if not isinstance(endpoint, str) or len(point) != 65 or point[0] != 4 or len(auth) != 16:
        raise Unusable("push")
    where = _https(endpoint, code="push").geturl()
    return json.dumps(
        {"endpoint": where, "keys": {"auth": keys["auth"].rstrip("="), "p256dh": keys["p256dh"].rstrip("=")}},
        separators=(",", ":"),
    )


def _base64url(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise Unusable("push") from error


def identity(way: str, address: str) -> str:
    """What makes a normalised address the same as another: of a browser's subscription only where it is."""
    return str(json.loads(address)["endpoint"]) if way == Way.PUSH else address


def is_exact(way: str) -> bool:
    """Whether upper and lower case differ: in the path of an https address they do, in a mailbox they do not."""
    return way not in (Way.EMAIL, Way.SMS, Way.VOICE)


def masked(way: str, address: str) -> str:
    """Enough to recognise one's own, too little to use: `a•••@e•••.test`, `+1 ••• 1234`, the host of a URL."""
    match way:
        case Way.EMAIL:
            name, _, domain = address.partition("@")
            first, dot, rest = domain.rpartition(".")
            return f"{name[:1]}•••@{first[:1]}•••{dot}{rest}"
        case Way.SMS | Way.VOICE:
            return f"{address[:2]} ••• {address[-4:]}"
        case _:
            return f"{urlsplit(identity(way, address)).hostname}/•••"


class Vault:
    """`secrets` newest first: the first one seals, all of them open and find."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._box = MultiFernet([Fernet(base64.urlsafe_b64encode(_key(secret, b"seal"))) for secret in secrets])
        self._index_keys = [_key(secret, b"index") for secret in secrets]

    def seal(self, address: str) -> str:
        return self._box.encrypt(address.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises Unreadable."""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Unreadable from error

    def index(self, address: str, *, exact: bool = False) -> str:
        """The same for the same address, whatever the case unless `exact`; useless without the key."""
        return self.indexes(address, exact=exact)[0]

    def indexes(self, address: str, *, exact: bool = False) -> tuple[str, ...]:
        """The index under each key, the newest first: rows of an earlier key are found until they are sealed anew."""
        text = address.strip() if exact else address.strip().lower()
        return tuple(hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in self._index_keys)


def _key(secret: str, purpose: bytes) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"statuspage.subscriber.v1." + purpose)
    return kdf.derive(secret.encode())
