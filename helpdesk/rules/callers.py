"""What the phone network says about who calls. It proves nothing; it is there to be called back."""

import re

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# What Twilio sends for a caller without a number: the words ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE typed
# on the keys of a phone.
WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})


def callers_number(text: str) -> str:
    """The number of a caller in E.164; "" where it is withheld or is none ("anonymous", a SIP address)."""
    number = text.strip()
    return number if E164.fullmatch(number) and number not in WITHHELD else ""
