"""Whom to believe about a caller's address: the proxy in front, and nobody behind it."""

from typing import Any


class BehindProxy:
    """ASGI: the caller's address and scheme as the proxy in front wrote them.

    Daphne's own reading takes the first address of X-Forwarded-For, which is the caller's to choose wherever the proxy
    appends (nginx's `$proxy_add_x_forwarded_for`): every try at a sign-in would come from another address. The last
    one is the proxy's own word, whether it appends or overwrites.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        address = _last(scope, b"x-forwarded-for")
        if address:
            scope = {**scope, "client": [address, 0]}
        proto = _last(scope, b"x-forwarded-proto").lower()
        if scope["type"] == "http" and proto in ("http", "https"):
            scope = {**scope, "scheme": proto}
        await self.inner(scope, receive, send)


def _last(scope: Any, name: bytes) -> str:
    """The last value of a header that may be a list and may come more than once; empty when there is none."""
    values = [value for header, value in scope.get("headers", ()) if header == name]
    return values[-1].decode("latin-1").rpartition(",")[2].strip() if values else ""
