"""Live pages: `push` from an action, `LiveConsumer` at the socket, one `Hub` per process between them."""

from portal_core.kernel.realtime.push import push

__all__ = ["push"]
