"""Whoever has the id of a subscription asks for its link: programs that subscribed through the API."""

from django.db import transaction

from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import Actor
from statuspage import access
from statuspage.contracts import SubscriptionRequested


@transaction.atomic
def remind(*, handle: str, by: Actor) -> None:
    """Send the address behind `handle` what it needs to confirm, or, once confirmed, to change or to leave. An id is no
    proof of ownership, so nothing changes here; an unknown one costs the same work and time. Raises LinkInvalid."""
    way = access.way_of_handle(handle)
    found = access.subscriber_by_handle(handle)
    now = clock.now()
    audit.record("subscriber:remind", by=by, target=found, at=now, way=way)
    outbox.publish(SubscriptionRequested(subscriber_id=found.public_id if found is not None else "", at=now))
