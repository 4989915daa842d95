"""The throttle of sign-ins counts by address: a caller must not be able to write their own."""

import asyncio

import pytest

from ops.runtime.behind_proxy import BehindProxy


def seen(headers, kind="http", scheme="http"):
    """The client's host and the scheme as the application behind sees them."""
    scopes = []

    async def inner(scope, receive, send):
        scopes.append(scope)

    scope = {"type": kind, "scheme": scheme, "client": ["10.0.0.1", 4711], "headers": headers}
    asyncio.run(BehindProxy(inner)(scope, None, None))
    return scopes[0]["client"][0], scopes[0]["scheme"]


@pytest.mark.parametrize(
    "headers",
    [
        [(b"x-forwarded-for", b"203.0.113.9")],
        [(b"x-forwarded-for", b"1.2.3.4, 203.0.113.9")],
        [(b"x-forwarded-for", b"1.2.3.4"), (b"x-forwarded-for", b"203.0.113.9")],
    ],
)
def test_the_proxys_own_word_counts_and_not_the_callers(headers):
    assert seen([*headers, (b"x-forwarded-proto", b"https")]) == ("203.0.113.9", "https")


def test_without_headers_the_peer_stays():
    assert seen([]) == ("10.0.0.1", "http")
    assert seen([(b"x-forwarded-for", b""), (b"x-forwarded-proto", b"gopher")]) == ("10.0.0.1", "http")


def test_a_websocket_keeps_its_scheme():
    assert seen([(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https")], "websocket", "ws") == (
        "203.0.113.9", "ws",
    )  # fmt: skip


def test_the_server_leaves_the_headers_to_it(monkeypatch):
    from ops.runtime import daphne_server

    made = []

    class Recorded:
        failure = None

        def __init__(self, **options):
            made.append(options)

        def run(self):
            pass

    monkeypatch.setattr(daphne_server, "GracefulServer", Recorded)
    monkeypatch.setattr(daphne_server.reactor, "callWhenRunning", lambda *_: None, raising=False)
    monkeypatch.setattr(daphne_server.reactor, "addSystemEventTrigger", lambda *_: None, raising=False)
    monkeypatch.setattr(daphne_server, "spare_what_is_loaded", lambda: None)
    for behind in (True, False):
        daphne_server.serve(
            object(), host="127.0.0.1", port=0, behind_proxy=behind, on_listening=print, on_stop=lambda: None
        )

    assert [isinstance(options["application"], BehindProxy) for options in made] == [True, False]
    assert not any(options.get("proxy_forwarded_address_header") for options in made)
