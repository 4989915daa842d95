"""What nginx and Caddy put on the published files is what the product puts on them."""

import re
from pathlib import Path

import pytest

from statuspage.snapshot import headers

ROOT = Path(__file__).resolve().parents[2]
NGINX = (ROOT / "docs/operations/nginx/lantern.conf").read_text()
CADDY = (ROOT / "docs/operations/Caddyfile").read_text()


def of_nginx(text: str) -> dict[str, str]:
    """The headers of the location that serves the snapshot."""
    block = text.partition("location ~ ^/(?:status/")[2].partition("location /static/")[0]
    return {
        name.lower(): value.strip('"') for name, value in re.findall(r"add_header ([\w-]+) (\"[^\"]*\"|\S+);", block)
    }


def of_caddy(text: str) -> dict[str, str]:
    block = text.partition("handle @published {")[2].partition("header {")[2].partition("}")[0]
    rows = re.findall(r"^\s+([A-Z][\w-]+) (\"[^\"]*\"|\S+)$", block, re.MULTILINE)
    return {name.lower(): value.strip('"') for name, value in rows}


def policy(text: str) -> dict[str, set[str]]:
    """Directive → its sources, in whatever order they are written."""
    return {name: set(sources) for name, *sources in (part.split() for part in text.split(";") if part.strip())}


@pytest.mark.parametrize("found", [of_nginx(NGINX), of_caddy(CADDY)], ids=["nginx", "caddy"])
def test_the_proxies_send_our_own_headers(found, settings):
    settings.SECURE_HSTS_SECONDS = 0  # that one belongs to whoever holds the certificate
    ours = {**headers.security(), "cache-control": headers.CACHE_CONTROL}

    theirs = {**found}
    assert theirs.pop("access-control-allow-origin", "") in ("", "$lantern_shared")
    assert policy(theirs.pop("content-security-policy")) == policy(ours.pop("content-security-policy"))
    assert theirs == ours
