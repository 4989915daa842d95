"""Page, API, feeds and banner are drawn from one derived view: none can say something else (uptime-kuma #908)."""

import json
import random
import re
from html.parser import HTMLParser

import feedparser
import pytest

from portal_core.kernel import clock
from statuspage.actions import components, incidents, snapshots
from statuspage.enums import ComponentStatus
from statuspage.errors import IncidentAlreadyResolved
from statuspage.models import Component, Incident
from statuspage.rules import api_v2
from statuspage.rules.rollup import rollup
from statuspage.snapshot import memory, render
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, declare


class Text(HTMLParser):
    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(html.decode())

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def __str__(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.parts))


def everything() -> tuple[object, dict[str, tuple[bytes, str]]]:
    view = snapshots.view_at(clock.now(), 1)
    return view, render.files(view)


def documents(files: dict[str, tuple[bytes, str]]) -> dict[str, dict]:
    return {path: json.loads(body) for path, (body, _type) in files.items() if path.endswith(".json")}


def agree() -> None:
    """Compare every view with the rows themselves."""
    view, files = everything()
    api = documents(files)
    page = str(Text(files["status/index.html"][0]))
    states = {row.public_id: row.status for row in Component.objects.all()}
    open_ids = set(Incident.objects.exclude(status="resolved").values_list("public_id", flat=True))
    active = [row.impact for row in Incident.objects.exclude(status="resolved")]
    expected = rollup(list(states.values()), active)
    atom = feedparser.parse(files["history.atom"][0])
    rss = feedparser.parse(files["history.rss"][0])

    assert (view.indicator, view.description) == (expected.indicator, expected.description)
    for path in ("api/v2/summary.json", "api/v2/status.json"):
        assert api[path]["status"] == {"indicator": expected.indicator, "description": expected.description}
    for path in ("api/v2/summary.json", "api/v2/components.json"):
        assert {row["id"]: row["status"] for row in api[path]["components"] if not row["group"]} == states
    for path in ("api/v2/summary.json", "api/v2/incidents/unresolved.json"):
        assert {row["id"] for row in api[path]["incidents"]} == open_ids
    assert {row["id"] for row in snapshots.summary(view)["incidents"]} == open_ids
    assert {path.split("/")[2] for path in files if path.startswith("status/incidents/")} >= open_ids
    assert view.headline in page
    assert ("No ongoing issues" in page) == (not open_ids and expected.indicator == "none")
    assert ("Active incidents" in page) == bool(open_ids)
    for row in Incident.objects.all():
        assert row.name in page
    names = list(Incident.objects.order_by("-started_at", "-pk").values_list("name", flat=True))
    assert [entry.title for entry in atom.entries] == [entry.title for entry in rss.entries] == names[:25]
    assert [row["name"] for row in api["api/v2/incidents.json"]["incidents"]] == names


@pytest.mark.parametrize("seed", range(8))
def test_any_sequence_of_operations_leaves_every_view_agreeing(page, seed):
    dice = random.Random(seed)
    open_ids: list[str] = []
    for step in range(8):
        chosen = {
            row.public_id: dice.choice(ComponentStatus.values)
            for row in dice.sample(list(Component.objects.all()), dice.randint(0, 3))
        }
        verb = dice.choice(["declare", "update", "resolve", "set"])
        if verb == "declare":
            done = incidents.declare(name=f"P{step}", body="b", components=chosen, by=OMAR, key=f"{seed}-{step}")
            open_ids.append(done.id)
        elif verb == "set":
            target = dice.choice(list(Component.objects.all()))
            components.set_state(component_id=target.public_id, status=dice.choice(ComponentStatus.values), by=OMAR)
        elif open_ids and verb == "update":
            incidents.post_update(
                incident_id=dice.choice(open_ids), status="identified", body="u", components=chosen, by=OMAR
            )
        elif open_ids:
            done_id = open_ids.pop()
            incidents.resolve(incident_id=done_id, body="r", by=OMAR)
            with pytest.raises(IncidentAlreadyResolved):
                incidents.resolve(incident_id=done_id, body="r", by=OMAR)
        agree()


def test_an_incident_on_green_components_is_never_shown_as_all_well(page):
    """SP-03"""
    incidents.declare(name="Phones", body="Write.", components={}, by=OMAR, key="k")
    _view, files = everything()

    page_text = str(Text(files["status/index.html"][0]))
    assert "We are looking into a problem" in page_text
    assert "No ongoing issues" not in page_text


def test_an_override_moves_the_page_too(page):
    incidents.declare(name="Phones", body="Write.", components={}, impact_override="major", by=OMAR, key="k")

    status = documents(everything()[1])["api/v2/status.json"]["status"]
    assert status == {"indicator": "major", "description": "Partial System Outage"}


def test_sp_03_a_calm_page_sends_the_reader_on(page):
    """SP-03, SP-06: internet, then this page, then the tips, then Contact us."""
    text = str(Text(everything()[1]["status/index.html"][0]))

    assert "No ongoing issues" in text
    order = [text.index(words) for words in ("internet connection", "troubleshooting tips", "contact us")]
    assert order == sorted(order)
    assert "Subscribe to Updates" in text


def test_markup_in_what_an_operator_types_stays_text_everywhere(page):
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>]]>&amp;"
    incidents.declare(
        name=evil, body=f"{evil}\n\njavascript:alert(1)", components={component("ehr").public_id: "major_outage"},
        by=OMAR, key="k",
    )  # fmt: skip
    _view, files = everything()

    for path, (body, _type) in files.items():
        if path.endswith(".html"):
            assert b"<script>alert" not in body, path
            assert b"<img src=x" not in body, path
            assert not re.search(rb"<[^>]* on(error|click)=", body), path
            assert b"style=" not in body, path
            assert b"<style" not in body, path
    entry = feedparser.parse(files["history.atom"][0]).entries[0]
    assert "<script>" not in entry.content[0].value
    assert entry.title_detail.type == "text/plain"
    assert documents(files)["api/v2/summary.json"]["incidents"][0]["name"] == evil


def test_the_page_is_small_and_needs_no_script(page):
    for number in range(5):
        declare(f"Problem number {number}", telehealth="major_outage", ehr="partial_outage")
    files = everything()[1]

    assert len(files["status/index.html"][0]) < 50_000
    inline = re.findall(rb"<script(?![^>]*\bsrc=)[^>]*>", files["status/index.html"][0])
    assert inline == []


def test_every_document_of_the_api_is_published_and_routed(page):
    from statuspage.urls import DOCUMENTS

    assert set(api_v2.documents(everything()[0])) | {"history.atom", "history.rss"} == set(DOCUMENTS)


def test_the_banner_moves_with_the_incident_and_asks_no_database(page, client, django_assert_num_queries, drain):
    """SP-01"""
    from django.test import RequestFactory

    from statuspage.views.banner import banner

    def shown(path: str = "/portal/sign-in/") -> str:
        memory.invalidate()
        with django_assert_num_queries(0):
            return banner(RequestFactory().get(path))

    assert shown() == ""
    summary = declare("Mail is <late>")
    drain()
    assert "Mail is &lt;late&gt;" in shown()
    assert "/status/" in shown()
    assert shown("/status/subscribe/") == ""
    other = declare("Video is down", telehealth="major_outage")
    drain()
    assert "Video is down" in shown()
    assert "one more problem" in shown()

    for row in (summary, other):
        incidents.resolve(incident_id=row.id, body="Done.", by=OMAR)
    drain()
    assert shown() == ""


@pytest.mark.parametrize("address", ["/portal/sign-in/", "/help/contact/", "/"])
def test_sp_01_the_banner_stands_on_the_doors_of_the_house(page, client, drain, address):
    declare("Mail is late")
    drain()
    memory.invalidate()

    assert b"Mail is late" in client.get(address).content


@pytest.mark.parametrize("rows", [1, 3])
def test_facts_cost_the_same_for_one_and_three(page, rows, django_assert_num_queries):
    for number in range(rows):
        declare(f"Problem {number}", telehealth="partial_outage", ehr="major_outage")

    # page, components with groups, intervals, incidents, updates, claims with components, groups
    with django_assert_num_queries(10):
        everything()
