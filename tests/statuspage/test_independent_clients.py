"""Programs that other people wrote for Statuspage read the real product: the npm client, a Prometheus exporter, a feed
reader and a calendar."""

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import feedparser
import pytest
from icalendar import Calendar

from tests.product import Product
from tests.statuspage.clients import npm_client, read_by_exporter, read_by_npm

pytestmark = pytest.mark.services

BEFORE = """
import datetime as dt, json
from portal_core.kernel.contracts import SYSTEM
from statuspage.actions import incidents, maintenances
from statuspage.models import Component
by = {row.slug: row.public_id for row in Component.objects.all()}
now = dt.datetime.now(dt.UTC)
def work(key, hours, slug):
    return maintenances.schedule(
        name=f"Work {key}", body="Short breaks.", component_ids=[by[slug]], reminders=(),
        scheduled_for=now + dt.timedelta(hours=hours), scheduled_until=now + dt.timedelta(hours=hours + 1),
        by=SYSTEM, key=f"clients-{key}",
    ).id
incident = incidents.declare(
    name="Video & voice", body="We are <looking>.", components={by["telehealth"]: "partial_outage"}, by=SYSTEM,
    key="clients",
).id
coming, begun, off = work("coming", 30, "calendar-sync"), work("begun", 2, "ehr"), work("off", 9, "ehr")
maintenances.post_update(incident_id=begun, status="in_progress", body="We begin.", by=SYSTEM)
maintenances.cancel(incident_id=off, body="Not needed.", by=SYSTEM, key="clients-off")
print(json.dumps({"incident": incident, "coming": coming, "begun": begun, "off": off, "parts": by}))
"""
AFTER = """
from portal_core.kernel.contracts import SYSTEM
from statuspage.actions import incidents, maintenances
incidents.resolve(incident_id="{incident}", body="Done.", by=SYSTEM)
maintenances.cancel(incident_id="{coming}", body="Done.", by=SYSTEM, key="clients-end")
maintenances.post_update(incident_id="{begun}", status="completed", body="Done.", by=SYSTEM)
"""


def fetch(product: Product, path: str) -> bytes:
    with urllib.request.urlopen(product.url + path, timeout=10) as answer:
        return bytes(answer.read())


@pytest.fixture(scope="module")
def published(product: Product) -> Iterator[dict[str, Any]]:
    """An incident, and a maintenance to come, under way and called off, as the running product shows them."""
    made = json.loads(product.shell(BEFORE).splitlines()[-1])
    product.wait(lambda: made["off"].encode() in fetch(product, "/maintenance.ics"))
    yield made
    product.shell(AFTER.format(**made))


def names(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["id"]: row["status"] for row in rows}


def test_the_npm_client_reads_every_document(product, published):
    """npm `statuspage.io` 3.3.8"""
    said = read_by_npm(product.url)

    assert said["summary"] == json.loads(fetch(product, "/api/v2/summary.json"))
    assert said["status"]["status"] == {"indicator": "minor", "description": "Minor Service Outage"}
    assert names(said["components"]["components"])[published["parts"]["telehealth"]] == "partial_outage"
    assert names(said["unresolved"]["incidents"])[published["incident"]] == "investigating"
    assert names(said["incidents"]["incidents"])[published["incident"]] == "investigating"
    assert names(said["upcoming"]["scheduled_maintenances"])[published["coming"]] == "scheduled"
    assert names(said["summary"]["scheduled_maintenances"]) | {
        published["begun"]: "in_progress",
        published["coming"]: "scheduled",
    } == names(said["summary"]["scheduled_maintenances"])


def test_we_have_every_field_that_the_npm_client_declares(product, published):
    """Its type declarations are an independent description of the objects."""
    declared = (npm_client() / "node_modules/statuspage.io/dist/interfaces/Result.d.ts").read_text()
    summary = json.loads(fetch(product, "/api/v2/summary.json"))
    incident = next(row for row in summary["incidents"] if row["id"] == published["incident"])
    samples = {
        "Component": summary["components"][0],
        "Incident": incident,
        "IncidentUpdate": incident["incident_updates"][0],
    }

    for name, sample in samples.items():
        block = re.search(rf"interface {name} {{(.*?)}}", declared, re.DOTALL)
        assert block is not None, name
        fields = dict(re.findall(r"^\s+(\w+): (.+);$", block[1], re.MULTILINE))
        assert len(fields) >= 7, name
        assert set(fields) - set(sample) == set()
        assert [field for field, kind in fields.items() if sample[field] is None and "null" not in kind] == []


def test_the_prometheus_exporter_turns_us_into_gauges(product, published, tmp_path):
    """PyPI `statuspage-prometheus-exporter`"""
    lines = read_by_exporter(product.url, tmp_path)

    assert 'statuspage_probe_check{service_name="Us"} 1.0' in lines
    assert 'statuspage_service_status{service_name="Us"} 0.0' in lines
    for name, value in (("Telehealth", "0.0"), ("EHR", "0.0"), ("Patient portal", "1.0"), ("For patients", "0.0")):
        assert f'statuspage_component_status{{component_name="{name}",service_name="Us"}} {value}' in lines
    page_url = json.loads(fetch(product, "/api/v2/status.json"))["page"]["url"]
    incident = next(line for line in lines if f'incident_id="{published["incident"]}"' in line)
    for words in (
        'incident_name="Video & voice"', 'impact="major"', 'affected_components="Telehealth"',
        f'shortlink="{page_url}incidents/{published["incident"]}/"',
    ):  # fmt: skip
        assert words in incident
    told = {line for line in lines if line.startswith("statuspage_maintenance_info{")}
    ids = {
        key: any(f'maintenance_id="{published[key]}"' in line for line in told) for key in ("coming", "begun", "off")
    }
    assert ids == {"coming": True, "begun": True, "off": False}


@pytest.mark.parametrize("name", ["history.atom", "history.rss"])
def test_a_feed_reader_reads_incidents_and_maintenances(product, published, name):
    feed = feedparser.parse(fetch(product, f"/{name}"))
    entries = {entry.link.split("/")[-2]: entry for entry in feed.entries}

    assert not feed.bozo
    first = {}
    for key in ("incident", "coming", "begun", "off"):
        entry = entries[published[key]]
        html = entry.content[0].value if "content" in entry else entry.summary
        match = re.search(r"<strong>([^<]+)</strong>", html)
        first[key] = match and match[1]
    assert first == {
        "incident": "Investigating", "coming": "Scheduled", "begun": "In progress", "off": "Completed",
    }  # fmt: skip
    assert len(feed.entries) == len(entries)


def test_a_json_feed_has_the_same_entries(product, published):
    feed = json.loads(fetch(product, "/history.json"))
    atom = feedparser.parse(fetch(product, "/history.atom"))

    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [(row["id"], row["title"], row["url"]) for row in feed["items"]] == [
        (entry.id, entry.title, entry.link) for entry in atom.entries
    ]
    told = {row["url"].split("/")[-2]: row for row in feed["items"]}
    assert told[published["incident"]]["tags"] == ["Investigating", "Telehealth"]
    assert "We are &lt;looking&gt;." in told[published["incident"]]["content_html"]


def test_a_calendar_subscribes_to_the_maintenances(product, published):
    entries = {
        str(entry["UID"]).split("@")[0]: entry
        for entry in Calendar.from_ical(fetch(product, "/maintenance.ics").decode()).walk("VEVENT")
    }

    shown = [entries[published[key]] for key in ("coming", "off")]
    assert [(str(row["STATUS"]), row["SEQUENCE"]) for row in shown] == [("CONFIRMED", 0), ("CANCELLED", 1)]
    own = fetch(product, f"/status/components/{published['parts']['calendar-sync']}/maintenance.ics").decode()
    assert published["coming"] in own
    assert published["begun"] not in own


@pytest.mark.parametrize("path", ["/api/v2/summary.json", "/history.atom", "/history.json", "/maintenance.ics"])
def test_scripts_of_other_sites_may_read_what_is_published(product, published, path):
    request = urllib.request.Request(product.url + path, method="OPTIONS", headers={"Origin": "https://other.example"})
    with urllib.request.urlopen(request, timeout=10) as preflight:
        assert (preflight.status, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")
    with urllib.request.urlopen(product.url + path, timeout=10) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["ETag"]


def test_a_program_subscribes_and_asks_to_cancel(product, published):
    """SP-02, over the wire: a POST with a body, a DELETE, no cookies."""
    form = b"subscriber[email]=robot@example.test&subscriber[component_id]=" + published["parts"]["ehr"].encode()
    with urllib.request.urlopen(f"{product.url}/api/v2/subscribers.json", form, timeout=10) as answer:
        made = json.loads(answer.read())["subscriber"]
        assert (answer.status, answer.headers["Set-Cookie"]) == (201, None)
    request = urllib.request.Request(f"{product.url}/api/v2/subscribers/{made['id']}.json", method="DELETE")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 202
