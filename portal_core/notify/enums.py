from enum import nonmember

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")
    VOICE = "voice", _("Phone call")
    WEBHOOK = "webhook", _("Webhook")
    SLACK = "slack", _("Slack")
    TEAMS = "teams", _("Microsoft Teams")
    PUSH = "push", _("Browser notification")

    posted = nonmember(("webhook", "slack", "teams", "push"))  # what they say stands in Message.payloads


class Urgency(models.IntegerChoices):
    """What goes first when both wait: a password reset does not stand behind 50,000 incident mails."""

    PERSONAL = 0, _("Personal")
    BULK = 1, _("To many")


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Refused")
    DEAD = "dead", _("Given up")
    EXPIRED = "expired", _("Too late to send")
    CANCELLED = "cancelled", _("Not wanted any more")
    SUPERSEDED = "superseded", _("Replaced by newer news")
    HELD = "held", _("Held back")

    live = nonmember(("waiting", "sending"))
    left = nonmember(("sent", "delivered"))
    lost = nonmember(("failed", "dead"))


MOVES: dict[DeliveryState, tuple[DeliveryState, ...]] = {
    DeliveryState.WAITING: (
        DeliveryState.SENDING,
        DeliveryState.EXPIRED,
        DeliveryState.DEAD,
        DeliveryState.CANCELLED,  # taken back before it left
        DeliveryState.SUPERSEDED,
        DeliveryState.HELD,
    ),
    DeliveryState.SENDING: (
        DeliveryState.SENDING,  # a worker died, its claim ran out, the next one takes over
        DeliveryState.WAITING,  # to be tried again
        DeliveryState.SENT,
        DeliveryState.DELIVERED,  # the provider's report may overtake our own mark
        DeliveryState.FAILED,
        DeliveryState.DEAD,
        DeliveryState.EXPIRED,
        DeliveryState.CANCELLED,
    ),
    DeliveryState.SENT: (DeliveryState.DELIVERED, DeliveryState.FAILED),
    DeliveryState.DELIVERED: (),
    DeliveryState.FAILED: (DeliveryState.WAITING,),  # an operator tries again
    DeliveryState.DEAD: (DeliveryState.WAITING,),
    DeliveryState.EXPIRED: (),
    DeliveryState.CANCELLED: (),
    DeliveryState.SUPERSEDED: (DeliveryState.WAITING,),  # the newer news were taken back
    DeliveryState.HELD: (
        DeliveryState.WAITING,
        DeliveryState.CANCELLED,
        DeliveryState.SUPERSEDED,  # also: went into a summary
        DeliveryState.EXPIRED,
    ),
}
TONES: dict[DeliveryState, str] = {
    DeliveryState.WAITING: "info",
    DeliveryState.SENDING: "info",
    DeliveryState.SENT: "ok",
    DeliveryState.DELIVERED: "ok",
    DeliveryState.FAILED: "danger",
    DeliveryState.DEAD: "danger",
    DeliveryState.EXPIRED: "warning",
    DeliveryState.CANCELLED: "neutral",
    DeliveryState.SUPERSEDED: "neutral",
    DeliveryState.HELD: "warning",
}
# What people decide is on the ledger. The rest a delivery keeps itself, with the moment and the code of each step: one
# publication moves 50,000 of them, and as many lines would bury those that somebody looks for.
VERBS: dict[DeliveryState, tuple[str, ...]] = {
    DeliveryState.WAITING: ("delivery:try-again",),
    DeliveryState.CANCELLED: ("delivery:take-back",),
}


def sources_of(state: DeliveryState) -> tuple[DeliveryState, ...]:
    """The states from which a delivery may come to `state`."""
    return tuple(source for source, targets in MOVES.items() if state in targets)
