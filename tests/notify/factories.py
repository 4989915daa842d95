import factory
from django.utils import timezone

from portal_core.notify import Recipient
from portal_core.notify.models import Delivery, DeliveryAttempt, Message


class MessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Message

    cause = factory.Sequence("cause:{}".format)
    template = "sample/outage"
    language = "en"
    subject = "A subject"
    text = "A text"
    html = "<html><head></head><body><p>A text</p></body></html>"
    sms = "A text"
    created_at = factory.LazyFunction(timezone.now)


class DeliveryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Delivery

    message = factory.SubFactory(MessageFactory)
    cause = factory.SelfAttribute("message.cause")
    recipient_key = factory.Sequence("someone:{}".format)
    channel = "email"
    address = factory.Sequence("someone-{}@example.org".format)
    available_at = factory.LazyFunction(timezone.now)
    created_at = factory.LazyFunction(timezone.now)


class DeliveryAttemptFactory(factory.django.DjangoModelFactory):
    """A try that was answered with 204."""

    class Meta:
        model = DeliveryAttempt

    delivery = factory.SubFactory(DeliveryFactory, channel="webhook")
    at = factory.LazyFunction(timezone.now)
    status = 204
    milliseconds = 120


def recipients(count: int, **values: str) -> list[Recipient]:
    return [Recipient(key=f"subscriber:{n}", email=f"s{n}@example.org", **values) for n in range(count)]
