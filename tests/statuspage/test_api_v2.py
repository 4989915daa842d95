"""The public API, field by field, against research/statuspage.md §2.2 to §2.4."""

import datetime as dt
import json
import re
from zoneinfo import ZoneInfo

import feedparser
import pytest
import time_machine

from portal_core.kernel import clock
from statuspage.actions import components, incidents, maintenances, postmortems
from statuspage.contracts import IncidentSummary
from statuspage.models import EntryPoint, Page
from statuspage.rules.api_v2 import moment
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, declare

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)")
PAGE = {"id": str, "name": str, "url": str, "time_zone": str, "updated_at": MOMENT}
STATUS = {"indicator": str, "description": str}
COMPONENT = {
    "id": str, "name": str, "status": str, "created_at": MOMENT, "updated_at": MOMENT, "position": int,
    "description": (str, None), "showcase": bool, "start_date": (re.compile(r"\d{4}-\d\d-\d\d"), None),
    "group_id": (str, None), "page_id": str, "group": bool, "only_show_if_degraded": bool,
}  # fmt: skip
AFFECTED = {"code": str, "name": str, "old_status": str, "new_status": str}
UPDATE = {
    "id": str, "status": str, "body": str, "incident_id": str, "created_at": MOMENT, "updated_at": MOMENT,
    "display_at": MOMENT, "affected_components": ([AFFECTED], None), "deliver_notifications": bool,
    "custom_tweet": None, "tweet_id": None,
}  # fmt: skip
INCIDENT = {
    "id": str, "name": str, "status": str, "created_at": MOMENT, "updated_at": MOMENT, "monitoring_at": (MOMENT, None),
    "resolved_at": (MOMENT, None), "impact": str, "shortlink": str, "started_at": MOMENT, "page_id": str,
    "incident_updates": [UPDATE], "components": [COMPONENT], "reminder_intervals": None,
}  # fmt: skip
MAINTENANCE = {**INCIDENT, "scheduled_for": MOMENT, "scheduled_until": MOMENT}
SHAPES = {
    "summary": {
        "page": PAGE, "components": [COMPONENT], "incidents": [INCIDENT], "scheduled_maintenances": [MAINTENANCE],
        "status": STATUS,
    },
    "status": {"page": PAGE, "status": STATUS},
    "components": {"page": PAGE, "components": [COMPONENT]},
    "incidents": {"page": PAGE, "incidents": [INCIDENT]},
    "incidents/unresolved": {"page": PAGE, "incidents": [INCIDENT]},
    "scheduled-maintenances": {"page": PAGE, "scheduled_maintenances": [MAINTENANCE]},
    "scheduled-maintenances/upcoming": {"page": PAGE, "scheduled_maintenances": [MAINTENANCE]},
    "scheduled-maintenances/active": {"page": PAGE, "scheduled_maintenances": [MAINTENANCE]},
}  # fmt: skip


def fits(value: object, shape: object, where: str) -> None:
    if isinstance(shape, tuple):
        if value is None:
            assert None in shape, where
            return
        shape = shape[0]
    if isinstance(shape, dict):
        assert isinstance(value, dict), where
        extra = {"components"} if value.get("group") is True else set()
        assert set(value) - extra == set(shape), where
        for key, inner in shape.items():
            fits(value[key], inner, f"{where}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), where
        for place, item in enumerate(value):
            fits(item, shape[0], f"{where}[{place}]")
    elif isinstance(shape, re.Pattern):
        assert isinstance(value, str), where
        assert shape.fullmatch(value), f"{where}: {value}"
    elif shape is None:
        assert value is None, where
    else:
        assert type(value) is shape, f"{where}: {value!r}"


def schedule(name: str, *slugs: str, days: int = 3) -> IncidentSummary:
    begin = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    return maintenances.schedule(
        name=name, body="Short breaks.", component_ids=[component(slug).public_id for slug in slugs],
        scheduled_for=begin, scheduled_until=begin + dt.timedelta(hours=2), by=OMAR, key=name,
    )  # fmt: skip


def get(client, name: str) -> dict:
    answer = client.get(f"/api/v2/{name}.json")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert answer["Access-Control-Allow-Origin"] == "*"
    return json.loads(answer.content)


@pytest.mark.parametrize("name", SHAPES)
def test_every_field_of_every_document_has_the_right_name_and_type(page, client, name):
    first = declare(telehealth="major_outage")
    incidents.post_update(
        incident_id=first.id,
        status="monitoring",
        body="Watching.",
        components={},
        by=OMAR,
    )
    incidents.resolve(incident_id=first.id, body="Done.", by=OMAR)
    declare("Phones", ehr="partial_outage")
    incidents.declare(name="No part", body="x", components={}, by=OMAR, key="n")
    schedule("Coming", "calendar-sync")
    maintenances.post_update(incident_id=schedule("Begun").id, status="in_progress", body="x", by=OMAR)
    maintenances.cancel(incident_id=schedule("Off").id, body="x", by=OMAR, key="x")

    fits(get(client, name), SHAPES[name], name)


def test_the_values_are_those_of_the_moment(page, client):
    then = (clock.now() + dt.timedelta(days=1)).replace(hour=19, minute=5, second=7, microsecond=250_000)
    with time_machine.travel(then, tick=False):
        summary = declare("Late mail", telehealth="major_outage")
        body = get(client, "summary")

    group, portal, telehealth = body["components"][:3]
    assert (group["name"], group["group"], group["status"], group["group_id"]) == (
        "For patients",
        True,
        "major_outage",
        None,
    )
    assert group["components"][:2] == [portal["id"], telehealth["id"]]
    assert (telehealth["status"], telehealth["group_id"], telehealth["position"]) == (
        "major_outage",
        group["id"],
        2,
    )
    in_new_york = then.astimezone(ZoneInfo("America/New_York"))
    assert telehealth["updated_at"] == in_new_york.isoformat(timespec="milliseconds")
    incident = body["incidents"][0]
    assert (incident["id"], incident["impact"], incident["status"]) == (
        summary.id,
        "critical",
        "investigating",
    )
    assert incident["shortlink"] == f"http://testserver/status/incidents/{summary.id}/"
    assert [row["id"] for row in incident["components"]] == [telehealth["id"]]
    assert incident["incident_updates"][0]["affected_components"] == [
        {
            "code": telehealth["id"],
            "name": "For patients - Telehealth",
            "old_status": "operational",
            "new_status": "major_outage",
        }
    ]
    assert body["status"] == {
        "indicator": "major",
        "description": "Partial System Outage",
    }
    assert body["page"]["id"] == Page.objects.get().public_id


def test_a_maintenance_goes_through_the_lists(page, client):
    """Upcoming, active, done; what is called off is done as well, and stays in the list of all."""

    def lists() -> dict[str, list[tuple[str, str]]]:
        paths = {"all": "", "upcoming": "/upcoming", "active": "/active"}
        found = {key: get(client, f"scheduled-maintenances{tail}") for key, tail in paths.items()}
        found["summary"] = get(client, "summary")
        return {
            key: [(row["name"], row["status"]) for row in body["scheduled_maintenances"]] for key, body in found.items()
        }

    with time_machine.travel("2026-11-22 19:05:07.250Z", tick=False):
        later, soon = schedule("Later", "ehr", days=9), schedule("Soon", "ehr")
        rows = get(client, "scheduled-maintenances/upcoming")["scheduled_maintenances"]
        assert [(row["impact"], row["scheduled_for"], row["scheduled_until"]) for row in rows] == [
            (
                "maintenance",
                "2026-11-25T14:05:07.250-05:00",
                "2026-11-25T16:05:07.250-05:00",
            ),
            (
                "maintenance",
                "2026-12-01T14:05:07.250-05:00",
                "2026-12-01T16:05:07.250-05:00",
            ),
        ]
        maintenances.post_update(incident_id=soon.id, status="in_progress", body="x", by=OMAR)
        status = get(client, "status")["status"]
        both = [("Soon", "in_progress"), ("Later", "scheduled")]
        assert lists() == {
            "all": both[::-1],
            "upcoming": both[1:],
            "active": both[:1],
            "summary": both,
        }
        assert status == {
            "indicator": "maintenance",
            "description": "Service Under Maintenance",
        }
        maintenances.post_update(incident_id=soon.id, status="verifying", body="x", by=OMAR)
        assert lists()["active"] == [("Soon", "verifying")]
        maintenances.post_update(incident_id=soon.id, status="completed", body="x", by=OMAR)
        maintenances.cancel(incident_id=later.id, body="x", by=OMAR, key="c")
        done = [("Later", "completed"), ("Soon", "completed")]
        assert lists() == {"all": done, "upcoming": [], "active": [], "summary": []}
        assert get(client, "status")["status"]["indicator"] == "none"
        assert get(client, "incidents")["incidents"] == []


def test_a_reminder_is_for_subscribers_and_not_in_the_history(page, client):
    with time_machine.travel("2026-11-22 19:00:00Z", tick=False) as clock:
        schedule("Soon", "ehr", days=1)
        clock.move_to("2026-11-23 18:30:00Z")
        assert maintenances.run_due() == 1

    row = get(client, "scheduled-maintenances")["scheduled_maintenances"][0]
    assert [update["body"] for update in row["incident_updates"]] == ["Short breaks."]


def test_the_lists_hold_the_fifty_most_recent_and_every_open_one(page, client):
    with time_machine.travel("2026-11-22 19:00:00Z", tick=False) as clock:
        old = incidents.declare(name="Old", body="x", components={}, by=OMAR, key="old")
        for number in range(51):
            clock.shift(60)
            done = incidents.declare(name=f"P{number}", body="x", components={}, by=OMAR, key=f"k{number}")
            incidents.resolve(incident_id=done.id, body="x", by=OMAR)

    names = [row["name"] for row in get(client, "incidents")["incidents"]]
    assert names == [f"P{number}" for number in range(50, 0, -1)]
    assert [row["id"] for row in get(client, "incidents/unresolved")["incidents"]] == [old.id]
    assert [row["id"] for row in get(client, "summary")["incidents"]] == [old.id]
    # A feed is shorter, and keeps what is open for the same reason.
    titles = [entry.title for entry in feedparser.parse(client.get("/history.atom").content).entries]
    assert titles == [*names[:25], "Old"]


def test_a_postmortem_is_an_update_of_a_finished_incident(page, client):
    summary = declare()
    incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR)
    postmortems.save(incident_id=summary.id, body="It was the queue.", by=OMAR)
    assert get(client, "incidents")["incidents"][0]["status"] == "resolved"
    postmortems.publish(incident_id=summary.id, deliver=False, by=OMAR, key="p")

    row = get(client, "incidents")["incidents"][0]
    assert row["status"] == "postmortem"
    assert row["resolved_at"] is not None
    assert [update["status"] for update in row["incident_updates"]] == [
        "postmortem",
        "resolved",
        "investigating",
    ]
    assert get(client, "incidents/unresolved")["incidents"] == []


def test_a_correction_shows_in_words_and_time(page, client):
    """The same update, other words: readers of the API and the feeds notice by `updated_at`."""
    with time_machine.travel("2026-11-22 19:00:00Z", tick=False) as clock:
        summary = declare()
        clock.move_to("2026-11-22 19:10:00Z")
        incidents.correct(update_id=summary.update_id, body="We are on it.", by=OMAR)

    row = get(client, "incidents")["incidents"][0]
    update = row["incident_updates"][0]
    assert (update["id"], update["body"]) == (summary.update_id, "We are on it.")
    assert (update["created_at"][11:16], update["updated_at"][11:16], row["updated_at"][11:16]) == (
        "14:00", "14:10", "14:10",
    )  # fmt: skip
    entry = feedparser.parse(client.get("/history.atom").content).entries[0]
    assert tuple(entry.updated_parsed)[3:5] == (19, 10)


def test_sp_05_an_affected_component_says_what_to_do_instead(page, client):
    """SP-05, TH-31: only while it is affected, and only what is not known to fail."""
    part = component("telehealth")
    for place, (title, health) in enumerate(
        [("Old room", "failing"), ("Dial in", "unknown"), ("Direct link", "working")]
    ):
        EntryPoint.objects.create(
            component=part,
            kind="link",
            title=title,
            target="https://v.test/",
            health=health,
            position=place,
        )

    def by_name():
        return {row["name"]: row for row in get(client, "components")["components"]}

    assert "alternatives" not in by_name()["Telehealth"]
    declare(telehealth="partial_outage")

    assert by_name()["Telehealth"]["alternatives"] == [
        {"kind": "link", "title": title, "target": "https://v.test/", "text": None}
        for title in ("Direct link", "Dial in")
    ]
    assert "alternatives" not in by_name()["EHR"]


def test_a_component_only_shown_when_it_is_not_well_says_so(page, client):
    part = component("ehr")
    components.edit(component_id=part.public_id, name="EHR", only_show_if_degraded=True, by=OMAR)

    rows = {row["name"]: row["only_show_if_degraded"] for row in get(client, "components")["components"]}
    assert (rows["EHR"], rows["Telehealth"]) == (True, False)


def test_an_update_without_components_says_null(page, client):
    incidents.declare(name="No part", body="x", components={}, by=OMAR, key="n")

    update = get(client, "incidents")["incidents"][0]["incident_updates"][0]
    assert update["affected_components"] is None


def test_updates_stand_newest_first(page, client):
    summary = declare()
    incidents.post_update(
        incident_id=summary.id,
        status="identified",
        body="Found.",
        components={},
        by=OMAR,
    )

    updates = get(client, "incidents/unresolved")["incidents"][0]["incident_updates"]
    assert [row["status"] for row in updates] == ["identified", "investigating"]


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Etc/UTC", "2026-07-01T12:00:00.000Z"),
        ("UTC", "2026-07-01T12:00:00.000Z"),
        ("America/Los_Angeles", "2026-07-01T05:00:00.000-07:00"),
        ("Europe/London", "2026-07-01T13:00:00.000+01:00"),
        ("Asia/Kathmandu", "2026-07-01T17:45:00.000+05:45"),
    ],
)
def test_moments_carry_milliseconds_and_an_offset(zone, text):
    assert moment(dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC), zone) == text


def test_strange_paths_under_the_api_are_json_404s(page, client):
    answer = client.get("/api/v2/nothing.json")

    assert answer.status_code == 404
    assert json.loads(answer.content)["error"]["code"] == "not_found"


def test_the_api_cannot_be_written(page, client):
    assert client.post("/api/v2/summary.json").status_code == 405


@pytest.mark.parametrize("name", ["history.atom", "history.rss"])
def test_the_feeds_are_read_by_an_independent_reader(page, client, name):
    with time_machine.travel("2026-11-22 19:05:07Z", tick=False) as clock:
        summary = declare("Mail & <more>", telehealth="major_outage")
        clock.move_to("2026-11-22 19:15:00Z")
        incidents.post_update(
            incident_id=summary.id,
            status="investigating",
            body="Still <b>looking</b> & looking.",
            components={},
            by=OMAR,
        )
        clock.move_to("2026-11-22 19:30:00Z")
        incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR)
    answer = client.get(f"/{name}")
    feed = feedparser.parse(answer.content)

    assert not feed.bozo
    assert feed.feed.title == "Larkfield Status - Incident History"
    entry = feed.entries[0]
    html = entry.content[0].value if name.endswith("atom") else entry.summary
    # One entry per incident, revised in place; the state is the first <strong>.
    assert len(feed.entries) == 1
    assert entry.link == f"http://testserver/status/incidents/{summary.id}/"
    assert re.findall(r"<strong>(\w+)</strong>", html) == [
        "Resolved",
        "Update",
        "Investigating",
    ]
    assert "Still &lt;b&gt;looking&lt;/b&gt; &amp; looking." in html
    stamp = entry.updated_parsed if name.endswith("atom") else entry.published_parsed
    assert tuple(stamp)[:5] == (2026, 11, 22, 19, 30)


@pytest.mark.parametrize("name", ["history.atom", "history.rss"])
def test_the_feeds_tell_of_maintenances_too(page, client, name):
    """One entry, its state in the first <strong>, its window in the page's time."""
    with time_machine.travel("2026-11-22 19:00:00Z", tick=False) as clock:
        summary = schedule("New switch", "ehr")
        clock.move_to("2026-11-22 19:10:00Z")
        declare("Late mail")
        clock.move_to("2026-11-25 19:00:00Z")
        maintenances.post_update(incident_id=summary.id, status="in_progress", body="We begin.", by=OMAR)
    raw = client.get(f"/{name}").content
    feed = feedparser.parse(raw)

    assert [entry.title for entry in feed.entries] == ["Late mail", "New switch"]
    entry = feed.entries[1]
    html = entry.content[0].value if name.endswith("atom") else entry.summary
    assert re.findall(r"<strong>([^<]+)</strong>", html) == ["In progress", "Scheduled"]
    assert re.sub(r"<[^>]+>", "", html).endswith("Planned for Nov 25, 14:00 - 16:00 EST")
    assert entry.link == f"http://testserver/status/incidents/{summary.id}/"


def test_the_atom_feed_names_itself_the_way_statuspage_does(page, client):
    summary = declare()
    text = client.get("/history.atom").content.decode()

    assert "<id>tag:testserver,2005:/history</id>" in text
    assert re.search(r"<id>tag:testserver,2005:Incident/\d+</id>", text)
    assert 'href="http://testserver/history.atom"' in text
    assert summary.id in text


def test_control_characters_cannot_break_the_feeds(page, client):
    incidents.declare(
        name="Odd",
        body="a\x0bb\x1fc \ufffe end",
        components={component("ehr").public_id: "major_outage"},
        by=OMAR,
        key="k",
    )

    assert not feedparser.parse(client.get("/history.atom").content).bozo
    assert not feedparser.parse(client.get("/history.rss").content).bozo
