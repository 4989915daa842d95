from enum import nonmember

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")
    VOICE = "voice", _("Phone call")


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

    live = nonmember(("waiting", "sending"))
    left = nonmember(("sent", "delivered"))


MOVES: dict[DeliveryState, tuple[DeliveryState, ...]] = {
    DeliveryState.WAITING: (DeliveryState.SENDING, DeliveryState.EXPIRED, DeliveryState.DEAD),
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
}


def sources_of(state: DeliveryState) -> tuple[DeliveryState, ...]:
    """The states from which a delivery may come to `state`."""
    return tuple(source for source, targets in MOVES.items() if state in targets)
