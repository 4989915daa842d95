"""The public read path: snapshot bytes before Django is asked."""

from typing import Any


class SnapshotApp:
    """ASGI application around the HTTP application."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await self.inner(scope, receive, send)
