"""How contact data is written for people to read."""

import re


def shown_phone(phone: str) -> str:
    """(217) 555-0101 for a North American number; anything else as it stands on file."""
    digits = re.fullmatch(r"(?:\+?1)?[ .-]?\(?(\d{3})\)?[ .-]?(\d{3})[ .-]?(\d{4})", phone.strip())
    return "({}) {}-{}".format(*digits.groups()) if digits else phone
