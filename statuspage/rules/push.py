"""An update as a browser notification: small, because push services carry 4 KB at most and phones show two lines."""

from typing import Any

from statuspage.contracts import Announcement

TITLE, BODY = 120, 240  # characters
TTL = 2 * 3600  # seconds a push service keeps it for a browser that is off; older news are not worth a ring


def message(said: Announcement) -> dict[str, Any]:
    """What the service worker gets: title, body, url, tag, lang. `topic` and `ttl` are read by the transport.

    Topic and tag are the incident's id: newer news of one incident replace older ones, unsent or on the screen.
    """
    return {
        "title": _shortened(f"{said.label}: {said.name}", TITLE),
        "body": _shortened(" ".join(said.body.split()), BODY),
        "url": said.url,
        "tag": said.incident_id,
        "lang": said.language,
        "topic": said.incident_id,
        "ttl": TTL,
    }


def _shortened(words: str, limit: int) -> str:
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
