import factory

from portal_core.kernel import clock
from portal_core.kernel.enums import ActorKind
from portal_core.kernel.models import AuditChain, AuditEvent, IdempotencyKey, OutboxMessage


class AuditEventFactory(factory.django.DjangoModelFactory):
    """A line that is not sealed yet."""

    class Meta:
        model = AuditEvent

    at = factory.LazyFunction(clock.now)
    action = "ticket:take"
    actor_kind = ActorKind.STAFF
    actor_id = "olivia"
    actor_label = "Olivia Staff"


class AuditChainFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AuditChain

    practice_key = factory.Sequence(lambda number: 1000 + number)


class IdempotencyKeyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = IdempotencyKey

    scope = "tests.deed"
    key = factory.Sequence("key-{}".format)
    created_at = factory.LazyFunction(clock.now)


class OutboxMessageFactory(factory.django.DjangoModelFactory):
    """An event that waits for one of its handlers."""

    class Meta:
        model = OutboxMessage

    event_id = factory.Sequence("{:020}".format)
    event_name = "tests.Happened"
    handler = "tests.handlers.note"
    payload = factory.LazyFunction(dict)
    created_at = factory.LazyFunction(clock.now)
    available_at = factory.SelfAttribute("created_at")
