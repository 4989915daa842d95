"""Business hours (HD-11): spans, lunch, holidays, and the two weeks a year in which a day has 23 or 25 hours."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.rules import hours
from helpdesk.rules.hours import Calendar, NeverOpen, add_working, is_open, next_closing, next_opening, working_minutes

CHICAGO = ZoneInfo("America/Chicago")
PLAIN = Calendar("America/Chicago")
LUNCH = Calendar(
    "America/Chicago",
    hours.parse_spans({str(day): [["08:00", "12:00"], ["13:00", "17:00"]] for day in range(5)}),
    frozenset({dt.date(2026, 11, 26)}),
)
NIGHT = Calendar("America/Chicago", hours.parse_spans({"5": [["22:00", "00:00"]], "6": [["00:00", "06:00"]]}))
CLOSED = Calendar("America/Chicago", {})


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHICAGO)


@pytest.mark.parametrize(
    ("calendar", "moment", "expected"),
    [
        (PLAIN, "2026-11-20 07:59:59", False),
        (PLAIN, "2026-11-20 08:00:00", True),
        (PLAIN, "2026-11-20 16:59:59", True),
        (PLAIN, "2026-11-20 17:00:00", False),
        (PLAIN, "2026-11-21 12:00:00", False),  # a Saturday
        (LUNCH, "2026-11-20 12:30:00", False),
        (LUNCH, "2026-11-26 10:00:00", False),  # a holiday
        (NIGHT, "2026-11-21 23:59:59", True),
        (NIGHT, "2026-11-22 00:00:00", True),
        (NIGHT, "2026-11-22 06:00:00", False),
    ],
)
def test_open_or_closed_to_the_second(calendar, moment, expected):
    """HD-11"""
    assert is_open(calendar, at(moment)) is expected


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-20 09:00:00", "2026-11-20 09:00:00"),
        ("2026-11-20 12:10:00", "2026-11-20 13:00:00"),
        ("2026-11-20 17:30:00", "2026-11-23 08:00:00"),  # Friday evening to Monday
        ("2026-11-25 18:00:00", "2026-11-27 08:00:00"),  # over the holiday
    ],
)
def test_the_next_opening(moment, opening):
    """HD-11"""
    assert next_opening(LUNCH, at(moment)) == at(opening)


def test_a_place_that_never_opens_says_so():
    with pytest.raises(NeverOpen):
        next_opening(CLOSED, at("2026-11-20 09:00:00"))
    with pytest.raises(NeverOpen):
        add_working(CLOSED, at("2026-11-20 09:00:00"), 1)
    assert next_closing(CLOSED, at("2026-11-20 09:00:00")) is None


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-20 11:30:00", 60, "2026-11-20 13:30:00"),  # over lunch
        ("2026-11-20 16:45:00", 30, "2026-11-23 08:15:00"),  # over the weekend
        ("2026-11-20 11:30:00", 30, "2026-11-20 12:00:00"),  # to the end of a span, not the start of the next
        ("2026-11-25 16:00:00", 120, "2026-11-27 09:00:00"),  # over the holiday
        ("2026-11-21 10:00:00", 0, "2026-11-23 08:00:00"),
    ],
)
def test_a_deadline_counts_open_minutes_only(start, minutes, end):
    assert add_working(LUNCH, at(start), minutes) == at(end)


def test_a_day_with_23_hours_and_one_with_25():
    """2026-03-08 loses an hour at 2 a.m., 2026-11-01 gains one."""
    night = Calendar("America/Chicago", hours.parse_spans({"6": [["00:00", "06:00"]]}))

    assert working_minutes(night, at("2026-03-08 00:00:00"), at("2026-03-08 06:00:00")) == 5 * 60
    assert working_minutes(night, at("2026-11-01 00:00:00"), at("2026-11-01 06:00:00")) == 7 * 60
    assert add_working(night, at("2026-03-08 00:00:00"), 240) == at("2026-03-08 05:00:00")


@given(
    start=st.integers(min_value=0, max_value=365 * 24 * 60),
    minutes=st.integers(min_value=1, max_value=5000),
)
def test_counting_forward_and_back_agree(start, minutes):
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=start)

    end = add_working(LUNCH, begin, minutes)

    assert working_minutes(LUNCH, begin, end) == minutes
    assert is_open(LUNCH, end - dt.timedelta(seconds=1))


@pytest.mark.parametrize(
    "raw",
    [
        {"7": [["08:00", "12:00"]]},
        {"0": [["12:00", "08:00"]]},
        {"0": [["08:00", "12:00"], ["11:00", "13:00"]]},
        {"0": [["25:00", "26:00"]]},
        {"0": [["08:00", "00:00"], ["13:00", "14:00"]]},
    ],
)
def test_spans_that_make_no_sense_are_refused(raw):
    with pytest.raises(ValueError):  # noqa: PT011
        hours.parse_spans(raw)
