"""The arithmetic of the second step: RFC 6238 codes, recovery codes, what is shown of an address and a browser."""

import datetime as dt
import hashlib
import ipaddress
import re
import secrets

import pyotp

STEP_SECONDS = 30
RECOVERY_CODES = 10
ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # read from paper: nothing that looks like something else
BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


def new_secret() -> str:
    """160 random bits in base 32, as authenticator apps expect them."""
    return pyotp.random_base32()


def address(secret: str, *, account: str, issuer: str) -> str:
    """The otpauth:// address behind the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def matching_step(secret: str, code: str, at: dt.datetime, *, after: int) -> int | None:
    """The 30-second step this code belongs to: now, or one before or after; never a step up to `after` (a replay)."""
    totp = pyotp.TOTP(secret)
    now = int(at.timestamp()) // STEP_SECONDS
    found = None
    for step in (now, now - 1, now + 1):
        # Every candidate is compared, so that the time tells nothing.
        if secrets.compare_digest(totp.generate_otp(step).encode(), code.encode()) and step > after:
            found = step if found is None else found
    return found


def tidy(code: str) -> str:
    """What somebody typed, without spaces and dashes, in lower case."""
    return re.sub(r"[\s-]", "", code).lower()


def new_recovery_code() -> str:
    """50 bits as `abcde-fghjk`."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(10))
    return f"{code[:5]}-{code[5:]}"


def recovery_hash(user_id: str, code: str) -> str:
    """Codes are random, so a plain hash is enough; the user's id keeps equal codes of two people apart."""
    return hashlib.sha256(f"{user_id}:{tidy(code)}".encode()).hexdigest()


def shown_address(raw: str) -> str:
    """Enough to recognise one's own network, not enough to follow somebody: 203.0.113.x, 2001:db8:1:…"""
    try:
        parsed = ipaddress.ip_address(raw)
    except ValueError:
        return ""
    if parsed.version == 4:
        return raw.rpartition(".")[0] + ".x"
    return ":".join(parsed.exploded.split(":")[:3]) + ":…"


def shown_agent(raw: str) -> str:
    """`Chrome on Windows`; empty parts are left out."""
    browser = next((name for mark, name in BROWSERS if mark in raw), "")
    system = next((name for mark, name in SYSTEMS if mark in raw), "")
    return " on ".join(part for part in (browser, system) if part) or "Unknown browser"
