"""SP-02, SP-06: each subscriber hears what it asked for, at an hour it agreed to."""

import datetime as dt

import pytest
import time_machine
from django.db.models import QuerySet

from portal_core.kernel import clock, outbox
from portal_core.notify.models import Delivery
from statuspage import queries
from statuspage.actions import incidents, maintenances
from statuspage.models import Component, IncidentUpdate, Subscriber
from statuspage.rules.quiet import wakes_at
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, declare, subscriber


def heard() -> list[str]:
    """Addresses that the newest update concerns."""
    people: QuerySet[Subscriber] = queries.audience(IncidentUpdate.objects.latest("pk"))
    return sorted(person.address for person in people)


def plan(**fields) -> None:
    start = clock.now() + dt.timedelta(days=1)
    maintenances.schedule(
        **{
            "name": "New servers", "body": "We move.", "component_ids": [component("telehealth").public_id],
            "scheduled_for": start, "scheduled_until": start + dt.timedelta(hours=1), "by": OMAR, "key": "plan",
            **fields,
        }
    )  # fmt: skip


def test_group_subscribers_hear_of_a_component_that_joined_later(page):
    """cachet #2109, #3747."""
    group = component("telehealth").group
    assert group is not None
    subscriber("group@example.test").groups.set([group])
    subscriber("other@example.test").groups.set([component("ehr").group])
    late = Component.objects.create(
        page=page, group=group, name="Chat", slug="chat", created_at=clock.now(), updated_at=clock.now()
    )

    declare(chat="major_outage")

    assert late.group == group
    assert heard() == ["group@example.test"]


def test_component_subscribers_hear_of_maintenance(page):
    """cachet #3409, #4242."""
    subscriber("video@example.test", only=("telehealth",))
    subscriber("calendar@example.test", only=("calendar-sync",))

    plan()

    assert heard() == ["video@example.test"]


def test_event_types_are_a_choice(page):
    subscriber("both@example.test")
    subscriber("no-incidents@example.test", wants_incidents=False)
    subscriber("no-maintenances@example.test", wants_maintenances=False)

    declare()
    assert heard() == ["both@example.test", "no-maintenances@example.test"]
    plan()
    assert heard() == ["both@example.test", "no-incidents@example.test"]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("degraded_performance", ["minor", "none"]),
        ("partial_outage", ["major", "minor", "none"]),
        ("major_outage", ["critical", "major", "minor", "none"]),
    ],
)
def test_minimum_impact(page, status, told):
    """SP-06: text me only from major."""
    for impact in ("none", "minor", "major", "critical"):
        subscriber(f"{impact}@example.test", minimum_impact=impact)

    declare(telehealth=status)

    assert [address.partition("@")[0] for address in heard()] == told


def test_one_incident_only(page):
    """kener #264."""
    first = declare(telehealth="major_outage")
    incident = IncidentUpdate.objects.get().incident
    subscriber("this-one@example.test", incident=incident)

    incidents.post_update(incident_id=first.id, status="identified", body="Found.", components={}, by=OMAR)
    assert heard() == ["this-one@example.test"]
    declare("Another", telehealth="major_outage")
    assert heard() == []
    incidents.declare(name="Phones are down", body="Write.", components={}, by=OMAR, key="phones")
    assert heard() == []


def test_the_canary_hears_of_everything(page):
    subscriber("canary@example.test", only=("ehr",), minimum_impact="critical", wants_incidents=False, is_canary=True)

    declare(telehealth="degraded_performance")

    assert heard() == ["canary@example.test"]


def test_a_scope_counts_once_however_often_it_fits(page):
    row = subscriber("ann@example.test", only=("telehealth", "ehr"))
    row.groups.set([component("telehealth").group, component("ehr").group])

    declare(telehealth="major_outage", ehr="major_outage")
    outbox.drain()

    assert heard() == ["ann@example.test"]
    assert Delivery.objects.count() == 1


# --- quiet hours ------------------------------------------------------------------------------------------------------


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "quiet_from", "quiet_until", "expected"),
    [
        ("2026-11-22T12:00:00+00:00", "22:00", "07:00", "2026-11-22T12:00:00+00:00"),
        ("2026-11-23T04:00:00+00:00", "22:00", "07:00", "2026-11-23T12:00:00+00:00"),  # 23:00 in New York
        ("2026-11-23T11:00:00+00:00", "22:00", "07:00", "2026-11-23T12:00:00+00:00"),  # 6:00
        ("2026-11-23T03:00:00+00:00", "22:00", "07:00", "2026-11-23T12:00:00+00:00"),  # 22:00 sharp is quiet
        ("2026-11-23T12:00:00+00:00", "22:00", "07:00", "2026-11-23T12:00:00+00:00"),  # 7:00 sharp is not
        ("2026-11-22T18:00:00+00:00", "12:00", "14:00", "2026-11-22T19:00:00+00:00"),  # within one day
        ("2026-11-22T18:00:00+00:00", "12:00", "12:00", "2026-11-22T18:00:00+00:00"),  # no hours at all
        ("2026-03-08T06:30:00+00:00", "22:00", "07:00", "2026-03-08T11:00:00+00:00"),  # clocks go forward that night
        ("2026-11-01T04:30:00+00:00", "22:00", "07:00", "2026-11-01T12:00:00+00:00"),  # and back
    ],
)
def test_quiet_hours_end_when_the_reader_gets_up(moment, quiet_from, quiet_until, expected):
    times = [dt.time.fromisoformat(quiet_from), dt.time.fromisoformat(quiet_until)]

    found = wakes_at(at(moment), quiet_from=times[0], quiet_until=times[1], zone="America/New_York")

    assert found == at(expected)


NIGHT = {"quiet_from": dt.time(22), "quiet_until": dt.time(7)}


@time_machine.travel("2026-11-23 04:00:00Z", tick=False)
@pytest.mark.parametrize(
    ("fields", "status", "leaves"),
    [
        ({}, "partial_outage", "2026-11-23T04:00:00+00:00"),
        (NIGHT, "partial_outage", "2026-11-23T12:00:00+00:00"),  # the page's zone
        ({**NIGHT, "time_zone": "Europe/Berlin"}, "partial_outage", "2026-11-23T06:00:00+00:00"),
        (NIGHT, "major_outage", "2026-11-23T04:00:00+00:00"),  # critical comes through
        ({**NIGHT, "quiet_bypass": False}, "major_outage", "2026-11-23T12:00:00+00:00"),
    ],
)
def test_what_falls_into_quiet_hours_waits(page, fields, status, leaves):
    subscriber(**fields)
    declare(telehealth=status)
    outbox.drain()

    row = Delivery.objects.get()
    assert row.available_at == at(leaves)
    assert row.not_after == at(leaves) + dt.timedelta(hours=2)


def test_on_waking_only_the_newest_truth(page, drain):
    with time_machine.travel("2026-11-23 04:00:00Z", tick=False) as now:
        subscriber(**NIGHT)
        summary = declare(telehealth="partial_outage")
        drain()
        incidents.post_update(incident_id=summary.id, status="identified", body="Found.", components={}, by=OMAR)
        drain()
        incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR)
        drain()
        now.move_to("2026-11-23 12:00:01Z")
        drain()

    told = [(row.message.template, row.state) for row in Delivery.objects.order_by("pk")]
    assert told == [
        ("statuspage/incident_created", "superseded"),
        ("statuspage/incident_created", "superseded"),  # an update, to somebody who knew nothing of it yet
        ("statuspage/incident_resolved", "sent"),
    ]
