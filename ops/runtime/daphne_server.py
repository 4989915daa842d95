"""The one place that knows Daphne. Import it before anything else that imports Twisted: it installs the reactor."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import daphne.server
from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.server import Server
from twisted.internet import defer, reactor, threads

from ops.runtime.behind_proxy import BehindProxy
from ops.runtime.body_limit import LimitedBody
from ops.runtime.garbage import spare_what_is_loaded

WIND_DOWN = 1.0  # seconds that requests in progress get at stop
MAX_FRAME = 128 * 1024  # bytes; twice what a live page may send, so that our own answer is the one that refuses


class CannotListen(Exception):
    """The address is taken or not ours."""


class LimitedRequest(LimitedBody, WebRequest):  # type: ignore[misc]
    """Daphne's request that takes no more than it should."""


class LimitingFactory(HTTPFactory):  # type: ignore[misc]
    """Makes every connection's requests limited ones."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 - Twisted's name
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = LimitedRequest
        return protocol


daphne.server.HTTPFactory = LimitingFactory  # the server makes its factory by this name and takes none from outside


class GracefulServer(Server):  # type: ignore[misc]
    """Daphne's server that finishes requests in progress when stopped and says so when it cannot listen."""

    failure: str | None = None

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        self.ports = [*getattr(self, "ports", []), port]

    def listen_error(self, failure: Any) -> None:
        self.failure = str(failure.getErrorMessage())
        self.stop()

    def kill_all_applications(self) -> Any:
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._wind_down()))

    async def _wind_down(self) -> None:
        for port in getattr(self, "ports", []):
            port.stopListening()
        deadline = time.monotonic() + WIND_DOWN
        while self._running(WebRequest) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        left = self._running(object)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _running(self, kind: type) -> list[Any]:
        tasks = [
            details.get("application_instance")
            for protocol, details in self.connections.items()
            if isinstance(protocol, kind) and "disconnected" not in details
        ]
        return [task for task in tasks if task is not None and not task.done()]


def serve(
    application: Any, *, host: str, port: int, behind_proxy: bool, on_listening: Callable[[str], None],
    on_stop: Callable[[], object],
) -> None:  # fmt: skip
    """Serve until SIGINT or SIGTERM. Raises CannotListen.

    `on_stop` runs in a thread during shutdown, which waits for it. `behind_proxy`: believe the last word of
    X-Forwarded-For and X-Forwarded-Proto; only where nobody reaches this server past the proxy.
    """
    server = GracefulServer(
        application=BehindProxy(application) if behind_proxy else application,
        endpoints=build_endpoint_description_strings(host=host, port=port),
        server_name="",
        verbosity=0,
        websocket_max_message_size=MAX_FRAME,
        websocket_max_frame_size=MAX_FRAME,
    )

    def announce() -> None:
        if server.listening_addresses:
            on_listening("http://{}:{}".format(*server.listening_addresses[0]))

    turning: Any = reactor
    turning.callWhenRunning(announce)
    turning.addSystemEventTrigger("before", "shutdown", lambda: threads.deferToThread(on_stop))
    spare_what_is_loaded()
    server.run()
    if server.failure is not None:
        raise CannotListen(server.failure)
