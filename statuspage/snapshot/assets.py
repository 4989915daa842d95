"""Style sheets, scripts and pictures that published pages name, so that a copy of the page is whole."""

import logging
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

logger = logging.getLogger(__name__)

_IN_HTML = re.compile(rb'(?:href|src)="([^"?#]+)')
_IN_CSS = re.compile(rb"""url\(\s*["']?([^"')?#]+)""")
_IN_JS = re.compile(rb"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"'?#]+\.js)["']""")
_IN_JSON = re.compile(rb'"src"\s*:\s*"([^"?#]+)"')
_INSIDE = {".css": _IN_CSS, ".js": _IN_JS, ".webmanifest": _IN_JSON}
TYPES = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
    ".png": "image/png", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json",
    ".ico": "image/vnd.microsoft.icon",
}  # fmt: skip


def named_by(pages: Iterable[bytes]) -> dict[str, tuple[bytes, str]]:
    """Path ("static/ui/main.<hash>.js") → (bytes, content type) of all that these pages need, followed through."""
    todo = {name for page in pages for name in _names(_IN_HTML, page, settings.STATIC_URL)}
    found: dict[str, tuple[bytes, str]] = {}
    while todo:
        url = todo.pop()
        path = url.lstrip("/")
        suffix = posixpath.splitext(url)[1]
        if path in found or suffix not in TYPES:
            continue
        file = _file(url.removeprefix(settings.STATIC_URL))
        if file is None:
            logger.warning("a file that the status page names is not among the static files", extra={"file": path})
            continue
        found[path] = (body := file.read_bytes(), TYPES[suffix])
        if suffix in _INSIDE:
            todo |= set(_names(_INSIDE[suffix], body, posixpath.dirname(url) + "/"))
    return found


def _names(pattern: re.Pattern[bytes], text: bytes, base: str) -> Iterator[str]:
    for match in pattern.findall(text):
        url = posixpath.normpath(posixpath.join(base, match.decode(errors="replace")))
        if url.startswith(settings.STATIC_URL):
            yield url


def _file(name: str) -> Path | None:
    collected = Path(settings.STATIC_ROOT) / name
    if collected.is_file():
        return collected
    plain = finders.find(name)  # nothing was collected here: tests, a fresh checkout
    return Path(plain) if isinstance(plain, str) else None
