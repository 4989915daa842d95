"""The operators' console: planned work, the page's parts, its settings and the list of deeds."""

import datetime as dt

import pytest

from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from statuspage.models import (
    Component,
    ComponentGroup,
    Incident,
    Page,
)
from tests.statuspage.factories import component, declare, events, maintenance

DESK = "/desk/status/"
NEW = f"{DESK}incidents/new/"
WORDS = "Messages from the portal arrive an hour late; sign in to read them."


# --- maintenance -----------------------------------------------------------------------------------------------------
def planning(**more):
    return {
        "kind": "maintenance", "name": "New phone lines", "body": "The lines are changed; calls may fail for a minute.",
        "components": [component("ehr").public_id], "scheduled_for": "2031-03-08T22:00", "length": "240",
        "component_status": "under_maintenance", "reminders": ["1440", "60"], "auto_start": "on",
        "auto_complete": "on", "idempotency_key": "plan-1", **more,
    }  # fmt: skip


def test_work_is_planned_in_the_zone_of_the_page(page, omar):
    """SP-01. The night in which clocks change: four hours are four hours."""
    answer = omar.post(f"{DESK}maintenances/new/", planning())
    omar.post(f"{DESK}maintenances/new/", planning())

    row = Incident.objects.get()
    assert answer["Location"] == f"{DESK}maintenances/{row.public_id}/"
    assert row.scheduled_for.isoformat() == "2031-03-09T03:00:00+00:00"
    assert row.scheduled_until - row.scheduled_for == dt.timedelta(hours=4)
    assert (row.reminders, row.auto_start) == ([1440, 60], True)


@pytest.mark.parametrize(
    "bad",
    [
        {"scheduled_for": ""}, {"length": "", "scheduled_until": ""}, {"scheduled_for": "2031-03-09T02:30"},
        {"repeat": "weekly"}, {"name": ""}, {"length": "", "scheduled_until": "2031-03-08T21:00"},
    ],
)  # fmt: skip
def test_work_that_makes_no_sense_is_refused_and_the_words_stay(page, omar, bad):
    """2:30 does not exist in the night the clocks go forward."""
    answer = omar.post(f"{DESK}maintenances/new/", planning(**bad))

    assert answer.status_code == 422
    assert b"calls may fail for a minute" in answer.content
    assert Incident.objects.count() == 0


def test_the_next_five_dates_are_shown_before_anything_repeats(page, omar):
    preview = omar.post(f"{DESK}preview/", planning(repeat="nth", nth="2", weekday="SU"))
    assert [date.strftime("%Y-%m-%d %H") for date in preview.context["dates"]] == [
        "2031-03-10 02", "2031-04-14 02", "2031-05-12 02", "2031-06-09 02", "2031-07-14 02",
    ]  # fmt: skip
    soon = (clock.now() + dt.timedelta(days=1)).strftime("%Y-%m-%dT22:00")
    weekly = planning(repeat="weekly", weekdays=["MO", "TH"], scheduled_for=soon)
    for _ in range(2):
        assert omar.post(f"{DESK}maintenances/new/", weekly).status_code == 302

    assert len({row.series_id for row in Incident.objects.all()}) == 1
    assert Incident.objects.count() in (16, 17, 18)


def test_work_is_moved_begun_completed_and_called_off(page, omar):
    first, second = maintenance(), maintenance(key="m2")
    url = f"{DESK}maintenances/{first.id}/"
    moved = omar.post(
        f"{url}time/", {"scheduled_for": "2031-05-01T22:00", "length": "60", "body": "Moved.", "idempotency_key": "t"}
    )
    assert moved.status_code == 302
    assert Incident.objects.get(public_id=first.id).scheduled_for.isoformat() == "2031-05-02T02:00:00+00:00"
    assert omar.post(f"{url}step/", {"to": "in_progress", "idempotency_key": "s1"}).status_code == 302
    assert omar.post(f"{url}step/", {"to": "in_progress", "idempotency_key": "s1"}).status_code == 302
    assert component("ehr").status == "under_maintenance"
    omar.post(f"{url}step/", {"to": "completed", "idempotency_key": "s2"})
    assert component("ehr").status == "operational"
    assert omar.post(f"{url}step/", {"to": "on_fire"}).status_code == 422
    off = omar.post(f"{DESK}maintenances/{second.id}/cancel/", {"body": "Not needed.", "idempotency_key": "c"})
    assert off.status_code == 302
    assert Incident.objects.get(public_id=second.id).cancelled_at is not None
    assert events() == 6


def test_an_event_opened_under_the_wrong_noun_is_sent_on(page, omar):
    planned, broken = maintenance(), declare()

    assert omar.get(f"{DESK}incidents/{planned.id}/")["Location"] == f"{DESK}maintenances/{planned.id}/"
    assert omar.get(f"{DESK}maintenances/{broken.id}/")["Location"] == f"{DESK}incidents/{broken.id}/"


# --- the page --------------------------------------------------------------------------------------------------------
def test_a_component_is_made_moved_changed_and_retired(page, omar):
    group = ComponentGroup.objects.order_by("position").first()
    values = {"name": "Fax", "description": "", "clinical_priority": "2", "group_id": group.public_id, "showcase": "on"}
    omar.post(f"{DESK}components/new/", values)
    made = Component.objects.get(name="Fax")
    assert (made.group, made.position, made.clinical_priority) == (group, 4, 2)

    omar.post(f"{DESK}components/{made.public_id}/move/", {"to": "up"})
    order = list(group.components.order_by("position").values_list("slug", flat=True))
    assert order == ["patient-portal", "telehealth", "fax", "secure-message-e-mail"]

    omar.post(f"{DESK}components/{made.public_id}/edit/", {**values, "name": "Fax line", "start_date": "2026-01-01"})
    made.refresh_from_db()
    assert (made.name, made.start_date) == ("Fax line", dt.date(2026, 1, 1))
    omar.post(f"{DESK}components/{made.public_id}/retire/")
    assert omar.get(f"{DESK}components/{made.public_id}/edit/").status_code == 404
    assert omar.post(f"{DESK}components/new/", {**values, "name": ""}).status_code == 422


def test_groups_are_made_moved_and_removed(page, omar):
    omar.post(f"{DESK}groups/new/", {"name": "Outside"})
    made = ComponentGroup.objects.get(name="Outside")
    omar.post(f"{DESK}groups/{made.public_id}/move/", {"to": "up"})
    assert [row.name for row in ComponentGroup.objects.order_by("position")][1] == "Outside"
    omar.post(f"{DESK}groups/{made.public_id}/", {"do": "remove"})
    assert not ComponentGroup.objects.filter(pk=made.pk).exists()


def test_a_part_is_set_by_hand(page, omar):
    url = f"{DESK}components/{component('ehr').public_id}/"

    assert omar.post(url, {"status": "under_maintenance"}).status_code == 302
    assert component("ehr").status == "under_maintenance"
    assert omar.post(url, {"status": "on_fire"}).status_code == 422
    assert omar.post(f"{DESK}components/nothinghere0/", {"status": "operational"}).status_code == 422
    assert omar.get(url).status_code == 405


def test_other_ways_are_kept_in_order(page, omar):
    """SP-05"""
    url = f"{DESK}components/{component('telehealth').public_id}/ways/"
    for title in ("Call the office", "Come in person"):
        answer = omar.post(url, {"kind": "text", "title": title, "text": "We will find a way."})
        assert answer.status_code == 302
    first, second = component("telehealth").entry_points.order_by("position")
    omar.post(f"{url}{second.public_id}/", {"do": "up"})
    assert component("telehealth").entry_points.order_by("position")[0].title == "Come in person"
    omar.post(f"{url}{first.public_id}/", {"do": "remove"})
    assert component("telehealth").entry_points.count() == 1
    assert omar.post(url, {"kind": "text", "title": ""}).status_code == 422


def test_settings_are_kept_and_written_down(page, omar):
    values = {
        "name": "Larkfield", "time_zone": "America/Chicago", "support_text": "In a crisis call 988.",
        "undo_seconds": "30", "storm_people": "5000", "storm_minutes": "10",
    }  # fmt: skip
    omar.post(f"{DESK}settings/", values)
    omar.post(f"{DESK}settings/", values)

    row = Page.objects.get()
    assert (row.time_zone, row.undo_seconds, row.storm_people) == ("America/Chicago", 30, 5000)
    line = AuditEvent.objects.get(action="status_page:settings")
    assert line.facts == {"changed": ["storm_people", "support_text", "time_zone", "undo_seconds"]}
    assert omar.post(f"{DESK}settings/", {**values, "time_zone": "Mars/Base"}).status_code == 422
    assert omar.post(f"{DESK}settings/", {**values, "undo_seconds": "9999"}).status_code == 422


def test_a_template_with_an_unknown_variable_is_refused_by_name(page, omar):
    values = {
        "title": "Video",
        "kind": "incident",
        "name": "",
        "body": "Since {{ whenever }}.",
        "status": "investigating",
    }
    refused = omar.post(f"{DESK}templates/new/", values)

    assert refused.status_code == 422
    assert b"whenever" in refused.content
    assert omar.post(f"{DESK}templates/new/", {**values, "body": "Since {{ start }}."}).status_code == 302


def test_the_audit_list_says_it_in_words(page, omar):
    declare()
    text = omar.get(f"{DESK}audit/").content.decode()

    assert "Declared an incident" in text
    assert "Omar Staff" in text
