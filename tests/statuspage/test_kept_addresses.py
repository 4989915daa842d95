"""SP-01: links that people kept of a page of Statuspage lead to ours, whoever answers."""

import re
from pathlib import Path

import pytest

from statuspage.snapshot import standalone
from tests.statuspage.factories import declare

ROOT = Path(__file__).resolve().parents[2]
NGINX = (ROOT / "docs/operations/nginx/lantern.conf").read_text()
CADDY = (ROOT / "docs/operations/Caddyfile").read_text()
KEPT = {
    "/history": "/status/history/",
    "/history/": "/status/history/",
    "/uptime": "/status/uptime/",
    "/incidents/abc123": "/status/incidents/abc123/",
    "/maintenance/abc123/": "/status/incidents/abc123/",
}
NOT_OURS = ("/histories", "/incidents/", "/incidents/a/b", "/history.atom", "/maintenance.ics", "/status/uptime/x")


def by_nginx(path: str) -> str:
    rules = re.findall(r"location ~ (\S+) \{ return 302 (\S+); \}", NGINX)
    for rule, to in rules:
        if found := re.search(rule, path):
            return re.sub(r"\$(\d)", lambda n: found[int(n[1])], to)
    return ""


def by_caddy(path: str) -> str:
    rules = dict(re.findall(r"@(kept_\w+) path_regexp kept_\w+ (\S+)", CADDY))
    goals = dict(re.findall(r"redir @(kept_\w+) (\S+) 302", CADDY))
    assert rules.keys() == goals.keys()
    for name, rule in rules.items():
        if found := re.search(rule, path):
            return re.sub(r"\{re\.\w+\.(\d)\}", lambda n: found[int(n[1])], goals[name])
    return ""


@pytest.mark.parametrize(("path", "there"), KEPT.items())
def test_an_address_that_people_kept_leads_to_ours(client, db, path, there):
    answer = client.get(f"{path}?page=2")

    assert (answer.status_code, answer["Location"]) == (302, there)
    assert (standalone.elsewhere(path), by_nginx(path), by_caddy(path)) == (there, there, there)
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("path", NOT_OURS)
def test_other_addresses_stay_where_they_are(path):
    assert (standalone.elsewhere(path), by_nginx(path), by_caddy(path)) == ("", "", "")


def test_it_ends_at_the_incident_and_nowhere_for_what_never_was(page, client):
    event = declare()

    assert client.get(f"/incidents/{event.id}", follow=True).status_code == 200
    assert client.get("/incidents/neverwas", follow=True).status_code == 404
