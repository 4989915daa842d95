"""Opaque public identifiers. Integer keys never leave the house; what stands in a URL is one of these."""

import secrets
from typing import Any

from django.db import models

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u, so it can be read aloud
LENGTH = 20  # 100 bits
SHORT_LENGTH = 12  # 60 bits, the length the Statuspage v2 API uses for its ids


def new_public_id() -> str:
    """Return 20 characters of lower-case base 32, 100 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def new_short_id() -> str:
    """Return 12 characters of lower-case base 32, 60 random bits: for objects that are public anyway."""
    return "".join(secrets.choice(ALPHABET) for _ in range(SHORT_LENGTH))


class PublicIdField(models.CharField):  # type: ignore[type-arg]
    """A unique, unguessable, never edited identifier."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LENGTH)
        kwargs.setdefault("default", new_public_id)
        kwargs.setdefault("unique", True)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)
