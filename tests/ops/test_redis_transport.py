"""SP-07: a worker that holds messages while Redis goes away closes its connection and asks again; it does not end."""

import signal

import pytest
from kombu import Connection, Consumer, Queue

from tests.engines import Redis

pytestmark = pytest.mark.services

STOCK = "redis"
OURS = "ops.runtime.redis_transport:Transport"


def lose_redis_with_a_message_in_hand(transport: str) -> None:
    """What Celery does after its connection broke: let go of the transport, then close the connection."""
    redis = Redis()
    connection = Connection(f"{redis.url}/0", transport=transport)
    queue = Queue("held")
    try:
        with connection.Producer() as producer:
            producer.publish({"held": True}, routing_key="held", declare=[queue])
        held: list[object] = []
        connection.Consumer([queue], on_message=held.append).consume()
        another = connection.channel()  # as a worker has: the first to fail keeps the other from being closed
        Consumer(another, [Queue("empty")], on_message=held.append).consume()
        connection.drain_events(timeout=10)
        with pytest.raises(TimeoutError):
            connection.drain_events(timeout=0.1)  # nothing more comes: both channels are left waiting for Redis
        redis.process.send_signal(signal.SIGKILL)
        redis.process.wait()
        connection.collect()
        connection.close()
        assert len(held) == 1
    finally:
        redis.stop()


def test_the_worker_closes_a_connection_whose_transport_is_gone():
    lose_redis_with_a_message_in_hand(OURS)


def test_the_stock_transport_still_needs_it():
    """When this fails, kombu closes such a channel by itself: ops.runtime.redis_transport can go."""
    with pytest.raises(AttributeError, match="hostname"):
        lose_redis_with_a_message_in_hand(STOCK)
