"""SP-05, TH-31 to TH-34, OP-02: what to do instead, each way with a health of its own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import time_machine

from portal_core.kernel import clock
from statuspage import tasks
from statuspage.actions import entry_points, measurements, snapshots
from statuspage.enums import EntryPointHealth
from statuspage.errors import ComponentUnknown, EntryPointGone, EntryPointUnusable
from statuspage.models import EntryPoint, Measurement, Snapshot
from statuspage.rules.probing import judge
from statuspage.snapshot import store
from tests.statuspage.conftest import INES, OMAR
from tests.statuspage.factories import audit_actions, component

UNKNOWN, WORKING, FAILING = EntryPointHealth.UNKNOWN, EntryPointHealth.WORKING, EntryPointHealth.FAILING


def save(slug: str = "telehealth", **fields: str) -> str:
    values = {"kind": "link", "title": "Open the waiting room directly", "target": "/telehealth/me/", **fields}
    return entry_points.save(component_id=component(slug).public_id, by=OMAR, **values)


def ways(slug: str = "telehealth") -> list[str]:
    return [row.title for row in component(slug).entry_points.all()]


def test_a_way_is_added_changed_published_and_written_down(page):
    """SP-05, TH-31"""
    way = save()
    entry_points.save(
        component_id=component("telehealth").public_id, entry_point_id=way, kind="phone", title="Call us",
        target="+1 555 010 0100", text="Ask for the front desk.", by=INES,
    )  # fmt: skip

    row = EntryPoint.objects.get()
    assert (row.kind, row.title, row.target, row.text) == (
        "phone", "Call us", "+1 555 010 0100", "Ask for the front desk.",
    )  # fmt: skip
    assert audit_actions() == ["entry_point:add", "entry_point:change"]
    assert Snapshot.objects.filter(cause=f"entry-point:{way}").count() == 2
    snapshots.write_pending()
    (facts,) = (row for row in json.loads(store.facts_text())["components"] if row["slug"] == "telehealth")
    assert [point["title"] for point in facts["entry_points"]] == ["Call us"]


@pytest.mark.parametrize(
    "fields",
    [
        {"title": " "},
        {"title": "x" * 121},
        {"text": "x" * 501},
        {"kind": "fax"},
        {"target": ""},
        {"target": "javascript:alert(1)"},
        {"target": "http://plain.example/"},
        {"target": "//elsewhere.example/"},
        {"target": "/with space"},
        {"kind": "phone", "target": "call us"},
        {"kind": "text", "target": "https://example.org/"},
        {"check_url": "ftp://example.org/"},
        {"check_url": "http://169.254.169.254/"},
    ],
)
def test_what_readers_could_not_use_is_refused(page, fields):
    with pytest.raises(EntryPointUnusable):
        save(**fields)

    assert not EntryPoint.objects.exists()
    assert audit_actions() == []


def test_order_removal_and_who_comes_too_late(page):
    first, second, third = (save(title=title) for title in ("One", "Two", "Three"))
    own = component("telehealth").public_id
    entry_points.reorder(component_id=own, entry_point_ids=[third, first, second], by=OMAR)
    assert ways() == ["Three", "One", "Two"]

    entry_points.remove(entry_point_id=first, by=OMAR)

    assert ways() == ["Three", "Two"]
    with pytest.raises(EntryPointGone):
        entry_points.remove(entry_point_id=first, by=INES)
    with pytest.raises(EntryPointGone):
        entry_points.reorder(component_id=own, entry_point_ids=[third, first, second], by=INES)
    other = save("ehr")
    with pytest.raises(EntryPointGone):  # a way of another part is not reached through this one
        save("telehealth", entry_point_id=other)
    with pytest.raises(ComponentUnknown):
        entry_points.reorder(component_id="nobody", entry_point_ids=[], by=OMAR)
    assert ways() == ["Three", "Two"]


def test_no_more_than_eight(page):
    for number in range(8):
        save(title=str(number))
    with pytest.raises(EntryPointUnusable):
        save(title="One too many")


# --- judgement ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answers", "health"),
    [
        ("", UNKNOWN),
        ("+", WORKING),
        ("--", UNKNOWN),
        ("---", FAILING),
        ("+--", WORKING),
        ("+--+--", WORKING),
        ("+---", FAILING),
        ("---+", FAILING),
        ("---++", WORKING),
        ("---+-+", FAILING),
        ("---+-++", WORKING),
        ("-----++---", FAILING),
    ],
)
def test_three_failures_two_successes(answers, health):
    state: tuple[str, int] = (UNKNOWN, 0)
    for answer in answers:
        state = judge(*state, ok=answer == "+")

    assert state[0] == health


# --- the prober ---------------------------------------------------------------------------------
class Site(BaseHTTPRequestHandler):
    answers: dict[str, int] = {}

    def do_GET(self) -> None:
        self.send_response(self.answers[self.path])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(settings) -> Iterator[dict[str, int]]:
    """Our own site, as PUBLIC_URL says it is: path → status."""
    answers: dict[str, int] = {}
    server = HTTPServer(("127.0.0.1", 0), type("Bound", (Site,), {"answers": answers}))
    runner = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    runner.start()
    settings.PUBLIC_URL = f"http://127.0.0.1:{server.server_port}"
    yield answers
    server.shutdown()
    runner.join()
    server.server_close()


def test_a_way_that_fails_three_times_is_published_as_failing_and_back_after_two(page, site):
    way = save(check_url="/telehealth/")
    unchecked = save(title="Use the link in your calendar entry", kind="text", target="")
    Snapshot.objects.all().delete()
    site["/telehealth/"] = 302
    history = []
    for status in (302, 500, 500, 500, 500, 200, 200):
        site["/telehealth/"] = status
        tasks.probe_entry_points()
        history.append((EntryPoint.objects.get(public_id=way).health, Snapshot.objects.count()))

    assert history == [
        (WORKING, 1), (WORKING, 1), (WORKING, 1), (FAILING, 2), (FAILING, 2), (FAILING, 2), (WORKING, 3),
    ]  # fmt: skip
    assert EntryPoint.objects.get(public_id=unchecked).health == UNKNOWN
    assert EntryPoint.objects.get(public_id=unchecked).checked_at is None


def test_nobody_there_and_addresses_inside_count_as_failures(page, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    own, inside = save(check_url="/telehealth/"), save(title="Other", check_url="https://10.0.0.1/")
    for _ in range(3):
        tasks.probe_entry_points()

    assert set(EntryPoint.objects.values_list("public_id", "health")) == {(own, FAILING), (inside, FAILING)}


def test_an_answer_about_an_old_address_is_dropped(page):
    way = save(check_url="/old/")
    row = EntryPoint.objects.get(public_id=way)
    save(entry_point_id=way, check_url="/new/")

    assert entry_points.note_answers({row.pk: ("/old/", True)}, at=clock.now()) == 0
    assert EntryPoint.objects.get(public_id=way).health == UNKNOWN


def test_a_changed_address_is_not_known_to_work(page):
    way = save(check_url="/old/")
    entry_points.note_answers({EntryPoint.objects.get(public_id=way).pk: ("/old/", True)}, at=clock.now())
    save(entry_point_id=way, check_url="/old/", text="More words")
    assert EntryPoint.objects.get(public_id=way).health == WORKING

    save(entry_point_id=way, check_url="/new/")

    assert EntryPoint.objects.get(public_id=way).health == UNKNOWN


def test_without_addresses_nothing_is_asked_and_nothing_locked(page, django_assert_num_queries):
    save()
    with django_assert_num_queries(2):  # old response times, addresses
        assert tasks.probe_entry_points() == 0


# --- response times -----------------------------------------------------------------------------
def test_response_times_are_kept_for_two_days(page):
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False):
        measurements.record({"telehealth": 12.4, "ehr": None, "no-such-part": 1.0}, at=clock.now())
    with time_machine.travel("2026-11-22T09:59:00Z", tick=False):
        assert measurements.prune() == 0
    rows = Measurement.objects.values_list("component__slug", "milliseconds")
    assert set(rows) == {("telehealth", 12), ("ehr", None)}
    with time_machine.travel("2026-11-22T10:01:00Z", tick=False):
        assert measurements.prune() == 2
