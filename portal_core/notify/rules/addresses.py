"""Which addresses something can be sent to at all."""

import re

# Deliberately loose about the local part, strict about everything that could break out of a header or an SMTP line.
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,253}")
_PHONE = re.compile(r"\+[1-9][0-9]{5,14}")


def can_be_mailed(address: str) -> bool:
    return _EMAIL.fullmatch(address) is not None


def can_be_called(number: str) -> bool:
    """E.164; texts go to the same numbers."""
    return _PHONE.fullmatch(number) is not None
