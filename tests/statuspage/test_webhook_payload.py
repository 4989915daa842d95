"""The webhook event, field by field, against research/statuspage.md §2.6."""

import datetime as dt
import json

import pytest
import time_machine

from statuspage.actions import components, incidents, maintenances
from statuspage.actions.snapshots import view_at
from statuspage.models import Incident
from statuspage.rules import webhook_payload
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, declare

AT = dt.datetime(2026, 11, 22, 19, 5, 7, 250_000, tzinfo=dt.UTC)
MANAGE = {
    "backfilled", "impact_override", "postmortem_body", "postmortem_body_last_updated_at", "postmortem_ignored",
    "postmortem_notified_subscribers", "postmortem_notified_twitter", "postmortem_published_at", "scheduled_for",
    "scheduled_until", "scheduled_remind_prior", "scheduled_reminded_at", "scheduled_auto_in_progress",
    "scheduled_auto_completed",
}  # fmt: skip
PUBLIC = {
    "id", "name", "status", "created_at", "updated_at", "monitoring_at", "resolved_at", "impact", "shortlink",
    "started_at", "page_id", "incident_updates", "components", "reminder_intervals",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _at():
    with time_machine.travel(AT, tick=False):
        yield


def view():
    return view_at(AT, 1)


def event(incident_id: str, update_id: str = "") -> dict:
    now = view()
    row = next(row for row in (*now.incidents, *now.maintenances) if row.facts.id == incident_id)
    return webhook_payload.incident(row, now, update_id=update_id, at=AT)


def test_an_incident_has_the_manage_form(page):
    """SP-02"""
    summary = declare("Late mail", telehealth="major_outage")
    body = event(summary.id)

    assert set(body) == {"meta", "page", "incident"}
    assert body["meta"] == {
        "unsubscribe": "{unsubscribe}",
        "documentation": "http://testserver/status/api/",
        "generated_at": "2026-11-22T14:05:07.250-05:00",
    }
    assert body["page"] == {
        "id": page.public_id,
        "status_indicator": "major",
        "status_description": "Partial System Outage",
    }
    assert set(body["incident"]) == PUBLIC | MANAGE
    assert {name: body["incident"][name] for name in MANAGE} == {
        **dict.fromkeys(MANAGE),
        "backfilled": False, "postmortem_ignored": False, "postmortem_notified_subscribers": False,
        "postmortem_notified_twitter": False, "scheduled_remind_prior": False, "scheduled_auto_in_progress": False,
        "scheduled_auto_completed": False,
    }  # fmt: skip
    update = body["incident"]["incident_updates"][0]
    assert (update["body"], update["wants_twitter_update"], update["twitter_updated_at"]) == (
        "We are looking into it.",
        False,
        None,
    )
    assert body["incident"]["components"][0]["status"] == "major_outage"


def test_an_override_is_told(page):
    done = incidents.declare(name="Phones", body="x", components={}, impact_override="major", by=OMAR, key="k")

    body = event(done.id)["incident"]
    assert (body["impact"], body["impact_override"]) == ("major", "major")


def test_an_event_says_what_was_true_at_its_own_update(page):
    """However late the message is built, and however often: the same update, the same event."""
    first = declare("Late mail", telehealth="major_outage")
    before = event(first.id, first.update_id)
    incidents.post_update(incident_id=first.id, status="monitoring", body="Watching.", components={}, by=OMAR)
    incidents.resolve(incident_id=first.id, body="Done.", by=OMAR)

    late = event(first.id, first.update_id)["incident"]
    assert (late["status"], late["monitoring_at"], late["resolved_at"]) == ("investigating", None, None)
    assert late["incident_updates"] == before["incident"]["incident_updates"]
    newest = event(first.id)["incident"]
    assert (newest["status"], len(newest["incident_updates"])) == ("resolved", 3)
    assert newest["resolved_at"] is not None


def test_a_maintenance_is_an_incident_with_a_window(page):
    begin = AT + dt.timedelta(days=1)
    done = maintenances.schedule(
        name="New switch", body="Short breaks.", component_ids=[component("ehr").public_id], scheduled_for=begin,
        scheduled_until=begin + dt.timedelta(hours=2), by=OMAR, key="k",
    )  # fmt: skip

    body = event(done.id)
    assert "component" not in body
    assert body["incident"]["status"] == "scheduled"
    assert body["incident"]["impact"] == "maintenance"
    assert body["incident"]["scheduled_for"] == "2026-11-23T14:05:07.250-05:00"
    assert body["incident"]["scheduled_until"] == "2026-11-23T16:05:07.250-05:00"
    assert body["incident"]["scheduled_auto_in_progress"] is True


def test_a_component_event_has_no_incident(page):
    part = component("telehealth")
    components.set_state(component_id=part.public_id, status="partial_outage", by=OMAR)
    now = view()
    facts = next(row for row in now.facts.components if row.slug == "telehealth")

    body = webhook_payload.component(
        facts, now, old_status="operational", new_status="partial_outage", update_id="c1", at=AT
    )
    assert set(body) == {"meta", "page", "component", "component_update"}
    assert list(body["component"]) == [
        "id", "name", "status", "created_at", "updated_at", "position", "description", "showcase", "page_id",
        "group_id",
    ]  # fmt: skip
    assert body["component_update"] == {
        "id": "c1",
        "component_id": part.public_id,
        "component_type": "Component",
        "old_status": "operational",
        "new_status": "partial_outage",
        "created_at": "2026-11-22T14:05:07.250-05:00",
    }


def test_the_event_is_plain_json_with_one_place_for_the_reader(page):
    """The transport fills each subscriber's own address in; nothing else differs between them."""
    text = json.dumps(event(declare().id))

    assert text.count(webhook_payload.UNSUBSCRIBE) == 1
    assert Incident.objects.count() == 1


def planned(**more):
    begin = AT + dt.timedelta(days=2)
    return maintenances.schedule(
        name="New switch", body="Short breaks.", component_ids=[component("ehr").public_id], scheduled_for=begin,
        scheduled_until=begin + dt.timedelta(hours=2), by=OMAR, key="k", **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "told"),
    [({}, (True, True, True)), ({"auto_start": False, "auto_complete": False, "reminders": []}, (False, False, False))],
)
def test_a_window_says_what_happens_by_itself(page, more, told):
    """SP-02"""
    body = event(planned(**more).id)["incident"]

    names = ("scheduled_remind_prior", "scheduled_auto_in_progress", "scheduled_auto_completed")
    assert tuple(body[name] for name in names) == told
    assert body["scheduled_reminded_at"] is None


def test_a_window_says_when_it_was_reminded_of(page):
    summary = planned(reminders=[1440])
    with time_machine.travel(AT + dt.timedelta(days=1, minutes=1), tick=False):
        maintenances.run_due()

    assert event(summary.id)["incident"]["scheduled_reminded_at"] == "2026-11-23T14:06:07.250-05:00"
    with time_machine.travel(AT + dt.timedelta(days=1, hours=2), tick=False):
        maintenances.reschedule(
            incident_id=summary.id, scheduled_for=AT + dt.timedelta(days=9), key="r", body="Later.", by=OMAR,
            scheduled_until=AT + dt.timedelta(days=9, hours=1),
        )  # fmt: skip
    # As of the announcement nobody had been reminded of anything.
    assert event(summary.id, summary.update_id)["incident"]["scheduled_reminded_at"] is None


def test_an_event_tells_the_impact_of_its_own_update(page):
    first = declare("Late mail", telehealth="degraded_performance")
    worse = {component("telehealth").public_id: "major_outage"}
    with time_machine.travel(AT + dt.timedelta(minutes=5), tick=False):
        incidents.post_update(incident_id=first.id, status="identified", body="Worse.", components=worse, by=OMAR)

    assert event(first.id, first.update_id)["incident"]["impact"] == "minor"
    assert event(first.id)["incident"]["impact"] == "critical"
