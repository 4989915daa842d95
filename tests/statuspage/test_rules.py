import datetime as dt

import pytest

from statuspage.enums import SEVERITY, ComponentStatus
from statuspage.rules.bars import bars
from statuspage.rules.derive import TONES
from statuspage.rules.facts import Interval
from statuspage.rules.rollup import Rollup, impact_of, rollup, tells, worst
from statuspage.rules.uptime import counted, days, percent

OK, M, D, P, X = "operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"


@pytest.mark.parametrize(
    ("statuses", "impacts", "expected"),
    [
        ([], [], ("none", "All Systems Operational")),
        ([], ["critical"], ("critical", "Major System Outage")),
        ([OK, OK], [], ("none", "All Systems Operational")),
        ([OK, OK], ["none"], ("none", "All Systems Operational")),
        ([OK, OK], ["minor", "major"], ("major", "Partial System Outage")),
        ([M, M], [], ("maintenance", "Service Under Maintenance")),
        ([D, D], [], ("minor", "Degraded System Service")),
        ([P, P], [], ("major", "Partial System Outage")),
        ([X], [], ("critical", "Major System Outage")),
        ([X, OK], [], ("major", "Partial System Outage")),
        ([P, OK], [], ("minor", "Minor Service Outage")),
        ([D, OK], [], ("minor", "Partially Degraded Service")),
        ([M, OK], [], ("maintenance", "Service Under Maintenance")),
        ([M, D, P, X, OK], [], ("major", "Partial System Outage")),
        ([M, OK], ["critical"], ("critical", "Major System Outage")),
        ([M, OK], ["none"], ("maintenance", "Service Under Maintenance")),
        ([D, OK], ["major"], ("major", "Partial System Outage")),
        ([D, OK], ["minor"], ("minor", "Partially Degraded Service")),
        ([X, OK], ["minor"], ("major", "Partial System Outage")),
    ],
)
def test_sp_04_the_rollup_table(statuses, impacts, expected):
    """SP-04"""
    assert rollup(statuses, impacts) == Rollup(*expected)


@pytest.mark.parametrize(
    ("override", "statuses", "expected"),
    [("", [], True), ("", [OK, M], True), ("", [OK, D], False), ("", [X], False), ("critical", [D], True)],
)
def test_an_incident_says_more_than_its_parts_when_set_by_hand_or_when_they_are_well(override, statuses, expected):
    """SP-04"""
    assert tells(override, statuses) == expected


@pytest.mark.parametrize(
    ("statuses", "floor", "impact"),
    [([], [], "none"), ([OK], [], "none"), ([M], [], "maintenance"), ([D, OK], [], "minor"), ([P, D], [], "major"),
     ([X, OK], [], "critical"), ([OK], ["critical"], "critical"), ([P], ["minor"], "major")],
)  # fmt: skip
def test_impact_follows_the_components_and_never_falls(statuses, floor, impact):
    assert impact_of(statuses, floor=floor) == impact


def test_every_state_has_a_severity_a_tone_and_a_place_in_the_bars():
    assert set(SEVERITY) == set(ComponentStatus)
    assert set(ComponentStatus) <= set(TONES)
    assert worst([]) == OK
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for status in ComponentStatus.values:
        week = days(
            [Interval(status=status, start=start, end=None)], now=start + dt.timedelta(days=9), zone="UTC", count=7
        )
        drawn = bars(week)
        assert len(drawn.paths) == 1
        assert drawn.paths[0][1].count("M") == 7


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_uptime_counts_major_fully_partial_at_thirty_percent_and_nothing_else():
    day = [
        Interval(status=OK, start=at("2026-05-01T00:00Z"), end=at("2026-05-01T10:00Z")),
        Interval(status=X, start=at("2026-05-01T10:00Z"), end=at("2026-05-01T11:00Z")),
        Interval(status=P, start=at("2026-05-01T11:00Z"), end=at("2026-05-01T13:00Z")),
        Interval(status=D, start=at("2026-05-01T13:00Z"), end=at("2026-05-01T20:00Z")),
        Interval(status=M, start=at("2026-05-01T20:00Z"), end=None),
    ]
    now = at("2026-05-02T00:00Z")

    # 24 h; down 1 h + 0.3 × 2 h = 1.6 h → 93.333… %, never rounded up
    assert percent(day, since=at("2026-05-01T00:00Z"), now=now) == 93.33
    assert percent([], since=at("2026-05-01T00:00Z"), now=now) is None
    first = days(day, now=now - dt.timedelta(seconds=1), zone="UTC", count=1)[0]
    assert (first.status, first.major_seconds, first.partial_seconds) == (X, 3600, 7200)


def test_one_second_down_in_ninety_days_is_not_a_hundred_percent():
    rows = [
        Interval(status=X, start=at("2026-05-01T00:00:00Z"), end=at("2026-05-01T00:00:01Z")),
        Interval(status=OK, start=at("2026-05-01T00:00:01Z"), end=None),
    ]
    assert percent(rows, since=at("2026-05-01T00:00Z"), now=at("2026-07-30T00:00Z")) == 99.99


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-01", 24)])
def test_days_in_the_weeks_the_clocks_change_have_their_true_length(day, hours):
    outage = [Interval(status=X, start=at("2026-01-01T00:00Z"), end=None)]
    now = at(f"{day}T12:00Z") + dt.timedelta(days=2)

    rows = {row.date.isoformat(): row for row in days(outage, now=now, zone="America/New_York", count=5)}
    assert rows[day].major_seconds == hours * 3600


def test_uptime_counts_from_the_day_that_was_named():
    """SP-04: in the page's zone; what happened before is neither in the figure nor in the bars."""
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    down = start + dt.timedelta(days=4)
    rows = [Interval(status=X, start=start, end=down), Interval(status=OK, start=down, end=None)]

    assert counted(rows, since=None, zone="UTC") == tuple(rows)
    kept = counted(rows, since=dt.date(2026, 1, 4), zone="America/New_York")
    assert [(row.status, row.start.isoformat()) for row in kept] == [
        (X, "2026-01-04T05:00:00+00:00"), (OK, "2026-01-05T00:00:00+00:00"),
    ]  # fmt: skip
    assert [row.status for row in counted(rows, since=dt.date(2026, 1, 5), zone="UTC")] == [OK]
    assert counted(rows[:1], since=dt.date(2026, 2, 1), zone="UTC") == ()


def test_days_before_the_component_was_watched_are_unknown_not_green():
    rows = days(
        [Interval(status=OK, start=at("2026-05-03T12:00Z"), end=None)], now=at("2026-05-04T12:00Z"), zone="UTC", count=4
    )
    assert [row.status for row in rows] == [None, None, OK, OK]
