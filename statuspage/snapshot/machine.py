"""What programs read of a `View`: the API documents, the feeds and the calendars. Always in English: their readers
know the words."""

import json

from django.utils import translation

from statuspage.rules import api_v2, calendar, feeds, openapi
from statuspage.rules.derive import View

JSON = "application/json; charset=utf-8"
ATOM, RSS = "application/atom+xml; charset=utf-8", "application/rss+xml; charset=utf-8"
JSON_FEED, ICS = "application/feed+json; charset=utf-8", "text/calendar; charset=utf-8"


def files(view: View) -> dict[str, tuple[bytes, str]]:
    """Path → (bytes, content type)."""
    with translation.override("en"):
        return {
            **{path: (_json(body), JSON) for path, body in api_v2.documents(view).items()},
            "api/v2/openapi.json": (_json(openapi.document(view.facts.page.url)), JSON),
            "history.atom": (feeds.atom(view), ATOM),
            "history.rss": (feeds.rss(view), RSS),
            "history.json": (_json(feeds.json_feed(view)), JSON_FEED),
            **{path: (body, ICS) for path, body in calendar.files(view).items()},
        }


def _json(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
