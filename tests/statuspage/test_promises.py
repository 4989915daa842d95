"""The promised next update, the long silence, the late maintenance; and corrections of what was said."""

import datetime as dt

import pytest
import time_machine

from portal_core.kernel.models import OutboxMessage
from portal_core.notify.models import Delivery
from statuspage import queries
from statuspage.actions import components, incidents, maintenances, promises
from statuspage.enums import Overdue
from statuspage.errors import (
    ComponentUnknown,
    IncidentMoved,
    PromisePast,
    StatusUnknown,
    TextMissing,
    UpdateNotFound,
    VariableOpen,
)
from statuspage.models import Incident, IncidentUpdate, Snapshot, UpdateRevision
from statuspage.rules.promise import Nudge, Waiting, overdue
from tests.statuspage.conftest import INES, OMAR
from tests.statuspage.factories import audit_actions, component, declare, events

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


@pytest.fixture
def morning(page):
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def nudges() -> list[str]:
    rows = OutboxMessage.objects.filter(event_name="statuspage.UpdateOverdue").order_by("pk")
    return [row.payload["reason"] for row in rows]


def say(summary, **fields):
    values = {"status": "identified", "body": "More soon.", "components": {}, "by": OMAR}
    return incidents.post_update(incident_id=summary.id, **{**values, **fields})


def test_a_promise_is_shown_and_staff_are_asked_once_when_it_runs_out(morning):
    summary = say(declare(), next_update_at=NOW + 30 * MINUTE)
    assert summary.next_update_at == NOW + 30 * MINUTE
    assert queries.facts(now=NOW).incidents[0].next_update_at == NOW + 30 * MINUTE

    morning.shift(29 * MINUTE)
    assert promises.nudge_due() == 0
    morning.shift(MINUTE)
    assert [promises.nudge_due(), promises.nudge_due()] == [1, 0]
    morning.shift(HOUR)
    assert promises.nudge_due() == 0

    assert nudges() == ["promise"]
    assert queries.incident(summary.id).next_update_at == NOW + 30 * MINUTE


def test_a_message_keeps_the_promise_and_may_give_another(morning):
    summary = say(declare(), next_update_at=NOW + 30 * MINUTE)
    morning.shift(20 * MINUTE)
    assert say(summary).next_update_at is None
    morning.shift(20 * MINUTE)
    assert promises.nudge_due() == 0

    say(summary, next_update_at=NOW + HOUR)
    morning.shift(20 * MINUTE)
    assert promises.nudge_due() == 1
    say(summary, next_update_at=NOW + 2 * HOUR)
    morning.shift(HOUR)
    assert promises.nudge_due() == 1
    assert incidents.resolve(incident_id=summary.id, body="Over.", by=OMAR).next_update_at is None
    morning.shift(9 * HOUR)
    assert promises.nudge_due() == 0


def test_a_promise_is_about_the_future(morning):
    summary = declare()

    with pytest.raises(PromisePast):
        say(summary, next_update_at=NOW)
    with pytest.raises(PromisePast):
        incidents.declare(name="x", body="y", components={}, by=OMAR, key="k", next_update_at=NOW - MINUTE)

    assert events() == 1


def test_silence_is_broken_after_3_6_12_and_24_hours(morning):
    declare()
    asked = []
    for hour in range(40):
        morning.move_to(NOW + hour * HOUR, tick=False)
        if promises.nudge_due():
            asked.append(hour)

    assert (asked, nudges()) == ([3, 6, 12, 24], ["silence"] * 4)


def test_a_late_worker_asks_once_for_everything_until_then(morning):
    declare()
    morning.shift(13 * HOUR)

    assert [promises.nudge_due(), promises.nudge_due()] == [1, 0]


@pytest.mark.parametrize(
    ("row", "hours", "expected"),
    [
        ({}, 2.9, None),
        ({}, 3, (Overdue.SILENCE, 3)),
        ({}, 7, (Overdue.SILENCE, 6)),
        ({"nudged": 6.5}, 7, None),
        ({"promised": 5}, 4, None),
        ({"promised": 5}, 5, (Overdue.PROMISE, 5)),
        ({"promised": 5, "nudged": 5}, 7.9, None),
        ({"promised": 5, "nudged": 5}, 8, (Overdue.SILENCE, 8)),
        ({"status": "monitoring"}, 3, (Overdue.SILENCE, 3)),
        ({"status": "resolved"}, 30, None),
        ({"status": "scheduled", "start": 1, "end": 2}, 0.5, None),
        ({"status": "scheduled", "start": 1, "end": 2}, 1, (Overdue.NOT_STARTED, 1)),
        ({"status": "in_progress", "start": 1, "end": 2}, 1.5, None),
        ({"status": "verifying", "start": 1, "end": 2}, 9, (Overdue.RUNNING_LATE, 2)),
        ({"status": "in_progress", "start": 1, "end": 2, "nudged": 2}, 9, None),
        ({"status": "completed", "start": 1, "end": 2}, 9, None),
    ],
)
def test_when_staff_are_asked(row, hours, expected):
    def at(key: str) -> dt.datetime | None:
        return NOW + row[key] * HOUR if key in row else None

    waiting = Waiting(
        status=row.get("status", "investigating"), updated_at=NOW, promised_at=at("promised"), nudged_at=at("nudged"),
        scheduled_for=at("start"), scheduled_until=at("end"),
    )  # fmt: skip

    answer = overdue(waiting, NOW + hours * HOUR)

    assert answer == (Nudge(expected[0], NOW + expected[1] * HOUR) if expected else None)


def test_a_maintenance_that_does_not_end_itself_is_asked_about(morning):
    summary = maintenances.schedule(
        name="Work", body="Short.", component_ids=[], scheduled_for=NOW + HOUR, scheduled_until=NOW + 2 * HOUR,
        auto_start=False, auto_complete=False, by=OMAR, key="w",
    )  # fmt: skip
    morning.shift(HOUR)
    assert promises.nudge_due() == 1
    maintenances.post_update(incident_id=summary.id, status="in_progress", body="Go.", by=OMAR)
    assert promises.nudge_due() == 0
    morning.shift(HOUR + MINUTE)
    assert [promises.nudge_due(), promises.nudge_due()] == [1, 0]
    assert nudges() == ["not_started", "running_late"]


def test_those_who_may_publish_get_one_mail_each(morning, cast, drain):
    """Omar is a status operator, Ines leads IT; Ian of IT and the offices may not publish and hear nothing."""
    declare("Mail & more is late")
    morning.shift(3 * HOUR)
    promises.nudge_due()

    drain()

    rows = Delivery.objects.filter(message__template="ops/update_overdue").order_by("address")
    assert [row.address for row in rows] == ["ines@staff.example", "omar@staff.example"]
    message = rows[0].message
    assert message.subject == "Readers wait for news: Mail & more is late"
    assert "Readers have heard nothing for hours" in message.text
    assert f"/desk/status/incidents/{Incident.objects.get().public_id}/" in message.text


@pytest.mark.parametrize("rows", [1, 3])
def test_asking_costs_one_query_while_nothing_is_due(morning, rows, django_assert_num_queries):
    for number in range(rows):
        declare(f"Problem {number}")

    with django_assert_num_queries(1):
        assert promises.nudge_due() == 0


# --- corrections ------------------------------------------------------------------------------------------------------
def test_a_correction_keeps_the_first_wording_and_mails_nobody(morning):
    summary = declare()
    before, snapshots = events(), Snapshot.objects.count()
    morning.shift(MINUTE)

    incidents.correct(update_id=summary.update_id, body="We are looking into it now.", by=INES)

    assert queries.incident(summary.id).body == "We are looking into it now."
    assert IncidentUpdate.objects.get().body == "We are looking into it."
    assert queries.facts(now=NOW).incidents[0].updates[0].edited_at == NOW + MINUTE
    assert (events(), Snapshot.objects.count()) == (before, snapshots + 1)
    assert audit_actions() == ["incident:declare", "incident:correct"]
    # Whoever had the page open is not told that somebody posted.
    say(summary, seen=summary.update_id)


def test_the_wording_that_stands_is_no_correction(morning):
    summary = declare()
    assert incidents.correct(update_id=summary.update_id, body="We are looking into it.\n", by=OMAR) is None
    first = incidents.correct(update_id=summary.update_id, body="A", by=OMAR)
    assert incidents.correct(update_id=summary.update_id, body="A", by=OMAR) is None
    assert incidents.correct(update_id=summary.update_id, body="We are looking into it.", by=OMAR) is not None

    assert (UpdateRevision.objects.count(), first.body) == (2, "A")
    assert queries.incident(summary.id).body == "We are looking into it."


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"update_id": "nobody"}, UpdateNotFound),
        ({"body": " "}, TextMissing),
        ({"body": "x" * 25_001}, TextMissing),
        ({"body": "{{ cause }}"}, VariableOpen),
    ],
)
def test_a_refused_correction_leaves_nothing_behind(morning, change, error):
    fields = {"update_id": declare().update_id, "body": "Better.", "by": OMAR, **change}

    with pytest.raises(error):
        incidents.correct(**fields)

    assert UpdateRevision.objects.count() == 0


# --- what else a message may say --------------------------------------------------------------------------------------
def test_a_message_may_be_shown_without_telling_anybody(morning):
    summary = say(declare(), deliver=False)

    assert [row.deliver_notifications for row in queries.updates_of(summary.id)] == [False, True]
    assert events() == 2


def test_the_impact_may_be_said_and_taken_back(morning):
    summary = declare(telehealth="degraded_performance")
    assert say(summary, impact_override="critical").impact == "critical"
    assert say(summary).impact == "critical"
    assert say(summary, impact_override="").impact == "minor"
    with pytest.raises(StatusUnknown):
        say(summary, impact_override="huge")


def test_a_postmortem_is_not_published_through_the_side_door(morning):
    summary = declare()
    incidents.resolve(incident_id=summary.id, body="Over.", by=OMAR)

    with pytest.raises(StatusUnknown):
        say(summary, status="postmortem")


def test_a_retired_part_cannot_be_named_any_more(morning):
    ehr = component("ehr").public_id
    components.retire(component_id=ehr, by=OMAR)
    summary = declare()

    with pytest.raises(ComponentUnknown):
        say(summary, components={ehr: "major_outage"})
    with pytest.raises(IncidentMoved):
        say(summary, seen="another")
