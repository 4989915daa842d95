"""ICE servers for one call (the TURN REST convention that coturn's `use-auth-secret` checks)."""

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

LIFETIME = dt.timedelta(hours=6)  # longer than any session: a running allocation is not renewed with a new password


def ice_servers(*, urls: Sequence[str], secret: str, now: dt.datetime, nonce: str) -> list[dict[str, Any]]:
    """The `iceServers` of an RTCPeerConnection; empty when no relay is configured (host candidates only).

    `nonce` is random per call: the user name stands in the relay's log and must not point to a person.
    """
    if not urls or not secret:
        return []
    username = f"{int((now + LIFETIME).timestamp())}:{nonce}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return [{"urls": list(urls), "username": username, "credential": base64.b64encode(digest).decode()}]
