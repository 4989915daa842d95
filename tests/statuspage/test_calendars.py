"""Maintenances in calendars, read by an independent reader (RFC 5545)."""

import datetime as dt

import pytest
import time_machine
from icalendar import Calendar

from statuspage import access
from statuspage.actions import maintenances
from statuspage.models import ComponentGroup, EntryPoint
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, subscriber

AT = dt.datetime(2026, 11, 22, 19, 5, 7, tzinfo=dt.UTC)
BEGIN = dt.datetime(2026, 11, 29, 7, tzinfo=dt.UTC)
END = dt.datetime(2026, 11, 29, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(AT, tick=False) as moving:
        yield moving


def schedule(*slugs: str, name: str = "New switch", key: str = "k"):
    return maintenances.schedule(
        name=name, body="Short breaks,\nno data is lost; call us.",
        component_ids=[component(slug).public_id for slug in slugs], scheduled_for=BEGIN, scheduled_until=END, by=OMAR,
        key=key,
    )  # fmt: skip


def read(client, path: str = "/maintenance.ics") -> list:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert b"\r\n" in answer.content
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


def test_a_maintenance_is_an_entry(page, client):
    summary = schedule("ehr", "telehealth")
    (entry,) = read(client)

    assert str(entry["UID"]) == f"{summary.id}@{page.public_id}"
    assert (entry["SEQUENCE"], str(entry["STATUS"])) == (0, "CONFIRMED")
    assert (entry.start, entry.end) == (BEGIN, END)
    assert (entry["DTSTART"].to_ical(), entry["DTEND"].to_ical()) == (b"20261129T070000Z", b"20261129T090000Z")
    assert (entry.last_modified, entry.stamp, entry.created) == (AT, AT, AT)
    assert str(entry["SUMMARY"]) == "New switch"
    assert str(entry["DESCRIPTION"]) == "Short breaks,\nno data is lost; call us.\n\nAffects: Telehealth, EHR"
    assert str(entry["URL"]) == f"http://testserver/status/incidents/{summary.id}/"


def test_a_moved_maintenance_keeps_its_entry_and_counts_up(page, client, clock):
    summary = schedule("ehr")
    clock.move_to(AT + dt.timedelta(hours=1))
    maintenances.reschedule(
        incident_id=summary.id, scheduled_for=BEGIN + dt.timedelta(days=1), scheduled_until=END + dt.timedelta(days=1),
        body="A day later.", by=OMAR, key="r",
    )  # fmt: skip
    (entry,) = read(client)

    assert str(entry["UID"]) == f"{summary.id}@{page.public_id}"
    assert (entry["SEQUENCE"], entry.start, entry.end) == (1, BEGIN + dt.timedelta(days=1), END + dt.timedelta(days=1))
    assert entry.last_modified == AT + dt.timedelta(hours=1)


def test_a_cancelled_maintenance_is_cancelled_rather_than_gone(page, client):
    summary = schedule("ehr")
    maintenances.cancel(incident_id=summary.id, body="Not needed.", by=OMAR, key="c")
    (entry,) = read(client)

    assert str(entry["UID"]) == f"{summary.id}@{page.public_id}"
    assert (str(entry["STATUS"]), entry["SEQUENCE"]) == ("CANCELLED", 1)


def test_each_component_has_a_calendar_of_its_own(page, client):
    schedule("ehr", name="EHR", key="1")
    schedule("telehealth", name="Video", key="2")
    schedule(name="All of it", key="3")

    assert [str(entry["SUMMARY"]) for entry in read(client)] == ["All of it", "Video", "EHR"]
    path = f"/status/components/{component('ehr').public_id}/maintenance.ics"
    assert [str(entry["SUMMARY"]) for entry in read(client, path)] == ["EHR"]
    strange = client.get("/status/components/nothing/maintenance.ics")
    assert (strange.status_code, strange.json()["error"]["code"]) == (404, "not_found")


def test_a_subscriber_has_a_calendar_of_what_it_chose(page, client):
    """By component, and by group with whatever stands in it now."""
    schedule("ehr", name="EHR", key="1")
    schedule("telehealth", name="Video", key="2")
    schedule(name="All of it", key="3")
    some, group, everything = subscriber(only=("ehr",)), subscriber(), subscriber()
    group.groups.add(ComponentGroup.objects.get(name="For patients"))

    def names(row) -> set[str]:
        return {
            str(e["SUMMARY"]) for e in read(client, f"/status/calendar/{access.calendar_token(row)}/maintenance.ics")
        }

    assert names(some) == {"EHR", "All of it"}
    assert names(group) == {"Video", "All of it"}
    assert names(everything) == {"EHR", "Video", "All of it"}


def test_a_calendars_address_opens_nothing_else_and_ends_with_the_subscription(page, client):
    row = subscriber()
    token = access.calendar_token(row)

    assert client.get(f"/status/manage/{token}/").status_code == 404
    assert client.get(f"/status/calendar/{access.manage_token(row)}/maintenance.ics").status_code == 404
    assert client.get(f"/status/calendar/{token}x/maintenance.ics").status_code == 404
    row.unsubscribed_at = AT
    row.save(update_fields=["unsubscribed_at"])
    assert client.get(f"/status/calendar/{token}/maintenance.ics").status_code == 404


def test_sp_05_the_entry_says_what_to_do_meanwhile(page, client):
    """SP-05, TH-31: the ways that are not known to fail."""
    part = component("telehealth")
    for place, (title, health) in enumerate([("Dial in", "working"), ("Old room", "failing")]):
        EntryPoint.objects.create(
            component=part, kind="phone", title=title, target="+1 212 555 0100", health=health, position=place
        )
    schedule("telehealth")
    (entry,) = read(client)

    assert str(entry["DESCRIPTION"]).endswith("Affects: Telehealth\n\nMeanwhile:\n- Dial in: +1 212 555 0100")


def test_what_an_operator_types_cannot_break_a_calendar(page, client):
    summary = schedule("ehr", name="A;B,C\\d BEGIN:VEVENT")
    maintenances.post_update(
        incident_id=summary.id,
        status="scheduled",
        body="x\x0b\r\nEND:VEVENT\r\nBEGIN:VALARM é 漢 " + "é" * 200,
        by=OMAR,
    )
    (entry,) = read(client)

    assert str(entry["SUMMARY"]) == "A;B,C\\d BEGIN:VEVENT"
    assert "END:VEVENT\nBEGIN:VALARM é 漢" in str(entry["DESCRIPTION"])
    assert list(entry.subcomponents) == []
