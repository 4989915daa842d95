"""An update as Slack shows it: a headline, and beside a coloured bar what happened (Block Kit)."""

import datetime as dt
import re
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from statuspage.contracts import Announcement
from statuspage.enums import OVER, Impact

UNSUBSCRIBE = "{unsubscribe}"  # the transport puts each recipient's own link here
BODY = 2800  # characters; Slack refuses a section beyond 3,000
_HALF_ESCAPE = re.compile(r"&[a-z]*$")

OVER_COLOUR = "#2f7d4f"
COLOURS: dict[str, str] = {
    Impact.NONE: "#66707a",
    Impact.MAINTENANCE: "#2f6fb0",
    Impact.MINOR: "#c9a227",
    Impact.MAJOR: "#d9730d",
    Impact.CRITICAL: "#b3261e",
}


def message(said: Announcement) -> dict[str, Any]:
    """The body of a post to a Slack incoming webhook. Times are shown in each reader's own zone."""
    with translation.override(said.language):
        headline = f"{said.name} – {said.label}"
        blocks = [
            _section(f"*<{said.url}|{_text(headline)}>*"),
            _section(_shortened(_text(said.body))),
            *([{"type": "section", "fields": fields}] if (fields := _fields(said)) else []),
            *([_section(_list(_("What works meanwhile"), said.alternatives))] if said.alternatives else []),
            {"type": "context", "elements": [_markdown(" · ".join(_links(said)))]},
        ]
    colour = OVER_COLOUR if said.status in OVER else COLOURS.get(said.impact, COLOURS[Impact.NONE])
    return {
        "text": f"{_text(said.page_name)}: {_text(headline)}",
        "attachments": [{"color": colour, "fallback": headline, "blocks": [block for block in blocks if block]}],
    }


def _fields(said: Announcement) -> list[dict[str, str]]:
    rows = []
    if said.components:
        rows.append((_("Affected"), _text(", ".join(said.components))[:1900]))
    if said.starts is not None:
        rows.append((_("Begins"), _moment(said.starts)))
    if said.ends is not None:
        rows.append((_("Ends"), _moment(said.ends)))
    if said.next_update is not None:
        rows.append((_("Next update by"), _moment(said.next_update)))
    return [_markdown(f"*{_text(name)}*\n{value}") for name, value in rows]


def _links(said: Announcement) -> list[str]:
    return [
        _moment(said.when),
        f"<{said.page_url}|{_text(said.page_name)}>",
        f"<{UNSUBSCRIBE}|{_('Stop these posts')}>",
    ]


def _list(title: str, lines: tuple[str, ...]) -> str:
    return "\n".join([f"*{_text(title)}*", *(f"• {_text(line)}" for line in lines)])[:2900]


def _moment(moment: dt.datetime) -> str:
    fallback = moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def _section(text: str) -> dict[str, Any]:
    """Nothing where there is nothing to say: Slack refuses an empty section."""
    return {"type": "section", "text": _markdown(text)} if text.strip() else {}


def _markdown(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def _text(words: str) -> str:
    """Slack's three control characters, so that no text becomes a link or calls everybody (`<!channel>`)."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _shortened(escaped: str) -> str:
    """At most BODY characters of escaped text; an escape that would be cut in two goes as a whole."""
    return escaped if len(escaped) <= BODY else _HALF_ESCAPE.sub("", escaped[:BODY]).rstrip() + "…"
