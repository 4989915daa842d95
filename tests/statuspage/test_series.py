"""Recurring maintenances: local wall time kept across daylight saving, made ahead once, ended as a whole."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine

from statuspage import queries
from statuspage.actions import components, maintenances, series
from statuspage.errors import ComponentUnknown, RuleInvalid, SeriesEnded, SeriesNotFound, TextMissing, WindowInvalid
from statuspage.models import Incident, IncidentUpdate, MaintenanceSeries
from statuspage.rules import recurrence
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import audit_actions, component, events

NEW_YORK = "America/New_York"
DAY = dt.timedelta(days=1)
START = dt.datetime(2026, 10, 20, 12, 0, tzinfo=dt.UTC)


def local(*moment: int, zone: str = NEW_YORK) -> dt.datetime:
    return dt.datetime(*moment, tzinfo=ZoneInfo(zone))


def walls(rule: str, first_at: dt.datetime, days: int, zone: str = NEW_YORK) -> list[str]:
    found = recurrence.occurrences(rule, first_at=first_at, zone=zone, after=None, until=first_at + days * DAY)
    return [f"{moment.astimezone(ZoneInfo(zone)):%a %d %b %H:%M %Z}" for moment in found]


def test_the_wall_clock_is_kept_when_clocks_go_back():
    """1 November 2026, 02:00 EDT becomes 01:00 EST: 22:00 stays 22:00, an hour later in UTC."""
    first_at = local(2026, 10, 25, 22)
    found = recurrence.occurrences(
        "FREQ=WEEKLY;BYDAY=SU", first_at=first_at, zone=NEW_YORK, after=None, until=first_at + 14 * DAY + DAY / 2
    )

    assert [f"{moment:%d %H:%M}" for moment in found] == ["26 02:00", "02 03:00", "09 03:00"]
    assert walls("FREQ=WEEKLY;BYDAY=SU", first_at, 15) == [
        "Sun 25 Oct 22:00 EDT", "Sun 01 Nov 22:00 EST", "Sun 08 Nov 22:00 EST",
    ]  # fmt: skip


def test_the_wall_clock_is_kept_when_clocks_go_forward():
    assert walls("FREQ=DAILY", local(2026, 3, 7, 22), 1) == ["Sat 07 Mar 22:00 EST", "Sun 08 Mar 22:00 EDT"]


def test_a_time_that_does_not_exist_or_exists_twice():
    """RFC 5545: the gap is read with the offset before it; of two the first."""
    assert walls("FREQ=DAILY", local(2026, 3, 7, 2, 30), 2)[1] == "Sun 08 Mar 03:30 EDT"
    assert walls("FREQ=DAILY", local(2026, 10, 31, 1, 30), 1) == ["Sat 31 Oct 01:30 EDT", "Sun 01 Nov 01:30 EDT"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("freq=weekly; interval=2; byday=mo", ["Mon 02 Nov", "Mon 16 Nov", "Mon 30 Nov"]),
        ("FREQ=MONTHLY;BYDAY=2SU", ["Sun 08 Nov", "Sun 13 Dec"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["Mon 30 Nov"]),
        ("FREQ=DAILY;COUNT=2", ["Mon 02 Nov", "Tue 03 Nov"]),
        ("FREQ=DAILY;UNTIL=20261104T060000Z", ["Mon 02 Nov", "Tue 03 Nov", "Wed 04 Nov"]),
        ("RRULE:FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261110", ["Tue 03 Nov", "Thu 05 Nov"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["Mon 30 Nov"]),
    ],
)
def test_rules_mean_what_calendars_mean(rule, expected):
    assert [wall[:10] for wall in walls(rule, local(2026, 11, 2, 0, 30), 41)] == expected


@pytest.mark.parametrize(
    "rule",
    [
        "", "every sunday", "FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=WEEKLY;FREQ=DAILY", "BYDAY=SU",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2", "FREQ=DAILY;COUNT=2;UNTIL=20270101", "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=x", "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;BYHOUR=1,2,3", "DTSTART:20260101\nRRULE:FREQ=DAILY", "FREQ=DAILY;EXDATE=20260101",
        "FREQ=DAILY;" * 40,
        "FREQ=MONTHLY;BYMONTHDAY=45", "FREQ=YEARLY;BYMONTH=13",
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused(rule):
    with pytest.raises(RuleInvalid):
        recurrence.occurrences(rule, first_at=START, zone=NEW_YORK, after=None, until=START + DAY)


@pytest.fixture
def calendar(page):
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def weekly(**fields) -> str:
    values = {
        "name": "Weekly upkeep", "body": "Video visits may drop for a minute.", "rule": "FREQ=WEEKLY;BYDAY=SU",
        "first_at": local(2026, 10, 25, 22), "minutes": 120, "component_ids": [component("telehealth").public_id],
        "by": OMAR, "key": "weekly",
    }  # fmt: skip
    return series.create(**{**values, **fields})


def test_a_series_makes_sixty_days_and_tells_of_the_first(calendar):
    weekly()

    rows = Incident.objects.order_by("scheduled_for")
    assert rows.count() == 8
    assert {row.scheduled_for.astimezone(ZoneInfo(NEW_YORK)).strftime("%a %H:%M") for row in rows} == {"Sun 22:00"}
    assert {row.scheduled_until - row.scheduled_for for row in rows} == {dt.timedelta(hours=2)}
    assert [row.updates.get().deliver_notifications for row in rows] == [True] + [False] * 7
    assert events() == 8
    assert queries.maintenances()[-1].components == ("Telehealth",)


def test_making_ahead_twice_makes_nothing_twice(calendar):
    weekly()

    assert series.make_ahead() == 0
    calendar.move_to(START + 14 * DAY, tick=False)
    assert series.make_ahead() == 2
    assert series.make_ahead() == 0
    starts = list(Incident.objects.values_list("scheduled_for", flat=True))
    assert len(starts) == len(set(starts)) == 10
    assert IncidentUpdate.objects.filter(deliver_notifications=True).count() == 1


def test_what_was_moved_or_called_off_is_not_made_again(calendar):
    weekly()
    first, second = Incident.objects.order_by("scheduled_for")[:2]
    maintenances.cancel(incident_id=first.public_id, body="Holiday.", by=OMAR, key="c")
    maintenances.reschedule(
        incident_id=second.public_id, scheduled_for=second.scheduled_for + DAY,
        scheduled_until=second.scheduled_until + DAY, body="Monday.", by=OMAR, key="m",
    )  # fmt: skip

    calendar.move_to(START + 7 * DAY, tick=False)
    assert series.make_ahead() == 1
    assert Incident.objects.filter(cancelled_at=None).count() == 8


def test_a_worker_that_slept_for_months_makes_no_past(calendar):
    weekly()
    calendar.move_to(START + 200 * DAY, tick=False)

    made = series.make_ahead()

    fresh = Incident.objects.order_by("-pk")[:made]
    assert made == 9
    assert all(row.scheduled_until > START + 200 * DAY for row in fresh)


def test_ending_a_series_calls_off_what_has_not_begun(calendar):
    series_id = weekly()
    calendar.move_to(local(2026, 10, 25, 22, 5), tick=False)
    maintenances.run_due()
    before = events()

    assert series.end(series_id=series_id, body="We no longer need it.", by=OMAR) == 7

    rows = Incident.objects.order_by("scheduled_for")
    assert [row.status for row in rows] == ["in_progress"] + ["completed"] * 7
    assert [row.cancelled_at is not None for row in rows] == [False] + [True] * 7
    told = (
        IncidentUpdate.objects.filter(kind="cancelled").order_by("pk").values_list("deliver_notifications", flat=True)
    )
    assert list(told) == [True] + [False] * 6
    assert events() == before + 7
    calendar.move_to(START + 60 * DAY, tick=False)
    assert series.make_ahead() == 0
    with pytest.raises(SeriesEnded):
        series.end(series_id=series_id, body="Again.", by=OMAR)
    with pytest.raises(SeriesNotFound):
        series.end(series_id="nobody", body="Again.", by=OMAR)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"rule": "sometimes"}, RuleInvalid),
        ({"rule": "FREQ=DAILY;UNTIL=20260101"}, RuleInvalid),
        ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, RuleInvalid),
        ({"time_zone": "Mars/Olympus"}, RuleInvalid),
        ({"minutes": 0}, WindowInvalid),
        ({"minutes": 20_000}, WindowInvalid),
        ({"name": ""}, TextMissing),
        ({"body": ""}, TextMissing),
        ({"component_ids": ["nobody"]}, ComponentUnknown),
    ],
)
def test_a_refused_series_leaves_nothing_behind(calendar, change, error):
    with pytest.raises(error):
        weekly(**change)

    assert (MaintenanceSeries.objects.count(), Incident.objects.count(), events()) == (0, 0, 0)


def test_creating_twice_with_one_key_is_creating_once(calendar):
    assert weekly() == weekly()
    assert (MaintenanceSeries.objects.count(), Incident.objects.count()) == (1, 8)
    assert audit_actions().count("series:create") == 1


def test_a_yearly_series_is_kept_though_nothing_is_due_yet(calendar):
    weekly(rule="FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=1")
    assert Incident.objects.count() == 0

    calendar.move_to(dt.datetime(2027, 4, 15, tzinfo=dt.UTC), tick=False)
    assert series.make_ahead() == 1
    assert IncidentUpdate.objects.get().deliver_notifications


def test_a_crash_while_making_leaves_all_of_it_to_the_next_run(calendar, monkeypatch):
    weekly()
    calendar.move_to(START + 21 * DAY, tick=False)
    schedule, calls = maintenances.schedule, []

    def fall(**fields):
        calls.append(1)
        if len(calls) == 2:
            raise OSError("killed")
        return schedule(**fields)

    with monkeypatch.context() as patch:
        patch.setattr(maintenances, "schedule", fall)
        assert series.make_ahead() == 0
    assert Incident.objects.count() == 8

    assert series.make_ahead() == 3
    assert Incident.objects.count() == 11


def test_a_part_that_retired_falls_out_of_what_is_made_next(calendar):
    weekly(component_ids=[component("telehealth").public_id, component("ehr").public_id], rule="FREQ=WEEKLY;COUNT=30")
    for row in Incident.objects.all():
        maintenances.cancel(incident_id=row.public_id, body="x", by=OMAR, key=f"c{row.pk}")
    components.retire(component_id=component("ehr").public_id, by=OMAR)

    calendar.move_to(START + 7 * DAY, tick=False)
    assert series.make_ahead() == 1
    assert queries.maintenances()[0].components == ("Telehealth",)


def test_a_series_begun_quietly_stays_quiet_when_its_first_time_comes_near(page, drain):
    """Its first occurrence is beyond the 60 days that are made ahead."""
    with time_machine.travel(START, tick=False) as clock:
        series.create(
            name="Yearly", body="Short.", rule="FREQ=YEARLY", first_at=START + 90 * DAY, minutes=60, component_ids=[],
            deliver=False, by=OMAR, key="quiet",
        )  # fmt: skip
        assert Incident.objects.count() == 0
        clock.move_to(START + 40 * DAY)
        assert series.make_ahead() == 1

    assert [row.deliver_notifications for row in IncidentUpdate.objects.all()] == [False]
