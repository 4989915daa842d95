"""What crosses the border of notify."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person to be told.

    `key` says who it is, opaque and stable ("patient:3f…"): one delivery per (cause, key, channel). `email` is a bare
    address, `phone` is E.164. With `resolve` both stay empty: the app is asked right before sending
    (`hooks.resolve_addresses`), so that no address stands in the ledger. `language` is a code of settings.LANGUAGES,
    empty for the default. With `unsubscribe_url` (https, answers a POST, RFC 8058) an e-mail carries List-Unsubscribe.
    """

    key: str
    email: str = ""
    phone: str = ""
    language: str = ""
    unsubscribe_url: str = ""
    resolve: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where a recipient is reached, told right before sending (`hooks.resolve_addresses`).

    `address` is what the channel needs: a bare e-mail address, E.164, an https address, or a push subscription as JSON.
    """

    address: str = field(repr=False)
    secret: str = field(default="", repr=False)
    unsubscribe_url: str = field(default="", repr=False)
