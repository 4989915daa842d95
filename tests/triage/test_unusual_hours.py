"""A surge is also three times what an hour usually has (TR-10): the rule, the counting, the reason on the console."""

import datetime as dt

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.helpdesk.factories import HolidayFactory, TicketFactory
from tests.triage.factories import FlagFactory
from triage import console, queries
from triage.rules.surge import Report, Usual, same_hours, surges, unusual, worth_comparing

# Wednesday 18 November 2026, 10:00 in Chicago; the clocks went back on the 1st
NOW = dt.datetime(2026, 11, 18, 16, tzinfo=dt.UTC)
LONG_AGO = NOW - dt.timedelta(days=90)
CHICAGO = "America/Chicago"
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


def reports(*minutes, category="ERROR_MSG"):
    return [Report(str(n), category, "North", NOW - ago * MINUTE) for n, ago in enumerate(minutes)]


def weekdays(at):
    return at.astimezone(dt.timezone(-6 * dt.timedelta(hours=1))).weekday() < 5


def past(*counts, since=1):
    """So many reports half an hour ago on the wall, on each of the days before, the last day first."""
    moments = []
    for day, count in enumerate(counts, start=since):
        shift = dt.timedelta(hours=1) if day > 17 else dt.timedelta()  # daylight saving until 1 November
        moments += [NOW - day * DAY - shift - 30 * MINUTE] * count
    return {"ERROR_MSG": moments}


def judged(rows, history, *, is_open=weekdays, since=LONG_AGO):
    return unusual(rows, NOW, history=history, zone=CHICAGO, is_open=is_open, since=since)


@pytest.mark.parametrize(
    ("rows", "history", "counts"),
    [
        (reports(50, 30, 0), past(), [3]),  # usually none: three are enough
        (reports(50, 0), past(), []),
        (reports(61, 30, 0), past(), []),  # not within an hour
        (reports(50, 40, 30, 20, 10), past(*[2] * 28), []),  # six would be three times
        (reports(50, 40, 30, 20, 10, 0), past(*[2] * 28), [6]),
        (reports(110, 90, 70, 5), past(), [4]),  # an hour ago, and IT looked away
        (reports(190, 180, 170), past(), []),
        (reports(50, 30, 0), past(*[0, 0, 0, 0, 9] * 5), [3]),  # one bad day does not move a median
        (reports(50, 30), past(), []),
    ],
)
def test_three_times_the_usual_number_is_a_surge(rows, history, counts):
    assert [proposal.count for proposal in judged(rows, history)] == counts


def test_a_weekend_is_compared_with_weekends_only():
    """Saturdays and Sundays have three an hour, working days none; today is judged by working days."""
    quiet = [0 if weekdays(NOW - day * DAY) else 3 for day in range(1, 29)]

    (proposal,) = judged(reports(50, 30, 0), past(*quiet))

    assert proposal.usual == Usual(median=0, days=20)
    assert proposal.offices == ("North",)
    # If every hour were like every other, eight such days among 28 would not move the median either, but there are 28.
    (alike,) = judged(reports(50, 30, 0), past(*quiet), is_open=lambda at: True)
    assert alike.usual == Usual(median=0, days=28)


def test_a_new_practice_has_no_usual_number():
    assert judged(reports(50, 30, 0), past(), since=NOW - 5 * DAY) == ()
    (proposal,) = judged(reports(50, 30, 0), past(), since=NOW - 8 * DAY)
    assert proposal.usual == Usual(median=0, days=5)  # five working days among eight


def test_the_same_hours_are_those_on_the_wall():
    """10:00 in Chicago is 16:00 UTC in winter and 15:00 UTC in summer."""
    hours = same_hours(NOW, CHICAGO)

    assert len(hours) == 28
    assert hours[0] == (dt.datetime(2026, 11, 17, 13, tzinfo=dt.UTC), dt.datetime(2026, 11, 17, 16, 10, tzinfo=dt.UTC))
    assert hours[-1] == (dt.datetime(2026, 10, 21, 12, tzinfo=dt.UTC), dt.datetime(2026, 10, 21, 15, 10, tzinfo=dt.UTC))


def test_only_kinds_with_three_within_an_hour_are_looked_back_on():
    rows = reports(50, 30, 0) + reports(50, 0, category="SLOW")

    assert worth_comparing(rows, NOW) == {"ERROR_MSG"}
    assert surges(rows, NOW) == ()


# --- with rows --------------------------------------------------------------------------------------------------------
@pytest.fixture
def flags(cast):
    """`flags(days, minutes...)` sends flags so many days and minutes before NOW, done unless they are of today."""

    def send(days, *minutes, category="ERROR_MSG"):
        for ago in minutes:
            at = NOW - days * DAY - (dt.timedelta(hours=1) if days > 17 else dt.timedelta()) - ago * MINUTE
            state = "done" if days else "sent"
            FlagFactory(office=cast.north, sent_by=cast.olivia, at=at, state=state, category=category)

    return send


@pytest.fixture
def _known_for_long(cast):
    TicketFactory(office=cast.north, created_at=LONG_AGO, state="closed", closed_at=LONG_AGO, solved_at=LONG_AGO,
                  resolution="office")  # fmt: skip


def proposed(cast):
    with time_machine.travel(NOW, tick=False):
        return queries.proposals(cast.ian, console.fresh_flags(cast.ian, NOW), NOW)


@pytest.mark.usefixtures("_known_for_long")
def test_flags_are_compared_with_the_same_hour_of_four_weeks(cast, flags, staff_client):
    """TR-10: the console proposes the incident and says why."""
    for day in (1, 2, 6, 7, 8, 9, 12, 13, 14, 15, 16):  # eleven working days of twenty had one within the hour
        flags(day, 30, 100)
    flags(0, 50, 20, 0)

    (proposal,) = proposed(cast)
    assert (proposal.count, proposal.usual) == (3, Usual(median=1, days=20))
    with time_machine.travel(NOW, tick=False):
        console = staff_client(cast.ian).get(reverse("triage:it")).content.decode()
    assert "3 flags of “Error message” in 50 min, where 1 an hour is usual" in " ".join(console.split())
    assert "the median of 20 comparable days of the last four weeks" in console


@pytest.mark.usefixtures("_known_for_long")
def test_what_is_usual_is_not_proposed_and_days_off_are_not_compared(cast, flags):
    for day in (1, 2, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16):
        flags(day, 30, 25)
    flags(0, 50, 20, 0)
    assert proposed(cast) == ()

    cache.clear()  # ten minutes later
    for day in (5, 6, 7, 8, 9):
        date = (NOW - day * DAY).date()
        HolidayFactory(practice=cast.practice, date=date)
    (proposal,) = proposed(cast)
    assert proposal.usual == Usual(median=0, days=15)


@pytest.mark.usefixtures("_known_for_long")
def test_flags_of_another_practice_count_for_nothing(cast, flags):
    for ago in (50, 20, 0):
        FlagFactory(office=cast.elsewhere_office, sent_by=cast.charlie, at=NOW - ago * MINUTE)

    assert proposed(cast) == ()


@pytest.mark.usefixtures("_known_for_long")
def test_looking_back_costs_nothing_on_a_quiet_day_and_five_queries_once_in_ten_minutes_on_any_other(cast, flags):
    def cost():
        rows = console.fresh_flags(cast.ian, NOW)
        with time_machine.travel(NOW, tick=False), CaptureQueriesContext(connection) as asked:
            queries.proposals(cast.ian, rows, NOW)
        return len(asked)

    flags(0, 50, 20)
    assert cost() == 0
    flags(0, 0)
    assert (cost(), cost()) == (5, 0)
    for day in range(1, 15):
        flags(day, 10, 20, 30)
    flags(0, 5, 10, 15, category="SLOW")
    assert (cost(), cost()) == (5, 0)
