"""The beginning of what another system answered, for whoever keeps its address: short, plain, without secrets."""

import re
from collections.abc import Iterable
from typing import Final

LENGTH: Final = 200  # characters
READ: Final = 2000  # bytes looked at
REMOVED: Final = "[removed]"

# What opens something wherever it stands: our own secrets, tokens with their word before them, long runs without a gap.
_SECRET = re.compile(
    r"whsec_[A-Za-z0-9+/=_-]+"
    r"|\b(?:bearer|basic|token|secret|password|api[_-]?key|authorization|signature|cookie)\b[\"']?\s*[:=]?\s*"
    r"(?:bearer\s+|basic\s+)?[\"']?[^\s\"',;<>&]{4,}"
    r"|[A-Za-z0-9+/_=-]{24,}",
    re.IGNORECASE,
)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\uffef]+")


def excerpt(body: bytes, *, secrets: Iterable[str] = ()) -> str:
    """At most LENGTH characters on one line; `secrets` and what looks like one are taken out before it is cut."""
    text = body[:READ].decode("utf-8", "replace")
    for secret in sorted((one for one in secrets if len(one) >= 4), key=len, reverse=True):
        text = text.replace(secret, REMOVED)
    text = " ".join(_UNPRINTABLE.sub(" ", _SECRET.sub(REMOVED, text)).split())
    return text if len(text) <= LENGTH else f"{text[: LENGTH - 1]}\N{HORIZONTAL ELLIPSIS}"
