"""SP-02: planned work is edited before it begins, one date or a date and all that follow; mail only when asked."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine

from portal_core.kernel.ids import new_public_id
from portal_core.kernel.models import AuditEvent
from statuspage import queries
from statuspage.actions import maintenances, occurrences, series
from statuspage.actions.occurrences import Plan
from statuspage.errors import (
    ComponentUnknown,
    EventChanged,
    IncidentNotFound,
    MaintenanceBegun,
    MaintenanceOver,
    RemindersInvalid,
    RuleInvalid,
    SeriesEnded,
    StatusUnknown,
    TextMissing,
    VariableOpen,
    WindowInvalid,
)
from statuspage.models import Incident, IncidentUpdate, MaintenanceSeries, Snapshot, UpdateRevision
from statuspage.rules import recurrence
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import audit_actions, component, events, maintenance

NEW_YORK = ZoneInfo("America/New_York")
START = dt.datetime(2026, 10, 20, 12, 0, tzinfo=dt.UTC)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
SUNDAYS = "FREQ=WEEKLY;BYDAY=SU"


def local(*moment: int) -> dt.datetime:
    return dt.datetime(*moment, tzinfo=NEW_YORK)


@pytest.fixture
def calendar(page):
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def plan(**fields) -> Plan:
    values = {"name": "Weekly upkeep", "body": "Video visits may drop for a minute."}
    parts = [component("telehealth").public_id]
    return Plan(**{**values, "component_ids": parts, **fields})


def weekly(**fields) -> str:
    values = {
        "name": "Weekly upkeep", "body": "Video visits may drop for a minute.", "rule": SUNDAYS,
        "first_at": local(2026, 10, 25, 22), "minutes": 120, "component_ids": [component("telehealth").public_id],
        "by": OMAR, "key": "weekly",
    }  # fmt: skip
    return series.create(**{**values, **fields})


def dates() -> list[Incident]:
    return list(Incident.objects.order_by("scheduled_for"))


def standing() -> list[str]:
    rows = Incident.objects.filter(status="scheduled").order_by("scheduled_for")
    return [f"{row.scheduled_for.astimezone(NEW_YORK):%a %d %b %H:%M}" for row in rows]


def edit(row: Incident, **fields) -> None:
    values = {"plan": plan(), "scheduled_for": row.scheduled_for, "scheduled_until": row.scheduled_until, "by": OMAR}
    occurrences.edit(**{"incident_id": row.public_id, "key": new_public_id(), **values, **fields})


def change(series_id: str, row: Incident | None, **fields) -> None:
    first_at = row.series_slot if row is not None else local(2026, 10, 25, 22)
    values = {
        "from_id": row.public_id if row is not None else "", "plan": plan(), "rule": SUNDAYS, "first_at": first_at,
        "minutes": 120, "by": OMAR, "key": new_public_id(),
    }  # fmt: skip
    series.change(**{"series_id": series_id, **values, **fields})


def told() -> list[tuple[str, str]]:
    rows = IncidentUpdate.objects.filter(deliver_notifications=True).exclude(kind="scheduled").order_by("pk")
    return list(rows.values_list("kind", "body"))


# --- one date --------------------------------------------------------------------------------------------------------
def test_words_and_parts_of_one_date_change_and_nobody_is_mailed(calendar):
    weekly()
    first, second = dates()[:2]
    before = events(), Snapshot.objects.count()

    edit(first, plan=plan(name="New cameras", body="Cameras are changed.", component_ids=[component("ehr").public_id]))

    summary = queries.incident(first.public_id)
    assert (summary.name, summary.body, summary.components) == ("New cameras", "Cameras are changed.", ("EHR",))
    assert queries.incident(second.public_id).name == "Weekly upkeep"
    assert (events(), Snapshot.objects.count()) == (before[0], before[1] + 1)
    assert (Incident.objects.get(pk=first.pk).sequence, told()) == (1, [])
    line = AuditEvent.objects.get(action="maintenance:edit")
    assert (line.facts["changed"], line.facts["told"]) == (["body", "components", "name"], False)
    assert "Cameras" not in str(line.facts)


def test_a_notice_is_mailed_when_asked_for(calendar):
    row_id = maintenance().id
    row = Incident.objects.get(public_id=row_id)

    edit(row, plan=plan(name="New phone lines"), scheduled_for=row.scheduled_for + HOUR,
         scheduled_until=row.scheduled_until + HOUR, notice="An hour later than planned.")  # fmt: skip

    assert told() == [("rescheduled", "An hour later than planned.")]
    fresh = Incident.objects.get(pk=row.pk)
    assert fresh.scheduled_for == row.scheduled_for + HOUR == fresh.started_at


def test_a_quiet_move_stands_on_the_page_and_reminders_count_anew(calendar):
    row = Incident.objects.get(public_id=maintenance(reminders=[1440, 60]).id)
    calendar.move_to(row.scheduled_for - dt.timedelta(minutes=1430), tick=False)
    assert maintenances.run_due() == 1
    row.refresh_from_db()
    assert row.reminded == [1440]

    edit(row, scheduled_for=row.scheduled_for + 3 * DAY, scheduled_until=row.scheduled_until + 3 * DAY)

    fresh = Incident.objects.get(pk=row.pk)
    assert (fresh.reminded, told()) == ([], [("reminder", told()[0][1])])
    newest = IncidentUpdate.objects.order_by("-pk").first()
    assert (newest.kind, newest.deliver_notifications, newest.body) == ("rescheduled", False, occurrences.MOVED)


def test_a_reminder_that_went_out_does_not_go_out_again_for_other_words(calendar):
    row = Incident.objects.get(public_id=maintenance(reminders=[1440, 60]).id)
    calendar.move_to(row.scheduled_for - dt.timedelta(minutes=1430), tick=False)
    maintenances.run_due()
    row.refresh_from_db()

    edit(row, plan=plan(reminders=[2880, 1440, 15]))

    assert Incident.objects.get(pk=row.pk).reminded == [2880, 1440]
    assert maintenances.run_due() == 0


def test_saving_what_stands_already_leaves_no_trace(calendar):
    weekly()
    row = dates()[0]
    before = events(), Snapshot.objects.count(), audit_actions()

    edit(row)

    assert (events(), Snapshot.objects.count(), audit_actions()) == before
    assert Incident.objects.get(pk=row.pk).sequence == 0


def test_two_presses_are_one_edit_and_the_second_of_two_editors_is_told(calendar):
    row = Incident.objects.get(public_id=maintenance().id)

    edit(row, plan=plan(name="First"), seen=0, key="press")
    edit(row, plan=plan(name="First"), seen=0, key="press")
    with pytest.raises(EventChanged):
        edit(row, plan=plan(name="Second"), seen=0)

    assert audit_actions().count("maintenance:edit") == 1
    assert Incident.objects.get(pk=row.pk).name == "First"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"plan": {"name": " "}}, TextMissing),
        ({"plan": {"body": "Back at {{ end }}"}}, VariableOpen),
        ({"plan": {"component_ids": ["nobody"]}}, ComponentUnknown),
        ({"plan": {"component_status": "purple"}}, StatusUnknown),
        ({"plan": {"reminders": [1]}}, RemindersInvalid),
        ({"scheduled_until": START - HOUR}, WindowInvalid),
        ({"incident_id": "nobody"}, IncidentNotFound),
    ],
)
def test_a_refused_edit_changes_nothing(calendar, fields, error):
    row = Incident.objects.get(public_id=maintenance().id)
    before = events(), Snapshot.objects.count(), UpdateRevision.objects.count()

    with pytest.raises(error):
        edit(row, **{**fields, "plan": plan(**{"body": "Other words.", **fields.get("plan", {})})})

    assert (events(), Snapshot.objects.count(), UpdateRevision.objects.count()) == before
    assert queries.incident(row.public_id).name == "New phone lines"


def test_what_has_begun_or_is_over_is_not_edited(calendar):
    row = Incident.objects.get(public_id=maintenance().id)
    maintenances.post_update(incident_id=row.public_id, status="in_progress", body="It begins.", by=OMAR)
    with pytest.raises(MaintenanceBegun):
        edit(row)
    maintenances.post_update(incident_id=row.public_id, status="completed", body="Done.", by=OMAR)
    with pytest.raises(MaintenanceOver):
        edit(row)


# --- a date and all that follow ---------------------------------------------------------------------------------------
def test_other_words_from_the_third_date_on(calendar):
    series_id = weekly()

    change(series_id, dates()[2], plan=plan(name="New name", body="New words."), notice="We say it better now.")

    assert [row.name for row in dates()] == ["Weekly upkeep"] * 2 + ["New name"] * 6
    assert queries.incident(dates()[7].public_id).body == "New words."
    assert told() == [("updated", "We say it better now.")]
    calendar.move_to(START + 7 * DAY, tick=False)
    assert series.make_ahead() == 1
    assert dates()[-1].name == "New name"


def test_another_hour_moves_the_same_entries_of_peoples_calendars(calendar):
    series_id = weekly()
    ids = [row.public_id for row in dates()]
    maintenances.cancel(incident_id=ids[3], body="Holiday.", by=OMAR, key="c")

    change(series_id, dates()[1], first_at=local(2026, 11, 1, 23), minutes=60)

    assert standing() == [
        "Sun 25 Oct 22:00", "Sun 01 Nov 23:00", "Sun 08 Nov 23:00", "Sun 22 Nov 23:00", "Sun 29 Nov 23:00",
        "Sun 06 Dec 23:00", "Sun 13 Dec 23:00",
    ]  # fmt: skip
    assert [row.public_id for row in Incident.objects.order_by("pk")] == ids
    assert {row.scheduled_until - row.scheduled_for for row in dates()[1:] if row.cancelled_at is None} == {HOUR}
    assert told() == [("cancelled", "Holiday.")]
    assert series.make_ahead() == 0


def test_what_somebody_moved_by_hand_keeps_its_time_while_the_rule_stays(calendar):
    series_id = weekly()
    second = dates()[1]
    maintenances.reschedule(
        incident_id=second.public_id, scheduled_for=second.scheduled_for + DAY,
        scheduled_until=second.scheduled_until + DAY, body="Monday.", by=OMAR, key="m",
    )  # fmt: skip

    change(series_id, dates()[0], plan=plan(name="New name"), minutes=60)

    moved = Incident.objects.get(pk=second.pk)
    assert (moved.scheduled_for, moved.name) == (second.scheduled_for + DAY, "New name")
    assert moved.scheduled_until - moved.scheduled_for == HOUR
    assert moved.series_slot == second.series_slot


def test_a_rule_with_fewer_dates_calls_the_rest_off_and_one_with_more_plans_them(calendar):
    series_id = weekly()

    change(series_id, dates()[0], rule="FREQ=MONTHLY;BYDAY=-1SU", notice="Once a month from now on.")
    assert standing() == ["Sun 25 Oct 22:00", "Sun 29 Nov 22:00"]
    assert Incident.objects.filter(cancelled_at__isnull=False).count() == 6
    assert told() == [("updated", "Once a month from now on.")]

    change(series_id, None, rule="FREQ=WEEKLY;BYDAY=TU,SU", first_at=local(2026, 10, 25, 22))
    assert standing()[:3] == ["Sun 25 Oct 22:00", "Tue 27 Oct 22:00", "Sun 01 Nov 22:00"]
    assert len(standing()) == 16
    change(series_id, None, rule=SUNDAYS)
    change(series_id, None, rule="FREQ=WEEKLY;BYDAY=TU,SU")
    assert len(standing()) == 16
    assert series.make_ahead() == 0
    assert MaintenanceSeries.objects.get().version == 4


def test_a_counted_rule_goes_on_counting(calendar):
    series_id = weekly(rule="FREQ=WEEKLY;BYDAY=SU;COUNT=5")

    change(series_id, dates()[2], rule="FREQ=WEEKLY;BYDAY=SU;COUNT=5", first_at=local(2026, 11, 8, 20))

    assert standing() == [
        "Sun 25 Oct 22:00", "Sun 01 Nov 22:00", "Sun 08 Nov 20:00", "Sun 15 Nov 20:00", "Sun 22 Nov 20:00",
    ]  # fmt: skip
    assert MaintenanceSeries.objects.get().rule == "FREQ=WEEKLY;BYDAY=SU;COUNT=3"
    with pytest.raises(RuleInvalid):
        recurrence.rest("FREQ=DAILY;COUNT=3", done=3)


def test_a_series_without_dates_yet_is_edited_too(calendar):
    series_id = weekly(rule="FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=1")

    change(series_id, None, rule="FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=2", first_at=local(2027, 6, 2, 22))

    calendar.move_to(dt.datetime(2027, 4, 15, tzinfo=dt.UTC), tick=False)
    assert series.make_ahead() == 1
    assert standing() == ["Wed 02 Jun 22:00"]


def test_who_comes_too_late_or_asks_for_what_is_not_there_is_told(calendar):
    series_id = weekly()
    change(series_id, dates()[0], plan=plan(name="First"), seen=0, key="press")
    change(series_id, dates()[0], plan=plan(name="First"), seen=0, key="press")
    with pytest.raises(EventChanged):
        change(series_id, dates()[0], plan=plan(name="Second"), seen=0)
    with pytest.raises(IncidentNotFound):
        change(series_id, None, from_id=maintenance().id)
    with pytest.raises(RuleInvalid):
        change(series_id, None, rule="FREQ=DAILY;UNTIL=20260101")
    first = Incident.objects.filter(series__isnull=False).order_by("scheduled_for")[0]
    maintenances.post_update(incident_id=first.public_id, status="in_progress", body="It begins.", by=OMAR)
    with pytest.raises(MaintenanceBegun):
        change(series_id, first)
    assert MaintenanceSeries.objects.get().version == 1
    series.end(series_id=series_id, body="No more.", by=OMAR)
    with pytest.raises(SeriesEnded):
        change(series_id, None)


def test_a_crash_between_dates_changes_none_of_them(calendar, monkeypatch):
    series_id = weekly()
    apply, calls = occurrences.apply, []

    def fall(*args, **fields):
        calls.append(1)
        if len(calls) == 3:
            raise OSError("killed")
        return apply(*args, **fields)

    with monkeypatch.context() as patch:
        patch.setattr(occurrences, "apply", fall)
        with pytest.raises(OSError, match="killed"):
            change(series_id, dates()[0], plan=plan(name="Half"))

    assert {row.name for row in dates()} == {"Weekly upkeep"}
    assert MaintenanceSeries.objects.get().version == 0


# --- the console -----------------------------------------------------------------------------------------------------
DESK = "/desk/status/maintenances/"


def typed(row: Incident, **more: object) -> dict[str, object]:
    start = (row.series_slot or row.scheduled_for).astimezone(NEW_YORK)
    return {
        "name": "Edited", "body": "New words.", "components": [component("ehr").public_id],
        "component_status": "under_maintenance", "scheduled_for": f"{start:%Y-%m-%dT%H:%M}", "length": "120",
        "reminders": ["60"], "idempotency_key": new_public_id(), "do": "save", **more,
    }  # fmt: skip


def test_the_console_edits_one_date_or_all_that_follow(calendar, omar):
    series_id = weekly()
    row = dates()[1]
    one, rest = f"{DESK}{row.public_id}/edit/", f"{DESK}series/{series_id}/edit/?from={row.public_id}"
    shown = omar.get(one).content.decode()
    assert "Only this date" in shown
    assert rest in shown
    assert "Video visits may drop for a minute." in shown
    assert 'value="2026-11-01T22:00"' in shown

    assert omar.post(one, typed(row, seen=0)).status_code == 302
    assert [one.name for one in dates()[:3]] == ["Weekly upkeep", "Edited", "Weekly upkeep"]

    assert "every week on Sun" in omar.get(rest).content.decode()
    preview = omar.post(rest, typed(row, seen=0, repeat="weekly", weekdays=["MO"], do="check"))
    assert (preview.status_code, "Mon 2 Nov 2026, 22:00 EST" in preview.content.decode()) == (200, True)
    assert dates()[3].name == "Weekly upkeep"
    answer = omar.post(rest, typed(row, seen=0, repeat="keep", tell="on", notice="Read this."), follow=True)
    assert "Subscribers are being told." in answer.content.decode()
    assert [one.name for one in dates()] == ["Weekly upkeep"] + ["Edited"] * 7
    assert told() == [("updated", "Read this.")]
    assert omar.post(rest, typed(row, seen=0, repeat="keep")).status_code == 409


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ({"tell": "on", "notice": " "}, 422, "Write what subscribers should know"),
        ({"tell": "on", "notice": "x", "silent": "on"}, 422, "Silent work mails nobody"),
        ({"body": "Ask jane.doe@example.org"}, 422, "Save it all the same?"),
        ({"scheduled_for": "2020-01-01T10:00"}, 422, "not in the past"),
        ({"name": ""}, 422, "Give it a name that readers understand"),
    ],
)
def test_what_the_console_refuses_keeps_what_was_typed(calendar, omar, more, status, words):
    row = Incident.objects.get(public_id=maintenance().id)

    answer = omar.post(f"{DESK}{row.public_id}/edit/", typed(row, **{"notice": "Kept words", **more}))

    shown = answer.content.decode()
    assert (answer.status_code, words in shown) == (status, True)
    assert more.get("notice", "Kept words") in shown
    assert Incident.objects.get(pk=row.pk).name == "New phone lines"


def test_overriding_the_check_is_written_down(calendar, omar):
    row = Incident.objects.get(public_id=maintenance().id)
    words = typed(row, body="Ask jane.doe@example.org", lint_reason="checked")

    assert omar.post(f"{DESK}{row.public_id}/edit/", words).status_code == 302

    assert audit_actions()[-2:] == ["maintenance:edit", "incident:check_overridden"]


def test_only_operators_edit_what_is_planned(calendar, cast, staff_client, client):
    series_id = weekly()
    row = dates()[0]
    for path in (f"{DESK}{row.public_id}/edit/", f"{DESK}series/{series_id}/edit/"):
        assert client.post(path, typed(row)).status_code == 302
        assert staff_client(cast.olivia).post(path, typed(row)).status_code == 403
        assert (
            staff_client(cast.omar).get(path.replace(row.public_id, "nobody").replace(series_id, "x")).status_code
            == 404
        )
    assert {one.name for one in dates()} == {"Weekly upkeep"}
