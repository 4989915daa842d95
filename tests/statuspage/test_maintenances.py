"""Maintenances: announced, reminded of, begun and ended by the clock, moved, called off. Peers forget to tell component
subscribers, mail twice, or leave the part blue for ever."""

import datetime as dt

import pytest
import time_machine
from django.conf import settings

from portal_core.kernel import clock
from statuspage import queries, tasks
from statuspage.actions import components, drafts, incidents, maintenances
from statuspage.contracts import AudienceWording
from statuspage.errors import (
    AudienceUnknown,
    ComponentUnknown,
    IncidentMoved,
    IncidentNotFound,
    MaintenanceBegun,
    MaintenanceOver,
    RemindersInvalid,
    StatusUnknown,
    TextMissing,
    VariableOpen,
    WindowInvalid,
)
from statuspage.models import AudienceText, Incident, IncidentUpdate, Snapshot
from tests.statuspage.conftest import INES, OMAR
from tests.statuspage.factories import audit_actions, component, declare, events, intervals, published

NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clockwork(request):
    """Half past eleven the day before the work; `shift` and `move_to` move the world on. The page is as old as that
    world: one made today would begin after it, from some day on."""
    with time_machine.travel(NOON - 24 * HOUR - 30 * MINUTE, tick=False) as traveller:
        request.getfixturevalue("page")
        yield traveller


def plan(*parts: str, **fields):
    values = {
        "name": "New video servers", "body": "Visits may drop for a minute.", "scheduled_for": NOON,
        "scheduled_until": NOON + 2 * HOUR, "by": OMAR, "key": "plan-1",
        "component_ids": [component(slug).public_id for slug in parts or ("telehealth",)],
    }  # fmt: skip
    return maintenances.schedule(**{**values, **fields})


def run_at(traveller, moment: dt.datetime) -> int:
    traveller.move_to(moment, tick=False)
    return maintenances.run_due()


def test_announcing_changes_no_component_and_tells_once(clockwork):
    summary = plan("telehealth", "ehr")

    assert (summary.kind, summary.status, summary.impact) == ("maintenance", "scheduled", "maintenance")
    assert (summary.scheduled_for, summary.scheduled_until) == (NOON, NOON + 2 * HOUR)
    assert summary.components == ("Telehealth", "EHR")
    assert component("telehealth").status == "operational"
    assert published() == [("scheduled", "scheduled", True)]
    assert (events(), audit_actions()) == (1, ["maintenance:schedule"])
    assert queries.active_incidents() == []
    update = IncidentUpdate.objects.get()
    assert [(row["old_status"], row["new_status"]) for row in update.affected_components] == [
        ("operational", "operational"),
        ("operational", "operational"),
    ]


def test_the_clock_takes_a_maintenance_through_its_life(clockwork):
    """SP-02: reminders once per offset, start and end on time; components blue in between and green again after."""
    plan()

    assert run_at(clockwork, NOON - 24 * HOUR) == 1
    assert run_at(clockwork, NOON - 24 * HOUR + MINUTE) == 0
    assert run_at(clockwork, NOON - HOUR) == 1
    assert run_at(clockwork, NOON - MINUTE) == 0
    assert component("telehealth").status == "operational"
    assert run_at(clockwork, NOON) == 1
    assert maintenances.run_due() == 0
    assert component("telehealth").status == "under_maintenance"
    assert Incident.objects.get().started_at == NOON
    assert run_at(clockwork, NOON + 2 * HOUR - MINUTE) == 0
    assert run_at(clockwork, NOON + 2 * HOUR) == 1
    assert maintenances.run_due() == 0

    assert published() == [
        ("scheduled", "scheduled", True),
        ("reminder", "scheduled", True),
        ("reminder", "scheduled", True),
        ("started", "in_progress", True),
        ("completed", "completed", True),
    ]
    assert events() == 5
    assert intervals("telehealth") == [
        ("operational", "manual"),
        ("under_maintenance", "maintenance"),
        ("operational", "maintenance"),
    ]
    bodies = list(IncidentUpdate.objects.filter(kind="reminder").order_by("pk").values_list("body", flat=True))
    assert [body.partition("\n\n")[0] for body in bodies] == [
        "This maintenance begins in 1 day.",
        "This maintenance begins in 1 hour.",
    ]
    assert all(body.endswith("\n\nVisits may drop for a minute.") for body in bodies)
    assert queries.incident(Incident.objects.get().public_id).resolved_at == NOON + 2 * HOUR


def test_a_reminder_is_for_subscribers_alone(clockwork):
    """It stands on no page, makes no snapshot, and does not tell an author that somebody posted."""
    summary = plan()
    before = Snapshot.objects.count()

    run_at(clockwork, NOON - HOUR)

    after = queries.incident(summary.id)
    assert (after.update_id, after.body, Snapshot.objects.count()) == (summary.update_id, summary.body, before)
    assert len(queries.facts(now=clock.now()).maintenances[0].updates) == 1
    maintenances.post_update(incident_id=summary.id, status="in_progress", body="Go.", by=OMAR, seen=summary.update_id)


def test_a_worker_that_comes_late_sends_one_reminder_not_two(clockwork):
    plan()

    assert run_at(clockwork, NOON - 10 * MINUTE) == 1
    assert maintenances.run_due() == 0

    assert [kind for kind, _status, _mailed in published()] == ["scheduled", "reminder"]
    assert IncidentUpdate.objects.get(kind="reminder").body.startswith("This maintenance begins in 10 minutes.")
    assert sorted(Incident.objects.get().reminded) == [60, 1440]


def test_a_worker_that_comes_after_the_end_announces_no_start(clockwork):
    plan()

    assert run_at(clockwork, NOON + 5 * HOUR) == 1
    assert maintenances.run_due() == 0

    assert [kind for kind, _status, _mailed in published()] == ["scheduled", "completed"]
    assert intervals("telehealth") == [("operational", "manual")]


def test_a_notice_at_short_term_is_its_own_reminder(clockwork):
    plan(scheduled_for=clock.now() + 30 * MINUTE, scheduled_until=clock.now() + HOUR)

    assert maintenances.run_due() == 0
    assert Incident.objects.get().reminded == [1440, 60]


def test_what_does_not_start_itself_waits_for_a_person(clockwork):
    summary = plan(auto_start=False, auto_complete=False, reminders=())

    assert run_at(clockwork, NOON + 3 * HOUR) == 0
    begun = maintenances.post_update(incident_id=summary.id, status="in_progress", body="We begin now.", by=OMAR)
    assert begun.started_at == NOON + 3 * HOUR
    assert component("telehealth").status == "under_maintenance"
    assert run_at(clockwork, NOON + 9 * HOUR) == 0
    maintenances.post_update(incident_id=summary.id, status="verifying", body="We check.", by=OMAR)
    assert component("telehealth").status == "under_maintenance"
    maintenances.post_update(incident_id=summary.id, status="completed", body="Done.", by=OMAR)

    assert component("telehealth").status == "operational"
    assert [row[:2] for row in published()] == [
        ("scheduled", "scheduled"),
        ("started", "in_progress"),
        ("updated", "verifying"),
        ("completed", "completed"),
    ]
    assert audit_actions() == [
        "maintenance:schedule", "maintenance:start", "maintenance:update", "maintenance:complete",
    ]  # fmt: skip


def test_silent_work_is_shown_and_never_mailed(clockwork):
    plan(silent=True)
    for moment in (NOON - HOUR, NOON, NOON + 2 * HOUR):
        run_at(clockwork, moment)

    assert published() == [
        ("scheduled", "scheduled", False),
        ("started", "in_progress", False),
        ("completed", "completed", False),
    ]


def test_moving_it_counts_reminders_anew_and_tells_calendars(clockwork):
    summary = plan()
    run_at(clockwork, NOON - 24 * HOUR)
    later = NOON + 48 * HOUR

    moved = maintenances.reschedule(
        incident_id=summary.id, scheduled_for=later, scheduled_until=later + HOUR, body="Two days later.", by=OMAR,
        key="m",
    )  # fmt: skip

    row = Incident.objects.get()
    assert (moved.scheduled_for, moved.scheduled_until) == (later, later + HOUR)
    assert (row.sequence, row.reminded, row.started_at) == (1, [], later)
    assert run_at(clockwork, later - 24 * HOUR) == 1
    assert run_at(clockwork, later - HOUR) == 1
    assert [kind for kind, _status, _mailed in published()] == [
        "scheduled", "reminder", "rescheduled", "reminder", "reminder",
    ]  # fmt: skip
    assert run_at(clockwork, NOON + 47 * HOUR + 30 * MINUTE) == 0


def test_moving_twice_with_one_key_is_moving_once(clockwork):
    summary = plan()
    window = {"scheduled_for": NOON + HOUR, "scheduled_until": NOON + 3 * HOUR}

    for by in (OMAR, INES):
        maintenances.reschedule(incident_id=summary.id, **window, body="Later.", by=by, key="press")

    assert (Incident.objects.get().sequence, events()) == (1, 2)


def test_work_under_way_may_take_longer_but_not_begin_again(clockwork):
    summary = plan()
    run_at(clockwork, NOON)

    with pytest.raises(MaintenanceBegun):
        maintenances.reschedule(
            incident_id=summary.id, scheduled_for=NOON + HOUR, scheduled_until=NOON + 3 * HOUR, body="x", by=OMAR,
            key="a",
        )  # fmt: skip
    maintenances.reschedule(
        incident_id=summary.id, scheduled_for=NOON, scheduled_until=NOON + 4 * HOUR, body="Longer.", by=OMAR, key="b"
    )

    assert run_at(clockwork, NOON + 3 * HOUR) == 0
    assert component("telehealth").status == "under_maintenance"
    assert run_at(clockwork, NOON + 4 * HOUR) == 1


def test_calling_it_off_tells_once_and_the_clock_forgets_it(clockwork):
    summary = plan()

    over = maintenances.cancel(incident_id=summary.id, body="Not needed.", by=OMAR, key="c")
    again = maintenances.cancel(incident_id=summary.id, body="Not needed.", by=OMAR, key="c")

    assert over == again
    row = Incident.objects.get()
    assert (row.status, row.cancelled_at, row.sequence) == ("completed", clock.now(), 1)
    assert [run_at(clockwork, moment) for moment in (NOON - HOUR, NOON, NOON + 3 * HOUR)] == [0, 0, 0]
    assert [kind for kind, _status, _mailed in published()] == ["scheduled", "cancelled"]
    with pytest.raises(MaintenanceOver):
        maintenances.cancel(incident_id=summary.id, body="Again.", by=OMAR, key="d")


def test_work_under_way_is_completed_not_called_off(clockwork):
    summary = plan()
    run_at(clockwork, NOON)

    with pytest.raises(MaintenanceBegun):
        maintenances.cancel(incident_id=summary.id, body="Stop.", by=OMAR, key="c")

    assert published()[-1] == ("started", "in_progress", True)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": " "}, TextMissing),
        ({"body": ""}, TextMissing),
        ({"body": "From {{ start }} on."}, VariableOpen),
        ({"scheduled_until": NOON}, WindowInvalid),
        ({"scheduled_until": NOON - HOUR}, WindowInvalid),
        ({"scheduled_for": NOON - 72 * HOUR, "scheduled_until": NOON - 70 * HOUR}, WindowInvalid),
        ({"component_ids": ["nobody"]}, ComponentUnknown),
        ({"component_status": "exploded"}, StatusUnknown),
        ({"reminders": (1,)}, RemindersInvalid),
        ({"reminders": (10, 20, 30, 40, 50, 60)}, RemindersInvalid),
        ({"reminders": (99_999,)}, RemindersInvalid),
        ({"texts": [AudienceWording(audience="public", body="x")]}, AudienceUnknown),
        ({"texts": [AudienceWording(audience="office", body="x")]}, AudienceUnknown),
        ({"texts": [AudienceWording(audience="it", body=" ")]}, AudienceUnknown),
        ({"texts": [AudienceWording(audience="it", body=body) for body in "xy"]}, AudienceUnknown),
    ],
)  # fmt: skip
def test_a_refused_plan_leaves_nothing_behind(clockwork, change, error):
    with pytest.raises(error):
        plan(**change)

    assert (Incident.objects.count(), events(), audit_actions()) == (0, 0, [])
    plan()  # the key is free again


def test_planning_twice_with_one_key_is_planning_once(clockwork):
    assert plan() == plan(by=INES)
    assert (Incident.objects.count(), events()) == (1, 1)


def test_internal_texts_are_kept_beside_the_public_one(clockwork):
    plan(
        texts=[
            AudienceWording(audience="it", body="Runbook 7."),
            AudienceWording(audience="office", office_id="office-1", body="Use phones."),
        ]
    )  # fmt: skip

    assert list(AudienceText.objects.order_by("pk").values_list("audience", "office_id", "body")) == [
        ("it", "", "Runbook 7."),
        ("office", "office-1", "Use phones."),
    ]


@pytest.mark.parametrize("status", ["scheduled", "in_progress", "completed"])
def test_what_is_over_takes_no_more_messages(clockwork, status):
    summary = plan()
    run_at(clockwork, NOON + 3 * HOUR)

    with pytest.raises(MaintenanceOver):
        maintenances.post_update(incident_id=summary.id, status=status, body="More.", by=OMAR)

    assert events() == 2


def test_work_under_way_does_not_go_back_to_scheduled(clockwork):
    summary = plan()
    run_at(clockwork, NOON)

    with pytest.raises(MaintenanceBegun):
        maintenances.post_update(incident_id=summary.id, status="scheduled", body="Back.", by=OMAR)
    with pytest.raises(StatusUnknown):
        maintenances.post_update(incident_id=summary.id, status="identified", body="What?", by=OMAR)


def test_somebody_who_has_not_seen_the_newest_message_is_told(clockwork):
    summary = plan()
    maintenances.post_update(incident_id=summary.id, status="scheduled", body="Bring tea.", by=INES)

    with pytest.raises(IncidentMoved):
        maintenances.post_update(
            incident_id=summary.id, status="in_progress", body="Go.", by=OMAR, seen=summary.update_id
        )

    assert queries.incident(summary.id).status == "scheduled"


def test_incidents_and_maintenances_do_not_open_each_others_doors(clockwork):
    planned, broken = plan(), declare(ehr="major_outage")

    with pytest.raises(IncidentNotFound):
        incidents.post_update(incident_id=planned.id, status="identified", body="x", components={}, by=OMAR)
    with pytest.raises(IncidentNotFound):
        maintenances.post_update(incident_id=broken.id, status="completed", body="x", by=OMAR)
    with pytest.raises(IncidentNotFound):
        maintenances.cancel(incident_id="nobody", body="x", by=OMAR, key="k")


def test_an_outage_is_not_painted_blue_by_the_clock(clockwork):
    """SP-01, SP-03: set by hand to red before the work began: red during it, and red after it."""
    plan()
    clockwork.move_to(NOON - MINUTE, tick=False)
    components.set_state(component_id=component("telehealth").public_id, status="major_outage", by=OMAR)

    run_at(clockwork, NOON)
    assert component("telehealth").status == "major_outage"
    run_at(clockwork, NOON + 2 * HOUR)
    assert component("telehealth").status == "major_outage"


def test_what_is_set_by_hand_during_the_work_ends_with_it(clockwork):
    plan()
    run_at(clockwork, NOON)
    clockwork.move_to(NOON + MINUTE, tick=False)
    components.set_state(component_id=component("telehealth").public_id, status="partial_outage", by=OMAR)
    assert component("telehealth").status == "partial_outage"

    run_at(clockwork, NOON + 2 * HOUR)

    assert component("telehealth").status == "operational"


def test_an_incident_during_the_work_and_the_work_do_not_undo_each_other(clockwork):
    plan()
    run_at(clockwork, NOON)
    broken = declare(telehealth="major_outage")
    assert component("telehealth").status == "major_outage"

    incidents.resolve(incident_id=broken.id, body="Fixed.", by=OMAR)
    assert component("telehealth").status == "under_maintenance"
    again = declare("Again", telehealth="degraded_performance")
    run_at(clockwork, NOON + 2 * HOUR)
    assert component("telehealth").status == "degraded_performance"
    incidents.resolve(incident_id=again.id, body="Fixed.", by=OMAR)
    assert component("telehealth").status == "operational"


def test_work_that_readers_do_not_notice_leaves_components_as_they_are(clockwork):
    """`component_status` empty: unchanged at the start, at the end, and whatever is set by hand meanwhile."""
    plan("telehealth", "ehr", component_status="")
    components.set_state(component_id=component("ehr").public_id, status="degraded_performance", by=OMAR)

    run_at(clockwork, NOON)
    assert [component(slug).status for slug in ("telehealth", "ehr")] == ["operational", "degraded_performance"]
    components.set_state(component_id=component("telehealth").public_id, status="partial_outage", by=OMAR)
    run_at(clockwork, NOON + 2 * HOUR)

    assert [component(slug).status for slug in ("telehealth", "ehr")] == ["partial_outage", "degraded_performance"]


def test_a_step_that_fails_keeps_nobody_else_from_theirs(clockwork, monkeypatch, caplog):
    broken, well = plan(key="a"), plan("ehr", key="b", name="Charts")
    step = maintenances._step

    def fall(incident_id: str) -> int:
        if incident_id == broken.id:
            raise OSError("the disk is full")
        return step(incident_id)

    monkeypatch.setattr(maintenances, "_step", fall)
    assert run_at(clockwork, NOON) == 1
    assert queries.incident(well.id).status == "in_progress"
    assert [row.id for row in caplog.records if hasattr(row, "id")] == [broken.id]

    monkeypatch.setattr(maintenances, "_step", step)
    assert maintenances.run_due() == 1
    assert queries.incident(broken.id).status == "in_progress"


def test_a_crash_in_the_middle_of_a_step_leaves_it_to_the_next_run(clockwork, monkeypatch):
    """Killed after the components were painted, before the message was kept: all of it is gone, and done again."""
    plan()
    with monkeypatch.context() as patch:
        patch.setattr("statuspage.actions.publication.outbox.publish", lambda event: 1 / 0)
        assert run_at(clockwork, NOON) == 0
    assert (component("telehealth").status, events()) == ("operational", 1)

    assert maintenances.run_due() == 1
    assert (component("telehealth").status, events()) == ("under_maintenance", 2)


def test_one_tick_does_all_that_is_due(clockwork):
    """What the beat calls every ten seconds: a draft, a step of a maintenance, a question for news."""
    plan(scheduled_for=clock.now() + HOUR, scheduled_until=clock.now() + 2 * HOUR, reminders=())
    draft_id = drafts.save(content={"name": "Late mail", "body": "Soon.", "components": {}}, by=OMAR)
    drafts.schedule(draft_id=draft_id, publish_at=clock.now() + 150 * MINUTE, by=OMAR)
    declare(ehr="major_outage")
    clockwork.shift(3 * HOUR)

    assert tasks.keep_time() == 3
    assert (tasks.keep_time(), tasks.make_ahead()) == (0, 0)
    assert {"statuspage.keep_time", "statuspage.make_ahead"} <= set(settings.CELERY_BEAT_SCHEDULE)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_clock_costs_one_query_while_nothing_is_due(clockwork, rows, django_assert_num_queries):
    for number in range(rows):
        plan(key=f"p{number}")

    with django_assert_num_queries(1):
        assert maintenances.run_due() == 0
