"""Short notes about a subscription itself, as Slack, Teams and browsers show them (pure)."""

from typing import Any

from django.utils.translation import gettext as _


def note(channel: str, what: str, *, page_name: str, link: str) -> dict[str, Any]:
    """The body of a post in the present language. `what` is "confirm" or "known"; `link` leads to the page for it."""
    if what == "confirm":
        text, press = _("Somebody asked us to post updates from %(page)s here."), _("Confirm")
    else:
        text, press = _("Updates from %(page)s are posted here."), _("Choose or stop")
    text %= {"page": page_name}
    match channel:
        case "slack":
            shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            return {"text": f"{shown} <{link}|{press}>"}
        case "teams":
            card = {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
                "version": "1.4", "body": [{"type": "TextBlock", "text": text, "wrap": True}],
                "actions": [{"type": "Action.OpenUrl", "title": press, "url": link}],
            }  # fmt: skip
            attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
            return {"type": "message", "attachments": [attachment]}
        case _:
            return {"title": page_name, "body": f"{text} {press}", "url": link, "tag": f"subscription-{what}"}
