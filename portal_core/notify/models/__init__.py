from portal_core.notify.models.delivery import Delivery, DeliveryQuerySet
from portal_core.notify.models.message import Message

__all__ = ["Delivery", "DeliveryQuerySet", "Message"]
