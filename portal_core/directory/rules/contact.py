"""How contact data is written for people to read."""

import hashlib
import json
import re
from typing import Any

CONTACT_FIELDS = ("preferred_name", "birth_date", "email", "phone", "street", "city", "state", "zip", "language")


def contact_digest(row: Any) -> str:
    """A short mark of somebody's contact data: another one as soon as anything of it changed."""
    values = [str(getattr(row, name) or "") for name in CONTACT_FIELDS]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:24]


def sendable_phone(phone: str) -> str:
    """A number as a text message wants it, "+12175550101"; empty for one that is none. A number without a country is
    North American."""
    digits = "".join(letter for letter in phone if letter.isdigit())
    if not phone.strip().startswith("+"):
        digits = digits if len(digits) == 11 and digits.startswith("1") else f"1{digits}" if len(digits) == 10 else ""
    return f"+{digits}" if 6 <= len(digits) <= 15 and not digits.startswith("0") else ""


def shown_phone(phone: str) -> str:
    """(217) 555-0101 for a North American number; anything else as it stands on file."""
    digits = re.fullmatch(r"(?:\+?1)?[ .-]?\(?(\d{3})\)?[ .-]?(\d{3})[ .-]?(\d{4})", phone.strip())
    return "({}) {}-{}".format(*digits.groups()) if digits else phone
