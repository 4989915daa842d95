from portal_core.notify.models.attempt import DeliveryAttempt
from portal_core.notify.models.delivery import Delivery, DeliveryQuerySet
from portal_core.notify.models.message import Message

__all__ = ["Delivery", "DeliveryAttempt", "DeliveryQuerySet", "Message"]
