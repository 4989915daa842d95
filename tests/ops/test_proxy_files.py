"""What nginx and Caddy put on the published files is what the product puts on them; they take as much as it does."""

import re
from pathlib import Path

import pytest

from helpdesk.actions import received_files
from helpdesk.rules import files
from ops.runtime import body_limit
from statuspage.forms import subscribers
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


def test_what_the_pages_promise_to_take_comes_through():
    """10 files of 20 MB, 40 MB together, a list of 50 MB: neither proxy nor server refuses what a page asks for."""
    forms = ("/portal/requests/new/", "/triage/office/patients/x/message/", "/desk/status/subscribers/import/")
    takes = {body_limit.most(form.encode()) // body_limit.MEGABYTE for form in forms}
    largest = max(files.MAX_FILE, received_files.TOGETHER, subscribers.FILE_MAX)

    assert largest + body_limit.MEGABYTE < body_limit.MOST_WITH_FILES
    assert takes == {body_limit.MOST_WITH_FILES // body_limit.MEGABYTE}
    assert {int(size) for size in re.findall(r"client_max_body_size (\d+)m;", NGINX)} == takes
    assert {int(size) for size in re.findall(r"max_size (\d+)MiB", CADDY)} <= takes  # none: the product refuses
    told = re.findall(r"(\d+) MB", (ROOT / "docs/operations/reverse-proxy.md").read_text())
    assert {int(size) for size in told} == {1, body_limit.MOST // body_limit.MEGABYTE, *takes}
    assert f"{received_files.TOGETHER // body_limit.MEGABYTE} MB\ntogether" in body_limit.PAGE
    assert f"{subscribers.FILE_MAX // body_limit.MEGABYTE} MB. A long text" in body_limit.PAGE
