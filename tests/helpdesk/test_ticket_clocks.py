"""Clocks and deadlines: who had the move, what that leaves of our promise, and what happens as it runs out."""

import contextlib
import datetime as dt

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.actions import tickets
from helpdesk.enums import Alert, Category, Channel, RequesterKind, Resolution, Side, TicketState, Turn
from helpdesk.errors import AlreadyRelayed, NotRelayed, StillAtIT, TicketClosed, WrongMove
from helpdesk.models import Ticket
from helpdesk.rules import sla
from helpdesk.rules.hours import Calendar
from helpdesk.tasks import watch_deadlines
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from tests.helpdesk.factories import BusinessHoursFactory, HolidayFactory, TicketFactory, refresh
from tests.helpdesk.test_tickets import intake

S = TicketState
UTC = dt.UTC
OFFICE_HOURS = Calendar("America/Chicago")
# Fri 13 Nov 2026, 16:30 in Chicago, where the practice is
FRIDAY = dt.datetime(2026, 11, 13, 22, 30, tzinfo=UTC)


def hour(text: str) -> dt.datetime:
    """ "16 11:30" → 16 November 2026, 11:30 in Chicago."""
    return dt.datetime.strptime(f"2026 11 {text} -0600", "%Y %m %d %H:%M %z")


def at(moment):
    return time_machine.travel(moment, tick=False)


@pytest.fixture
def friday_ticket(cast):
    with at(FRIDAY):
        return tickets.open_from_contact(intake=intake(), office=cast.north, by=SYSTEM)


def test_a_deadline_explains_itself():
    """Four business hours from Friday 16:30, with a weekend in between (HD-11)."""
    assert sla.due(OFFICE_HOURS, FRIDAY, 240, 0) == hour("16 11:30")
    assert sla.explain(OFFICE_HOURS, FRIDAY, 240, 0) == "4 business hours, from Fri Nov 13, 16:30: Mon Nov 16, 11:30."
    assert sla.explain(OFFICE_HOURS, hour("14 09:00"), 240, 60) == (
        "4 business hours, 60 min used before, from Sat Nov 14, 09:00, closed until Mon Nov 16, 08:00: "
        "Mon Nov 16, 11:00."
    )
    assert sla.explain(OFFICE_HOURS, FRIDAY, 90, 90) == (
        "1 h 30 min of business hours, 90 min used before, from Fri Nov 13, 16:30: Fri Nov 13, 16:30."
    )
    assert sla.explain(Calendar("America/New_York", {}), FRIDAY, 30, 0) == (
        "30 min of business hours, but this place has no opening hours."
    )


def test_a_new_ticket_promises_a_first_answer_and_a_solution(friday_ticket):
    row = refresh(friday_ticket)

    assert (row.first_due_at, row.due_at) == (hour("16 11:30"), hour("16 11:30"))
    assert row.resolve_due_at == hour("17 14:30")  # 16 h: 30 min on Friday, 9 on Monday, 6.5 on Tuesday
    assert row.alert_at == hour("16 10:30")  # the last hour


def test_hours_and_holidays_of_the_office_count(cast):
    """HD-11: an office with a lunch break and a holiday on Monday."""
    spans = {str(day): [["08:00", "12:00"], ["13:00", "17:00"]] for day in range(5)}
    BusinessHoursFactory(office=cast.north, spans=spans)
    HolidayFactory(practice=cast.practice, office=cast.north, date=dt.date(2026, 11, 16))

    with at(FRIDAY):
        ticket = tickets.open_from_contact(intake=intake(), office=cast.north, by=SYSTEM)

    assert refresh(ticket).due_at == hour("17 11:30")


def test_the_clock_stands_still_while_it_is_the_requesters_move(cast, friday_ticket):
    by = cast.olivia.actor
    with at(hour("16 09:00")):  # 90 min used: 30 on Friday, 60 on Monday
        tickets.reply(ticket=friday_ticket, body="Which browser?", expects_answer=True, by=by)
    row = refresh(friday_ticket)
    assert (row.due_at, row.resolve_due_at, row.alert_at) == (None, None, None)

    with at(hour("18 09:00")):
        tickets.reply(ticket=friday_ticket, body="Firefox", by=tickets.requester_of(friday_ticket))

    row = refresh(friday_ticket)
    assert row.due_at == row.resolve_due_at == hour("19 14:30")  # 16 h - 90 min: 8 on Wednesday, 6.5 on Thursday
    assert [(one.turn, one.minutes) for one in row.segments.order_by("began_at")] == [
        (Turn.OFFICE, 90), (Turn.PATIENT, 0), (Turn.OFFICE, 0),
    ]  # fmt: skip


def test_an_answer_ends_the_first_promise_and_starts_the_second(cast, friday_ticket):
    with at(hour("16 09:00")):
        tickets.reply(ticket=friday_ticket, body="We look into it.", by=cast.olivia.actor)

    row = refresh(friday_ticket)
    assert (row.first_response_at, row.first_due_at) == (hour("16 09:00"), hour("16 11:30"))
    assert row.due_at == hour("17 14:30")


def test_while_a_flag_is_at_it_its_hours_count(cast, friday_ticket):
    """The office has 8 to 5, IT round the clock on weekdays."""
    spans = {str(day): [["00:00", "00:00"]] for day in range(5)}
    BusinessHoursFactory(practice=cast.practice, office=None, spans=spans)
    by = cast.olivia.actor
    with at(FRIDAY):
        tickets.take(ticket=friday_ticket, staff=cast.olivia, by=by)
    with at(hour("16 18:00")):  # 30 + 540 min used
        tickets.mark_relayed(ticket=friday_ticket, by=by)

    assert refresh(friday_ticket).resolve_due_at == hour("17 00:30")
    with at(hour("16 20:00")):
        tickets.mark_returned(ticket=friday_ticket, by=by)
    assert refresh(friday_ticket).resolve_due_at == hour("17 12:30")  # 570 + 120 used, 270 left from 8:00


def test_another_kind_or_office_is_another_promise(cast, friday_ticket):
    with at(FRIDAY):
        tickets.set_category(ticket=friday_ticket, category=Category.SEC_REPORT, by=cast.olivia.actor)
    assert refresh(friday_ticket).due_at == hour("16 08:30")

    cast.south.time_zone = "America/Los_Angeles"
    cast.south.save()
    with at(FRIDAY):
        tickets.hand_over(ticket=friday_ticket, office=cast.south, by=cast.olivia.actor)
    assert refresh(friday_ticket).due_at == hour("13 17:30")


def test_alerts_rise_once_each_and_wake_a_resting_ticket(cast, friday_ticket, events, deeds):
    """Due soon, overdue, escalated by age; a lost hour is made up for."""
    by = cast.olivia.actor
    with at(FRIDAY):
        tickets.take(ticket=friday_ticket, staff=cast.olivia, by=by)
        tickets.snooze(ticket=friday_ticket, reason="call_back", until=hour("20 09:00"), by=by)
    seen = []
    for moment in ("16 10:29", "16 10:30", "16 10:31", "16 11:30", "16 15:29", "16 15:30", "17 15:30"):
        with at(hour(moment)):
            watch_deadlines()
        row = refresh(friday_ticket)
        seen.append((row.alert, row.snoozed_until is not None))

    assert seen == [
        (Alert.NONE, True), (Alert.WARNED, False), (Alert.WARNED, False), (Alert.BREACHED, False),
        (Alert.BREACHED, False), (Alert.ESCALATED, False), (Alert.ESCALATED, False),
    ]  # fmt: skip
    assert deeds().count("ticket:alert") == 3
    assert events().count("TicketOverdue") == 2


def test_a_late_run_raises_straight_to_where_it_stands(friday_ticket, events):
    with at(hour("18 09:00")):
        watch_deadlines()

    assert refresh(friday_ticket).alert == Alert.ESCALATED
    assert events().count("TicketOverdue") == 1


def test_who_is_told_of_an_overdue_ticket(cast, friday_ticket, drain):
    """The owner first; after hours more, the office's lead. No word of what it is about."""
    from portal_core.directory.enums import Role
    from portal_core.notify.models import Delivery
    from tests.cast import make_staff

    lead = make_staff("Lena", cast.practice, (Role.OFFICE_MANAGER, cast.north))
    make_staff("Lewis", cast.practice, (Role.OFFICE_MANAGER, cast.south))
    with at(FRIDAY):
        tickets.take(ticket=friday_ticket, staff=cast.olivia, by=cast.olivia.actor)
    told = []
    for moment in ("16 11:30", "16 15:30"):
        with at(hour(moment)):
            watch_deadlines()
            drain()
        told.append(set(Delivery.objects.filter(address__endswith="staff.example").values_list("address", flat=True)))

    assert told[0] == {cast.olivia.email}
    assert told[1] - told[0] == {lead.email}


def test_overdue_at_it_whoever_works_on_the_flag_is_told_where_they_may_go(cast, friday_ticket, drain):
    """Each is told the page that is open to them: IT the flag, its owner at the office the ticket."""
    from portal_core.notify.models import Delivery
    from tests.triage.factories import FlagFactory

    with at(FRIDAY):
        tickets.take(ticket=friday_ticket, staff=cast.olivia, by=cast.olivia.actor)
        flag = FlagFactory(
            ticket=friday_ticket, office=cast.north, sent_by=cast.olivia, state="investigating", assignee=cast.ian
        )
        tickets.mark_relayed(ticket=friday_ticket, by=cast.olivia.actor)
    with at(hour("16 11:30")):
        watch_deadlines()
        drain()

    told = Delivery.objects.filter(address__endswith="staff.example").select_related("message")
    links = {row.address: row.message.text.split()[-1].partition("example")[2] or row.message.text for row in told}
    assert links.keys() == {cast.ian.email, cast.olivia.email}
    assert f"/triage/it/flags/{flag.public_id}/" in links[cast.ian.email]
    assert f"/triage/office/tickets/{friday_ticket.public_id}/" in links[cast.olivia.email]


def test_what_stood_before_the_clocks_gets_deadlines(cast):
    with at(FRIDAY):
        ticket = TicketFactory(office=cast.north, state=S.OPEN)
    with at(hour("16 09:00")):
        watch_deadlines()

    assert refresh(ticket).due_at == hour("16 11:30")


def test_the_urgent_comes_first_and_resting_ones_are_not_shown(cast):
    from helpdesk.queries import office_queue

    with at(FRIDAY):
        plain = tickets.open_from_contact(intake=intake(), office=cast.north, by=SYSTEM)
        urgent = tickets.open_from_contact(intake=intake(category=Category.SITE_DOWN), office=cast.north, by=SYSTEM)
        resting = tickets.open_from_contact(intake=intake(), office=cast.north, by=SYSTEM)
        tickets.snooze(ticket=resting, reason="visit", until=hour("16 15:00"), by=cast.olivia.actor)

    assert office_queue(cast.olivia).tickets == [urgent, plain]


DEEDS = (
    "take",
    "ask",
    "reply",
    "answer",
    "relay",
    "return",
    "wait",
    "loop",
    "yes",
    "no",
    "solve",
    "hand",
    "wake",
    "snooze",
)


def do(name, ticket, cast):
    by, who = cast.olivia.actor, tickets.requester_of(ticket)
    deed = {
        "take": lambda: tickets.take(ticket=ticket, staff=cast.olivia, by=by),
        "ask": lambda: tickets.reply(ticket=ticket, body="?", expects_answer=True, by=by),
        "reply": lambda: tickets.reply(ticket=ticket, body="!", by=by),
        "answer": lambda: tickets.reply(ticket=ticket, body="So.", by=who),
        "relay": lambda: tickets.mark_relayed(ticket=ticket, by=by),
        "return": lambda: tickets.mark_returned(ticket=ticket, by=by),
        "wait": lambda: tickets.wait_for_incident(ticket=ticket, incident_id=f"i{ticket.pk}", by=by),
        "loop": lambda: tickets.close_loop(incident_id=f"i{ticket.pk}", by=by),
        "yes": lambda: tickets.confirm_fixed(ticket=ticket, by=who),
        "no": lambda: tickets.still_broken(ticket=ticket, by=who),
        "solve": lambda: tickets.solve(ticket=ticket, resolution=Resolution.OFFICE, by=by),
        "hand": lambda: tickets.hand_over(ticket=ticket, office=cast.south, by=by),
        "wake": lambda: tickets.wake(ticket=ticket, by=SYSTEM),
        "snooze": lambda: tickets.snooze(
            ticket=ticket, reason="visit", until=clock.now() + dt.timedelta(days=1), by=by
        ),
    }  # fmt: skip
    with contextlib.suppress(WrongMove, TicketClosed, StillAtIT, AlreadyRelayed, NotRelayed):
        deed[name]()


@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 4000)), max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_the_segments_add_up_to_the_time_on_the_wall(cast, steps):
    """No gap, no overlap, and the last segment says whose move it is now; a deadline stands only while it is ours."""
    moment = FRIDAY
    with at(moment):
        ticket = tickets.open_from_contact(intake=intake(), office=cast.north, by=SYSTEM)
    for name, minutes in steps:
        moment += dt.timedelta(minutes=minutes)
        with at(moment):
            do(name, refresh(ticket), cast)

    row = Ticket.objects.get(pk=ticket.pk)
    segments = list(row.segments.order_by("began_at", "id"))
    assert segments[0].began_at == row.created_at
    assert [one.ended_at for one in segments[:-1]] == [one.began_at for one in segments[1:]]
    assert segments[-1].ended_at is None
    assert segments[-1].turn == row.turn
    assert sum(((one.ended_at or moment) - one.began_at for one in segments), dt.timedelta()) == moment - FRIDAY
    assert (row.due_at is not None) == (row.state in (S.NEW, S.OPEN))


def test_its_own_tickets_run_on_its_hours(cast):
    """TR-09: a provider's ticket is IT's from the start."""
    with at(FRIDAY):
        ticket = tickets.log_call(
            intake=intake(requester_kind=RequesterKind.PROVIDER, channel=Channel.PHONE), office=cast.north,
            staff=cast.ian, by=cast.ian.actor,
        )  # fmt: skip

    row = refresh(ticket)
    assert (row.side, row.first_response_at, row.due_at) == (Side.IT, FRIDAY, hour("17 14:30"))


def test_old_tickets_flood_nobody_with_mail(cast, events):
    with at(FRIDAY):
        old = TicketFactory(office=cast.north, state=S.OPEN)
    with at(hour("20 09:00")):
        watch_deadlines()
        watch_deadlines()

    assert (refresh(old).alert, refresh(old).alert_at) == (Alert.ESCALATED, None)
    assert events() == []
