import json
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

LAYER_GROUP = "hub"


def push(group: str, message: dict[str, Any]) -> None:
    """Send `message` to every open socket that joined `group`, after the current transaction commits.

    A push is a nudge ("this changed"), never the only copy of a fact: the in-memory layer drops messages above its
    capacity, and a socket may be down at that moment. Groups and messages carry public ids only. A message has a
    "type", e.g. {"type": "ticket.changed", "id": "…"}.
    """
    text = json.dumps(message, separators=(",", ":"))
    transaction.on_commit(lambda: send_now(group, text), robust=True)


def send_now(group: str, text: str) -> None:
    """Hand one pre-serialised frame to the hub of every process."""
    layer = get_channel_layer()
    if layer is not None:
        async_to_sync(layer.group_send)(LAYER_GROUP, {"type": "hub.frame", "group": group, "text": text})
