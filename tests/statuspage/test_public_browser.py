"""The public pages in a browser: live without sockets, honest when we are away, a good guest on other sites."""

import contextlib
import gzip
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from portal_core.ui import apps as ui
from statuspage.snapshot import html, render
from tests.browser import assert_accessible
from tests.statuspage import scenes

pytestmark = pytest.mark.browser

STATIC = (Path(ui.__file__).parent / "static", render.EMBED_SOURCE.parent.parent)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'"
)


class Host:
    """A plain web server with the files of a snapshot, ETags, and no sockets: what a copy on another host is."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, str]] = {}
        self.seen: list[tuple[str, int]] = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def publish(self, facts: object, snapshot: int) -> None:
        self.files = render.files(scenes.view(facts, snapshot=snapshot))

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.split("?")[0].lstrip("/")
        found = self.files.get(f"{path}index.html" if path.endswith("/") else path or "index.html")
        if found is None and path.startswith("static/"):
            file = next((root / path[7:] for root in STATIC if (root / path[7:]).is_file()), None)
            kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
            found = (
                (file.read_bytes(), kinds.get(file.suffix, "text/plain")) if file is not None else (b"", "text/plain")
            )
        body, kind = found or (b"", "text/plain")
        tag = f'"{len(body)}-{hash(body) & 0xFFFFFF}"'
        status = 404 if found is None else 304 if request.headers.get("If-None-Match") == tag else 200
        self.seen.append((f"/{path}", status))
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("ETag", tag)
        request.send_header("Access-Control-Allow-Origin", "*")
        if kind == render.HTML:
            request.send_header("Content-Security-Policy", POLICY)
        request.end_headers()
        if status == 200:
            request.wfile.write(body)


@pytest.fixture
def host() -> Iterator[Host]:
    running = Host()
    thread = threading.Thread(target=running.server.serve_forever, daemon=True)
    thread.start()
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()


def test_sp_07_without_sockets_the_page_asks_with_the_tag_it_has(people, host):
    """SP-07: polling every half minute; nothing new costs a 304; news appears; being away is said."""
    host.publish(scenes.calm(), 1)
    page = people.new_page("reader", timezone_id="Europe/Madrid")
    page.clock.install(time=scenes.NOW)
    page.goto(f"{host.url}/status/")
    expect(page.locator("[data-status-live]")).to_have_text("Checking every half minute")

    for expected in (200, 304):
        host.seen.clear()
        with page.expect_response(f"{host.url}/status/") as answer:
            page.clock.fast_forward(45_000)
        assert answer.value.status == expected
        assert host.seen.count(("/status/", expected)) == 1

    host.publish(scenes.busy(), 2)
    with page.expect_response(f"{host.url}/status/"):
        page.clock.fast_forward(45_000)
    expect(page.get_by_role("heading", name="Partial System Outage")).to_be_visible()
    expect(page.locator("#status-said")).to_contain_text("Partial System Outage")
    # in the reader's zone, with the page's own in the title
    moment = page.locator("#incident-incident0003 .timeline time").first
    expect(moment).to_contain_text("04:34 PM GMT+1")
    expect(moment).to_have_attribute("title", "Nov 22, 10:34 EST (America/New_York)")

    host.files = {}
    for _ in range(12):
        page.clock.fast_forward(45_000)
    expect(page.locator("#status-stale")).to_contain_text("last confirmed 04:42 PM")
    people.forgive(r"WebSocket|404")


def test_the_pages_are_accessible_and_fit_a_phone(people, host):
    """WCAG 2.2 AA, 390 px, dark, and from right to left."""
    host.publish(scenes.busy(), 1)
    for number, facts in enumerate((scenes.long_names(), scenes.busy())):
        host.publish(facts, number)
        page = people.new_page(
            "phone", viewport={"width": 390, "height": 844}, color_scheme="dark" if number else "light",
            java_script_enabled=True,
        )  # fmt: skip
        page.goto(f"{host.url}/status/")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert_accessible(page)
    page.goto(f"{host.url}/status/es/uptime/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(page)
    people.forgive(r"WebSocket|404")


@contextlib.contextmanager
def deaf() -> Iterator[str]:
    """A host that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_the_banner_for_other_sites_is_a_good_guest(people, host):
    """It shows while something is wrong, needs no inline style, and a dead status host changes nothing."""
    guest, status = Host(), host
    threading.Thread(target=guest.server.serve_forever, daemon=True).start()
    status.publish(scenes.busy(), 1)
    try:
        policy = POLICY.replace("script-src 'self'", f"script-src {status.url}").replace("'self'", status.url)
        script = f'<title>x</title><body><p>Ours</p><script async src="{status.url}/status/embed.js"></script>'
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        guest.files["index.html"] = (f'<!doctype html><html lang="es">{meta}{script}'.encode(), "text/html")
        page = people.new_page("visitor")
        page.goto(f"{guest.url}/")
        banner = page.get_by_role("complementary", name="Estado del servicio")
        expect(banner).to_contain_text("Video visits do not start y otros")
        expect(banner.get_by_role("link")).to_have_attribute("href", f"{status.url}/status/es/")
        assert banner.evaluate("node => getComputedStyle(node).position") == "fixed"
        asked = [row for row in status.seen if row[0] == "/api/v2/summary.json"]
        page.reload()
        expect(banner).to_be_visible()
        assert [row for row in status.seen if row[0] == "/api/v2/summary.json"] == asked
        banner.get_by_role("button", name="Ocultar").click()
        page.reload()
        page.wait_for_load_state("networkidle")
        expect(banner).to_have_count(0)

        with deaf() as dead:
            page.evaluate("sessionStorage.clear()")
            source = status.files["status/embed.js"][0].decode().replace("new URL(script.src).origin", f'"{dead}"')
            status.files["status/embed.js"] = (source.encode(), render.JAVASCRIPT)
            guest.files["index.html"] = (f'<!doctype html><html lang="es">{script}'.encode(), "text/html")
            page.goto(f"{guest.url}/", wait_until="load")
            page.wait_for_function("() => sessionStorage.getItem('lantern-status:summary')", timeout=5_000)
            assert page.evaluate("JSON.parse(sessionStorage.getItem('lantern-status:summary')).body") is None
            expect(page.locator("body")).to_have_text("Ours")
            expect(banner).to_have_count(0)
    finally:
        guest.server.shutdown()
        guest.server.server_close()
    assert len(gzip.compress(status.files["status/embed.js"][0])) < 4_000
    assert html.languages() == ["en", "es"]
