"""Subscribing with double opt-in, choosing, leaving (SP-02). Nothing here tells whether an address is known."""

from statuspage.actions.subscribers.challenging import challenge_due, request_challenge
from statuspage.actions.subscribers.choosing import (
    ask_again,
    choose,
    choose_components,
    reveal_secret,
    rotate_secret,
    unsubscribe,
)
from statuspage.actions.subscribers.exporting import export_rows
from statuspage.actions.subscribers.importing import (
    discard_import,
    import_confirmed,
    import_due,
    import_rows,
    preview_import,
    start_import,
)
from statuspage.actions.subscribers.joining import confirm, confirm_code, request_manage_link, subscribe
from statuspage.actions.subscribers.keeping import purge_due, reseal
from statuspage.actions.subscribers.quarantine import note_failure, note_success, quarantine, reactivate, remove
from statuspage.actions.subscribers.reminding import remind

__all__ = [
    "ask_again",
    "challenge_due",
    "choose",
    "choose_components",
    "confirm",
    "confirm_code",
    "discard_import",
    "export_rows",
    "import_confirmed",
    "import_due",
    "import_rows",
    "note_failure",
    "note_success",
    "preview_import",
    "purge_due",
    "quarantine",
    "reactivate",
    "remind",
    "remove",
    "request_challenge",
    "request_manage_link",
    "reseal",
    "reveal_secret",
    "rotate_secret",
    "start_import",
    "subscribe",
    "unsubscribe",
]
