"""A status page server that needs nothing but Python: no Django, no settings, no database.

    bin/status-only DIR [--port 8080] [--host 127.0.0.1]

DIR is what `manage.py statuspage_export` wrote, or a running installation's DATA_DIR/status (then with `--static` for
the style sheets). For a second host that stands when the first one does not: copy DIR there by any means, as often as
you like; what lies there is answered, and the page says how old it is.
"""

import argparse
import datetime as dt
import email.utils
import hashlib
import json
import re
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

LOOK_SECONDS = 1.0
SECONDS_PER_SOCKET = 20
TYPES = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
    ".woff2": "font/woff2", ".png": "image/png", ".ico": "image/vnd.microsoft.icon", ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}  # fmt: skip
FOREVER = "public, max-age=31536000, immutable"


class Page(NamedTuple):
    """One address's answer."""

    body: bytes
    gzipped: bytes | None
    content_type: str
    etag: str
    cache_control: str


class Site:
    """What DIR holds at this moment. Looked at again at most once a second; a broken state keeps the last good one."""

    def __init__(self, directory: Path, static: Path | None = None) -> None:
        self.directory, self.static = directory, static
        self._lock = threading.Lock()
        self._looked, self._stamp = 0.0, ""
        self.manifest: dict[str, Any] = {}
        self._pages: dict[str, Page] = {}

    def find(self, path: str) -> Page | None:
        self._look()
        page = self._pages.get(path)
        if page is None and self.static is not None and path.startswith("/static/"):
            return self._asset(path)
        return page

    def _look(self) -> None:
        with self._lock:
            now = time.monotonic()
            if self._looked and now - self._looked < LOOK_SECONDS:
                return
            self._looked = now
            try:
                base = self.directory / "current" if (self.directory / "current").exists() else self.directory
                text = (base / "manifest.json").read_text()
                if text != self._stamp:
                    manifest = json.loads(text)
                    pages = {_address(path): _page(base, path, kind) for path, kind in manifest["types"].items()}
                    self.manifest, self._pages, self._stamp = manifest, pages, text
            except (OSError, ValueError, KeyError) as error:
                print(f"status-only: {type(error).__name__}, keeping what was there: {error}", file=sys.stderr)  # noqa: T201

    def _asset(self, path: str) -> Page | None:
        root = (self.static or Path()).resolve()
        file = (root / path.removeprefix("/static/")).resolve()
        if not file.is_relative_to(root) or not file.is_file() or file.suffix not in TYPES:
            return None
        return _read(file, TYPES[file.suffix], FOREVER)


def _address(path: str) -> str:
    return "/" + path.removesuffix("index.html")


def _page(base: Path, path: str, content_type: str) -> Page:
    always = path.startswith("static/")
    return _read(base / path, content_type, FOREVER if always else "public, max-age=0, stale-if-error=86400")


def _read(file: Path, content_type: str, cache_control: str) -> Page:
    body, packed = file.read_bytes(), Path(f"{file}.gz")
    etag = hashlib.sha256(body).hexdigest()[:20]
    return Page(body, packed.read_bytes() if packed.is_file() else None, content_type, etag, cache_control)


def shared(path: str) -> bool:
    """Whether other sites' scripts may read it."""
    return path.startswith(("/api/v2/", "/history.")) or path.endswith((".ics", ".svg", ".js"))


_KEPT = re.compile(r"/(?:(history|uptime)|(?:incidents|maintenance)/([A-Za-z0-9]{1,40}))/?")


def elsewhere(path: str) -> str:
    """Where an address that people kept stands: the root, and those a page of Statuspage has. "" for any other."""
    if path in ("/", "/status"):
        return "/status/"
    kept = _KEPT.fullmatch(path)
    if kept is None:
        return ""
    return f"/status/{kept[1]}/" if kept[1] else f"/status/incidents/{kept[2]}/"


class Handler(BaseHTTPRequestHandler):
    """GET, HEAD and OPTIONS; anything else is 405."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "status", ""
    timeout = SECONDS_PER_SOCKET
    site: Site

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_OPTIONS(self) -> None:
        self.send_response(HTTPStatus.NO_CONTENT)
        if shared(self._path()):
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
            self.send_header("Access-Control-Allow-Headers", "*")
        self.end_headers()

    def do_POST(self) -> None:
        self.close_connection = True  # whatever was sent with it is not read
        self._plain(HTTPStatus.METHOD_NOT_ALLOWED, "This copy of the status page can only be read.\n", with_body=True)

    do_PUT = do_DELETE = do_PATCH = do_POST  # noqa: N815 - the base class's names

    def _path(self) -> str:
        return self.path.partition("?")[0].partition("#")[0]

    def _answer(self, *, with_body: bool) -> None:
        path = self._path()
        if there := elsewhere(path):
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", there)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        page = self.site.find(path)
        if page is None:
            words = "Not on this copy of the status page. Start at /status/.\n"
            self._plain(HTTPStatus.NOT_FOUND, words, with_body=with_body)
            return
        packed = page.gzipped is not None and "gzip" in self.headers.get("Accept-Encoding", "")
        tag = f'"{page.etag}{"-gz" if packed else ""}"'
        known = {part.strip().removeprefix("W/") for part in self.headers.get("If-None-Match", "").split(",")}
        unchanged = bool(known & {"*", f'"{page.etag}"', f'"{page.etag}-gz"'})
        body = (page.gzipped or b"") if packed else page.body
        self.send_response(HTTPStatus.NOT_MODIFIED if unchanged else HTTPStatus.OK)
        if not unchanged:
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(body)))
            if packed:
                self.send_header("Content-Encoding", "gzip")
        self.send_header("ETag", tag)
        self.send_header("Cache-Control", page.cache_control)
        self.send_header("Vary", "Accept-Encoding")
        self._about_the_snapshot()
        if shared(path):
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Expose-Headers", "ETag, Last-Modified")
        self.end_headers()
        if with_body and not unchanged:
            self.wfile.write(body)

    def _about_the_snapshot(self) -> None:
        for name, value in self.site.manifest.get("headers", {}).items():
            self.send_header(name.title(), value)
        at = self.site.manifest.get("written_at")
        if at:
            # Not `Age`: caches add that up. The moment itself is what a reader, or a monitor, can judge.
            moment = dt.datetime.fromisoformat(at).astimezone(dt.UTC)
            self.send_header("Last-Modified", email.utils.format_datetime(moment, usegmt=True))

    def _plain(self, status: HTTPStatus, words: str, *, with_body: bool) -> None:
        body = words.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Readers of a status page are nobody's business."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def serve(directory: Path, *, host: str, port: int, static: Path | None = None) -> Server:
    """A bound server; the caller runs `serve_forever()`. Raises OSError when it cannot listen."""
    site = Site(directory, static)
    return Server((host, port), type("Bound", (Handler,), {"site": site}))


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve a copy of the status page; needs no database and no settings.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--static", type=Path, help="where /static/ lies, unless the directory is an export")
    given = parser.parse_args()
    server = serve(given.directory, host=given.host, port=given.port, static=given.static)
    print(f"Status page on http://{given.host}:{server.server_address[1]}/status/", flush=True)  # noqa: T201
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
