"""Broker of the scaled mode: kombu's Redis transport, whose worker lives on when Redis goes away in the midst of tasks.

When the connection breaks, Celery first lets go of the transport and then closes the connection. The stock channel
then tries to give its unacknowledged messages back through a transport that knows no address any more; that
AttributeError is none of the errors Celery expects, and ends the worker. Such a channel has nobody to give anything
back to: Redis itself keeps the messages and hands them out again after the visibility timeout.
"""

from kombu.transport import redis


class Channel(redis.Channel):
    def close(self) -> None:
        if self.connection is not None and self.connection.client is None:
            self.do_restore = False
        super().close()


class Transport(redis.Transport):
    Channel = Channel
