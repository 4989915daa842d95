"""Page, API, feeds and banner are drawn from one derived view: none can say something else (uptime-kuma #908)."""

import contextlib
import datetime as dt
import json
import re
from html.parser import HTMLParser
from typing import Any

import feedparser
import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from portal_core.kernel import clock
from portal_core.kernel.errors import AppError
from statuspage.actions import components, incidents, maintenances, snapshots
from statuspage.enums import ComponentStatus
from statuspage.models import Component, ComponentGroup, Incident
from statuspage.snapshot import machine, memory, render
from tests.statuspage import reference
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
    """Hold every view against the reference."""
    view, files = everything()
    api = documents(files)
    page = str(Text(files["status/index.html"][0]))
    indicator, sentence = reference.whole()
    opened = reference.ids(kind="incident", status__in=reference.OPEN)
    begun = reference.ids(kind="maintenance", status__in=reference.BEGUN)
    coming = reference.ids(kind="maintenance", status="scheduled")

    # page, badge and banner
    assert reference.headline() in page
    assert ("No ongoing issues" in page) == (indicator == "none" and not opened)
    for row in Incident.objects.exclude(status__in=["resolved", "postmortem", "completed"]):
        assert row.name in page
    badge = str(Text(files["status/badge.svg"][0]))
    assert ("Operational" if reference.headline() == "No ongoing issues" else reference.headline()) in badge
    assert {row["id"] for row in snapshots.summary(view)["incidents"]} == opened
    assert snapshots.summary(view)["indicator"] == indicator

    # API
    for path in ("api/v2/summary.json", "api/v2/status.json"):
        assert api[path]["status"] == {"indicator": indicator, "description": sentence}
    for path in ("api/v2/summary.json", "api/v2/components.json"):
        rows = api[path]["components"]
        assert {row["id"]: row["status"] for row in rows if not row["group"]} == reference.components()
        told = {row["id"]: (row["status"], set(row["components"])) for row in rows if row["group"]}
        assert told == reference.groups()
    events = {
        "incidents": reference.ids(kind="incident"),
        "incidents/unresolved": opened,
        "scheduled-maintenances": reference.ids(kind="maintenance"),
        "scheduled-maintenances/active": begun,
        "scheduled-maintenances/upcoming": coming,
    }
    for name, expected in events.items():
        rows = api[f"api/v2/{name}.json"]["incidents" if name.startswith("incidents") else "scheduled_maintenances"]
        assert {row["id"] for row in rows} == expected, name
        assert {row["id"]: row["impact"] for row in rows}.items() <= reference.impacts().items()
    assert {row["id"] for row in api["api/v2/summary.json"]["incidents"]} == opened
    assert {row["id"] for row in api["api/v2/summary.json"]["scheduled_maintenances"]} == begun | coming

    # feeds
    for name in ("history.atom", "history.rss"):
        feed = feedparser.parse(files[name][0])
        assert [(entry.title, state(entry)) for entry in feed.entries] == reference.entries(), name
    assert [row["title"] for row in json.loads(files["history.json"][0])["items"]] == [
        name for name, _state in reference.entries()
    ]

    # calendars
    told = {
        str(row["UID"]).split("@")[0]: (row["SEQUENCE"], str(row["STATUS"]), row.start, row.end)
        for row in Calendar.from_ical(files["maintenance.ics"][0]).walk("VEVENT")
    }
    assert told == reference.calendar()
    assert {path.split("/")[2] for path in files if path.endswith("/maintenance.ics")} == set(reference.components())


def state(entry: Any) -> str:
    """The way readers of Statuspage's feeds find it: the first <strong>."""
    html = entry.content[0].value if "content" in entry else entry.summary
    found = re.search(r"<strong>([^<]*)</strong>", html)
    return found[1] if found else ""


class Operator:
    """Does what Hypothesis chose, as far as it can be done; a refusal must leave everything as it was."""

    def __init__(self, start: dt.datetime) -> None:
        self.now, self.number = start, 0

    def do(self, verb: str, pick: int, status: str) -> None:
        self.number += 1
        self.now += dt.timedelta(minutes=7)
        with time_machine.travel(self.now, tick=False), contextlib.suppress(AppError):
            getattr(self, verb)(pick, status)

    def _parts(self, pick: int) -> list[str]:
        rows = list(Component.objects.filter(retired_at=None).order_by("pk").values_list("public_id", flat=True))
        return [row for place, row in enumerate(rows) if pick >> place & 1]

    def _part(self, pick: int) -> str:
        rows = Component.objects.filter(retired_at=None).order_by("pk").values_list("public_id", flat=True)
        return list(rows)[pick % len(rows)]

    def _group(self, pick: int) -> str:
        rows = ["", *ComponentGroup.objects.order_by("pk").values_list("public_id", flat=True)]
        return rows[pick % len(rows)]

    def _event(self, kind: str, pick: int) -> str:
        rows = list(Incident.objects.filter(kind=kind).order_by("pk").values_list("public_id", flat=True))
        return rows[pick % len(rows)] if rows else "none"

    def declare(self, pick: int, status: str) -> None:
        incidents.declare(
            name=f"P{self.number}", body="b", components=dict.fromkeys(self._parts(pick), status), by=OMAR,
            key=f"d{self.number}", impact_override="minor" if pick % 7 == 0 else "",
        )  # fmt: skip

    def update(self, pick: int, status: str) -> None:
        incidents.post_update(
            incident_id=self._event("incident", pick), status=reference.OPEN[pick % 3], body="u",
            components=dict.fromkeys(self._parts(pick), status), by=OMAR,
        )  # fmt: skip

    def resolve(self, pick: int, status: str) -> None:
        incidents.resolve(incident_id=self._event("incident", pick), body="r", by=OMAR)

    def schedule(self, pick: int, status: str) -> None:
        begin = self.now + dt.timedelta(minutes=5 + pick)
        maintenances.schedule(
            name=f"M{self.number}", body="m", component_ids=self._parts(pick), scheduled_for=begin,
            scheduled_until=begin + dt.timedelta(minutes=11), component_status=status if pick % 2 else "",
            by=OMAR, key=f"s{self.number}",
        )  # fmt: skip

    def work(self, pick: int, status: str) -> None:
        maintenances.post_update(
            incident_id=self._event("maintenance", pick), status=["in_progress", "verifying", "completed"][pick % 3],
            body="w", by=OMAR,
        )  # fmt: skip

    def reschedule(self, pick: int, status: str) -> None:
        begin = self.now + dt.timedelta(hours=1 + pick)
        maintenances.reschedule(
            incident_id=self._event("maintenance", pick), scheduled_for=begin,
            scheduled_until=begin + dt.timedelta(hours=1), body="later", by=OMAR, key=f"r{self.number}",
        )  # fmt: skip

    def cancel(self, pick: int, status: str) -> None:
        maintenances.cancel(
            incident_id=self._event("maintenance", pick), body="off", by=OMAR, key=f"c{self.number}"
        )  # fmt: skip

    def clock(self, pick: int, status: str) -> None:
        maintenances.run_due()

    def set_state(self, pick: int, status: str) -> None:
        components.set_state(component_id=self._part(pick), status=status, by=OMAR)

    def add_part(self, pick: int, status: str) -> None:
        components.create(name=f"C{self.number}", group_id=self._group(pick), by=OMAR)

    def move_part(self, pick: int, status: str) -> None:
        components.move(component_id=self._part(pick), group_id=self._group(pick), position=pick % 3, by=OMAR)

    def retire_part(self, pick: int, status: str) -> None:
        components.retire(component_id=self._part(pick), by=OMAR)

    def add_group(self, pick: int, status: str) -> None:
        group = components.create_group(name=f"G{self.number}", by=OMAR)
        components.move(component_id=self._part(pick), group_id=group, position=1, by=OMAR)

    def remove_group(self, pick: int, status: str) -> None:
        components.remove_group(group_id=self._group(pick), by=OMAR)


VERBS = [name for name in vars(Operator) if not name.startswith("_") and name != "do"]
STEP = st.tuples(st.sampled_from(VERBS), st.integers(0, 63), st.sampled_from(ComponentStatus.values))


@settings(
    max_examples=8, deadline=None, database=None, derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
)  # fmt: skip
@example(steps=[("declare", 7, "operational")])
@example(
    steps=[
        ("schedule", 3, "under_maintenance"),
        ("clock", 0, "operational"),
        ("clock", 0, "operational"),
        ("clock", 0, "operational"),
    ]
)
@given(steps=st.lists(STEP, min_size=2, max_size=7))
def test_any_sequence_of_operations_leaves_every_view_agreeing(page, steps):
    """SP-01, SP-03, SP-04: incidents, maintenances, components and groups in any order; page, API, feeds, calendars,
    badge and banner say the same."""
    before = transaction.savepoint()
    try:
        operator = Operator(dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC))
        for step in steps:
            operator.do(*step)
            with time_machine.travel(operator.now, tick=False):
                agree()
    finally:
        transaction.savepoint_rollback(before)


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


@pytest.mark.parametrize(
    ("state", "override", "shown"),
    [
        ("under_maintenance", "critical", {"indicator": "critical", "description": "Major System Outage"}),
        ("degraded_performance", "major", {"indicator": "major", "description": "Partial System Outage"}),
        ("partial_outage", "none", {"indicator": "minor", "description": "Minor Service Outage"}),
    ],
)
def test_the_worse_of_incidents_and_parts_is_shown(page, state, override, shown):
    """SP-03, SP-04: work on one part, or a slow one, does not hide what is wrong elsewhere."""
    components.set_state(component_id=component("ehr").public_id, status=state, by=OMAR)
    incidents.declare(name="Phones", body="b", components={}, impact_override=override, by=OMAR, key="k")

    assert documents(everything()[1])["api/v2/status.json"]["status"] == shown
    agree()


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

    published = {path for path in machine.files(everything()[0]) if not path.startswith("status/components/")}
    assert published == set(DOCUMENTS)


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

    # page; response times; components with groups, intervals, ways; incidents, updates, wordings, claims with their
    # components; maintenances; groups
    with django_assert_num_queries(11):
        everything()
