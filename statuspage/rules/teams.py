"""An update as Microsoft Teams shows it: an Adaptive Card, posted to a channel's workflow."""

import datetime as dt
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from statuspage.contracts import Announcement
from statuspage.enums import OVER, Impact

UNSUBSCRIBE = "{unsubscribe}"  # the transport puts each recipient's own link here
BODY = 5000  # characters; Teams refuses a post beyond 28 KB

# Colours of Adaptive Cards are words; the client picks the shade for light and dark.
COLOURS: dict[str, str] = {
    Impact.NONE: "Default",
    Impact.MAINTENANCE: "Accent",
    Impact.MINOR: "Warning",
    Impact.MAJOR: "Warning",
    Impact.CRITICAL: "Attention",
}


def message(said: Announcement) -> dict[str, Any]:
    """The body of a post to a Teams workflow ("when a webhook request is received"). Times in each reader's zone."""
    colour = "Good" if said.status in OVER else COLOURS.get(said.impact, "Default")
    with translation.override(said.language):
        body: list[dict[str, Any]] = [
            _block(said.page_name, size="Small", isSubtle=True),
            _block(said.name, size="Large", weight="Bolder", spacing="None", style="heading"),
            _block(said.label, color=colour, weight="Bolder", spacing="Small"),
        ]
        if said.body.strip():
            words = said.body if len(said.body) <= BODY else said.body[: BODY - 1].rstrip() + "…"
            body.append(_block(words))
        if facts := _facts(said):
            body.append({"type": "FactSet", "facts": facts})
        if said.alternatives:
            body.append(_block(_("What works meanwhile"), weight="Bolder"))
            body.extend(_block(line, spacing="None") for line in said.alternatives)
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "lang": said.language,
            "fallbackText": f"{said.page_name}: {said.name} – {said.label}",
            "body": body,
            "actions": [
                {"type": "Action.OpenUrl", "title": _("Read more"), "url": said.url},
                {"type": "Action.OpenUrl", "title": _("Stop these posts"), "url": UNSUBSCRIBE},
            ],
        }
    return {
        "type": "message",
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        ],
    }


def _facts(said: Announcement) -> list[dict[str, str]]:
    rows = [(_("Updated"), _moment(said.when))]
    if said.components:
        rows.insert(0, (_("Affected"), _text(", ".join(said.components))))
    if said.starts is not None:
        rows.append((_("Begins"), _moment(said.starts)))
    if said.ends is not None:
        rows.append((_("Ends"), _moment(said.ends)))
    if said.next_update is not None:
        rows.append((_("Next update by"), _moment(said.next_update)))
    return [{"title": title, "value": value} for title, value in rows]


def _moment(moment: dt.datetime) -> str:
    stamp = moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{{{{DATE({stamp},SHORT)}}}} {{{{TIME({stamp})}}}}"


def _block(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": _text(text), "wrap": True, **style}


def _text(words: str) -> str:
    """Cards read Markdown links: square brackets would let a text show one address and open another."""
    return words.replace("[", "\\[").replace("]", "\\]")
