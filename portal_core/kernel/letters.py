"""Text as people type it who do not have the letters on their keyboard."""

import unicodedata
from typing import Final

# What Unicode does not take apart.
_PLAIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h", "ı": "i"}
)


def fold(text: str) -> str:
    """Small letters without accents: `Núñez` is `nunez`, `Østergård` is `ostergard`, `Weiß` is `weiss`."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return "".join(char for char in apart if not unicodedata.combining(char))
