"""HD-12 HD-13 HD-14 HD-15: figures for the people who may see them, from exactly the tickets they may see."""

import csv
import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from helpdesk import reports, tasks
from helpdesk.actions import tickets
from helpdesk.enums import Category, Channel, Resolution, Side, TicketState, Turn
from helpdesk.models import BusinessHours, TicketSegment, TicketUndo
from portal_core.directory.models import Practice
from portal_core.kernel.contracts import SYSTEM
from tests.cast import signed_in
from tests.helpdesk.factories import (
    BusinessHoursFactory,
    PhoneCallFactory,
    TicketFactory,
    TicketMessageFactory,
    TicketRatingFactory,
    refresh,
)
from tests.helpdesk.test_tickets import intake
from tests.triage.factories import FlagFactory
from triage.enums import EscalationState, RefusalCode
from triage.reports import relays
from triage.rules import periods

PATH = "/triage/reports/"
NOON = dt.datetime(2026, 11, 18, 17, 0, tzinfo=dt.UTC)  # a Wednesday, noon in New York
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def span(cast, **changes) -> reports.Span:
    values = {"practice_id": cast.practice.pk, "offices": None, "since": NOON - 7 * DAY, "until": NOON + DAY}
    return reports.Span(**(values | changes))


def solved(office, *, at=NOON - DAY, in_time=True, **fields):
    return TicketFactory(
        office=office, state=TicketState.SOLVED, created_at=at, solved_at=at + 2 * HOUR, solved_in_time=in_time,
        first_response_at=at + HOUR, first_due_at=at + 2 * HOUR, used_minutes=120, **fields,
    )  # fmt: skip


def test_what_is_counted_and_what_is_not(cast, noon):
    solved(cast.north)  # answered and solved in time, at the first contact
    solved(cast.north, in_time=False)  # too late
    again = solved(cast.north, reopened_count=1)
    asked_back = solved(cast.south)
    TicketSegment.objects.create(
        ticket=asked_back, turn="patient", state="wait_patient", began_at=NOON - DAY, ended_at=NOON - DAY + HOUR
    )
    TicketFactory(office=cast.south, created_at=NOON - HOUR)
    TicketFactory(office=cast.south, state=TicketState.MERGED, merged_into=again, created_at=NOON - HOUR)
    TicketFactory(office=cast.north, created_at=NOON - 8 * DAY)  # before
    TicketFactory(office=cast.elsewhere_office, created_at=NOON - HOUR)  # another practice's

    row = reports.breakdown(span(cast)).total

    assert (row.opened, row.solved, row.at_first_contact, row.reopened) == (5, 4, 2, 1)
    assert (row.answer_due, row.answered_in_time, row.solution_due, row.solved_in_time) == (4, 4, 4, 3)
    assert (row.first_contact_rate, row.answered_rate, row.solved_rate) == (50, 100, 75)
    assert [(one.key, one.opened) for one in reports.breakdown(span(cast)).by_office] == [
        (cast.north.pk, 3), (cast.south.pk, 2),
    ]  # fmt: skip
    assert reports.breakdown(span(cast, offices=frozenset({cast.south.pk}))).total.opened == 2


def test_nothing_divided_by_nothing(cast, noon):
    row = reports.breakdown(span(cast)).total
    assert (row.opened, row.first_contact_rate, row.answered_rate, row.solved_rate) == (0, None, None, None)
    assert reports.all_calls(reports.calls(span(cast)).values()) == reports.Calls(
        count=0, seconds=0, longest_seconds=0, lengths=(0, 0, 0, 0, 0, 0)
    )
    assert (row.relay_rate, row.mean_minutes) == (None, None)


def test_what_the_actions_leave_is_what_is_counted(cast):
    """HD-14: four requests of a Friday, dealt with by hand and read a week later. A desk that never answers is late."""
    friday = dt.datetime(2026, 11, 13, 15, 0, tzinfo=dt.UTC)  # 9 in the morning in Chicago
    by = cast.olivia.actor
    with time_machine.travel(friday, tick=False) as clock:
        quick, late, asked, silent = (
            tickets.open_from_contact(intake=intake(), office=cast.north, by=SYSTEM) for _ in range(4)
        )
        clock.shift(2 * HOUR)
        tickets.solve(ticket=quick, resolution=Resolution.OFFICE, by=by)  # no answer before: the solving is one
        tickets.reply(ticket=asked, body="Which browser?", expects_answer=True, by=by)
        clock.shift(7 * DAY)
        tickets.solve(ticket=late, resolution=Resolution.OFFICE, by=by)
        tickets.solve(ticket=asked, resolution=Resolution.NO_ANSWER, by=by)  # a week that was not ours
        row = reports.breakdown(span(cast, since=friday - DAY, until=friday + 9 * DAY)).total

        assert [refresh(one).solved_in_time for one in (quick, late, asked, silent)] == [True, False, True, None]
        assert [refresh(one).used_minutes for one in (quick, late, asked, silent)] == [120, 47 * 60, 120, None]
        assert (row.answer_due, row.answered_in_time, row.answered_rate) == (4, 2, 50)
        assert (row.solution_due, row.solved_in_time, row.solved_rate) == (4, 2, 50)
        assert (row.at_first_contact, row.mean_minutes) == (2, 1020)

        tickets.rate(ticket=quick, solved=False, round=0, by=tickets.requester_of(quick))
        assert (refresh(quick).solved_in_time, refresh(quick).used_minutes) == (None, None)
        undone = tickets.solve(ticket=silent, resolution=Resolution.OFFICE, hold=True, by=by)
        tickets.undo(undo_id=TicketUndo.objects.get(ticket=undone).public_id, by=by)
        assert (refresh(silent).solved_in_time, refresh(silent).used_minutes) == (None, None)


def test_a_place_that_never_opens_has_promised_nothing(cast):
    """…and its tickets are looked at no more than once by whoever gives deadlines, and hold up nobody else's."""
    BusinessHoursFactory(office=cast.north, spans={})
    with time_machine.travel(NOON, tick=False) as clock:
        shut = tickets.open_from_contact(intake=intake(), office=cast.north, by=SYSTEM)
        bare = TicketFactory(office=cast.south, created_at=NOON - DAY)
        assert (tasks.watch_deadlines(), tasks.watch_deadlines()) == (1, 0)
        assert (refresh(shut).version, refresh(bare).due_at is None) == (1, False)
        BusinessHours.objects.all().delete()
        assert (tasks.watch_deadlines(), refresh(shut).due_at is None) == (1, False)
        BusinessHoursFactory(office=cast.north, spans={})
        tickets.reply(ticket=shut, body="Which browser?", expects_answer=True, by=cast.olivia.actor)
        clock.shift(DAY)
        tickets.solve(ticket=shut, resolution=Resolution.OFFICE, by=cast.olivia.actor)
        assert refresh(shut).solved_in_time is None


def test_first_contact_is_at_the_desk_it_came_to(cast, noon):
    """HD-07, TR-09: IT is nobody else on a provider's ticket; what an office wrote of its own accord is no request."""
    for side, turn, state in (
        (Side.OFFICE, Turn.IT, TicketState.OPEN),  # flagged
        (Side.OFFICE, Turn.IT, TicketState.WAIT_INCIDENT),
        (Side.IT, Turn.IT, TicketState.OPEN),
    ):
        row = solved(cast.north, side=side, category=Category.STAFF_HOWTO)
        TicketSegment.objects.create(ticket=row, turn=turn, state=state, began_at=NOON - DAY, ended_at=NOON)
    letter = solved(cast.north, channel=Channel.MESSAGE)
    TicketMessageFactory(ticket=letter, author_kind="office", at=letter.created_at)
    TicketMessageFactory(ticket=letter, at=letter.created_at + HOUR)  # thank you
    answer = solved(cast.north, channel=Channel.MESSAGE)
    TicketMessageFactory(ticket=answer, at=answer.created_at)

    found = reports.breakdown(span(cast))

    row = next(row for row in found.by_category if row.key == Category.STAFF_HOWTO)
    assert (row.opened, row.at_first_contact, row.at_office, row.relayed, row.relay_rate) == (3, 1, 2, 1, 50)
    assert (found.total.opened, sum(count for _day, count in reports.volume(span(cast), zone="UTC"))) == (4, 4)


def test_an_office_that_closed_is_still_among_the_figures(cast, noon):
    solved(cast.south)
    solved(cast.north)
    cast.south.is_active = False
    cast.south.save(update_fields=["is_active"])

    assert "South (closed)" in opened_for(cast.ana)
    answer = signed_in(cast.ana).get(f"{PATH}export/")
    assert [line[:3] for line in csv.reader(answer.content.decode().splitlines())][1:] == [
        ["North", "Forgot password", "1"], ["South (closed)", "Forgot password", "1"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "place"),
    [(1, 0), (119, 0), (120, 1), (299, 1), (300, 2), (600, 3), (1200, 4), (2699, 4), (2700, 5), (9000, 5)],
)
def test_every_call_falls_into_one_length(cast, noon, seconds, place):
    """HD-13: two to forty-five minutes, and what lies outside."""
    call = {"seconds": seconds, "started_at": NOON - HOUR}
    PhoneCallFactory(office=cast.north, ticket=TicketFactory(office=cast.north, created_at=NOON - HOUR), **call)
    calls = reports.all_calls(reports.calls(span(cast)).values())
    assert (calls.count, calls.longest_seconds) == (1, seconds)
    assert calls.lengths == tuple(int(number == place) for number in range(6))


def test_volume_has_no_gap_and_counts_local_days(cast, noon):
    """HD-14. 03:00 UTC on the 18th is still the 17th in New York."""
    TicketFactory(office=cast.north, created_at=dt.datetime(2026, 11, 18, 3, 0, tzinfo=dt.UTC))
    TicketFactory(office=cast.north, created_at=NOON - HOUR)
    since, until = periods.bounds("7", now=NOON, zone="America/New_York", live_since=None)

    days = reports.volume(span(cast, since=since, until=until), zone="America/New_York")

    assert [f"{day:%d}" for day, _count in days] == ["12", "13", "14", "15", "16", "17", "18"]
    assert [count for _day, count in days] == [0, 0, 0, 0, 0, 1, 1]


def test_long_spans_are_counted_by_week(cast, noon):
    TicketFactory(office=cast.north, created_at=NOON - 70 * DAY)
    TicketFactory(office=cast.north, created_at=NOON - 69 * DAY)
    since, until = periods.bounds("90", now=NOON, zone="America/New_York", live_since=None)

    weeks = reports.volume(span(cast, since=since, until=until), zone="America/New_York")

    assert {day.weekday() for day, _count in weeks} == {0}
    assert [(f"{day:%d %b}", count) for day, count in weeks if count] == [("07 Sep", 2)]
    assert len(weeks) == 14


@pytest.mark.parametrize(
    ("period", "live", "first"),
    [
        ("7", None, "2026-11-12"),
        ("30", None, "2026-10-20"),
        ("live", dt.date(2026, 9, 1), "2026-09-01"),
        ("live", None, "2026-10-20"),
        ("live", dt.date(2027, 1, 1), "2026-11-18"),
        ("nonsense", None, "2026-10-20"),
    ],
)
def test_which_days(period, live, first):
    since, until = periods.bounds(period, now=NOON, zone="America/New_York", live_since=live)
    assert (since.isoformat()[:10], since.hour) == (first, 0)
    assert until.isoformat() == "2026-11-19T00:00:00-05:00"


def test_flags_by_office_and_why_they_came_back(cast, noon):
    """TR-06: what comes back teaches."""
    for office, state, refusal in (
        (cast.north, EscalationState.DONE, ""),
        (cast.north, EscalationState.RETURNED, RefusalCode.MISSING_FIELD),
        (cast.north, EscalationState.RETURNED, RefusalCode.MISSING_FIELD),
        (cast.south, EscalationState.RETURNED, RefusalCode.NOT_IT),
    ):
        ticket = TicketFactory(office=office, state=TicketState.OPEN, created_at=NOON - DAY)
        FlagFactory(
            ticket=ticket, office=office, sent_by=cast.olivia, state=state, refusal=refusal, at=NOON - HOUR
        )  # fmt: skip

    found = relays(span(cast))

    assert (found[None].sent, found[None].returned, found[None].returned_rate) == (4, 3, 75)
    assert found[None].refusals == ((RefusalCode.MISSING_FIELD, 2), (RefusalCode.NOT_IT, 1))
    assert (found[cast.north.pk].sent, found[cast.north.pk].refusals) == (3, ((RefusalCode.MISSING_FIELD, 2),))
    assert found[cast.south.pk].returned == 1


def opened_for(staff, query="") -> str:
    answer = signed_in(staff).get(f"{PATH}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_it_and_each_office_sees_its_own(cast, noon):
    solved(cast.north, category=Category.LOGIN_PWD)
    solved(cast.south, category=Category.TH_JOIN)
    TicketRatingFactory(ticket=solved(cast.north), at=NOON)

    hers = opened_for(cast.olivia)  # works at North
    everybodys = opened_for(cast.ana)

    assert "Forgot password" in hers
    assert "Cannot join a video visit" not in hers
    assert cast.south.name not in hers
    assert {"Forgot password", "Cannot join a video visit", cast.south.name} <= {
        word for word in ("Forgot password", "Cannot join a video visit", cast.south.name) if word in everybodys
    }
    assert "Cannot join a video visit" not in opened_for(cast.olivia, f"?office={cast.south.public_id}")
    assert "Pat Patient" not in opened_for(cast.ian)


@pytest.mark.parametrize("name", ["carla", "omar"])
def test_whoever_has_no_desk_has_no_figures(cast, name):
    assert signed_in(getattr(cast, name)).get(PATH).status_code == 403
    assert signed_in(getattr(cast, name)).get(f"{PATH}export/").status_code == 403


def test_an_empty_time_says_so(cast, noon):
    assert "No tickets in this time" in opened_for(cast.ian)
    old = TicketFactory(office=cast.north, state=TicketState.OPEN, created_at=NOON - 40 * DAY)
    FlagFactory(ticket=old, office=cast.north, sent_by=cast.olivia, at=NOON - HOUR)
    assert "Flags to IT" in opened_for(cast.ian)  # of an older ticket


def test_the_table_to_download(cast, noon):
    """HD-16 for figures: one line per office and reason."""
    solved(cast.north)
    TicketFactory(office=cast.south, created_at=NOON - HOUR)

    answer = signed_in(cast.ana).get(f"{PATH}export/?period=7")

    lines = list(csv.reader(answer.content.decode().splitlines()))
    assert lines[0][:3] == ["Office", "Reason", "Opened"]
    assert sorted(line[:4] for line in lines[1:]) == sorted(
        [[cast.north.name, "Forgot password", "1", "1"], [cast.south.name, "Forgot password", "1", "0"]]
    )


@pytest.mark.parametrize(
    ("table", "head", "line"),
    [
        (
            "figures", "Office,Reason,Opened,Solved,Solved at first contact",
            "North,Forgot password,1,1,1,0,0,1,1,1,1,120,1,300,1,0",
        ),
        ("channels", "Office,Reason,Channel,Opened,Solved", "North,Forgot password,Contact form,1,1"),
        ("days", "From,Opened", "2026-11-17,1"),
        ("calls", "Office,Reason,Calls,Seconds,Longest,Under 2 min", "North,Forgot password,1,300,300,0,0,1,0,0,0"),
        ("flags", "Office,Flags,Tickets,Came back", "North,1,1,1,0,0,"),
    ],
)  # fmt: skip
def test_every_table_behind_the_page_can_be_taken_away(cast, noon, table, head, line):
    """HD-13, HD-14, HD-15."""
    ticket = solved(cast.north)
    PhoneCallFactory(office=cast.north, ticket=ticket, seconds=300, started_at=NOON)
    TicketRatingFactory(ticket=ticket, at=NOON)
    back = {"state": EscalationState.RETURNED, "refusal": RefusalCode.NOT_IT}
    FlagFactory(ticket=ticket, office=cast.north, sent_by=cast.olivia, at=NOON - HOUR, **back)

    client = signed_in(cast.ana)
    assert f"table={table}&amp;period=7" in client.get(f"{PATH}?period=7").content.decode()
    lines = client.get(f"{PATH}export/?table={table}&period=7").content.decode().splitlines()

    assert lines[0].startswith(head)
    assert [one for one in lines if one.startswith(line)] != []
    assert client.get(f"{PATH}export/?table=patients").status_code == 404


def test_without_a_day_the_first_one_is_that_of_the_place(cast):
    """The first ticket came at eight in the evening in Chicago, which is the next day in London."""
    with time_machine.travel(NOON, tick=False):
        TicketFactory(office=cast.north, created_at=dt.datetime(2026, 11, 11, 2, 0, tzinfo=dt.UTC))
        assert "10 Nov" in opened_for(cast.ana, "?period=live")


def test_the_day_the_portal_opened(cast, noon):
    """HD-14: set by the owner or administrator, read by everybody's report."""
    client = signed_in(cast.ana)
    TicketFactory(office=cast.north, created_at=NOON - 40 * DAY)

    client.post(f"{PATH}live/", {"day": "2026-10-01"})

    assert Practice.objects.get(pk=cast.practice.pk).went_live_on == dt.date(2026, 10, 1)
    assert "1 Oct" in opened_for(cast.olivia, "?period=live")
    refused = client.post(f"{PATH}live/", {"day": "first of May"}, follow=True)
    assert "That is not a day" in refused.content.decode()
    assert Practice.objects.get(pk=cast.practice.pk).went_live_on == dt.date(2026, 10, 1)
    assert signed_in(cast.olivia).post(f"{PATH}live/", {"day": "2026-01-01"}).status_code == 403


def test_as_many_queries_for_many_as_for_few(cast, noon):
    solved(cast.north)
    client = signed_in(cast.ana)
    client.get(PATH)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(PATH)
    for number, office in enumerate((cast.north, cast.south, cast.west) * 4):
        solved(office, category=list(Category)[number])
    with CaptureQueriesContext(connection) as many:
        client.get(PATH)
    assert len(many) == len(few)
