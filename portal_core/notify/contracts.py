"""What crosses the border of notify."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person to be told.

    `key` says who it is, opaque and stable ("patient:3f…"): one delivery per (cause, key, channel). `email` is a bare
    address, `phone` is E.164. `language` is a code of settings.LANGUAGES, empty for the default. With
    `unsubscribe_url` (https, answers a POST, RFC 8058) an e-mail carries List-Unsubscribe.
    """

    key: str
    email: str = ""
    phone: str = ""
    language: str = ""
    unsubscribe_url: str = ""
