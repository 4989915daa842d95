"""The verbs of a ticket: the good case, the wrong state, the double click."""

import datetime as dt

import pytest
import time_machine

from helpdesk import errors
from helpdesk.actions import tickets
from helpdesk.contracts import Intake
from helpdesk.enums import (
    DONE,
    MOVES,
    PAUSED,
    Category,
    Channel,
    RequesterKind,
    Resolution,
    Side,
    TicketState,
    Turn,
)
from helpdesk.models import Ticket
from helpdesk.rules.turn import WAITS
from portal_core.directory.enums import PatientSupportMode
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from tests.helpdesk.factories import TicketFactory, refresh

S = TicketState


def intake(**changes):
    values = {
        "requester_kind": RequesterKind.PATIENT, "category": Category.LOGIN_PWD, "channel": Channel.WEB,
        "body": "I forgot it.", "name": "Pat Patient", "email": "pat@patients.example",
    }  # fmt: skip
    return Intake(**{**values, **changes})


# --- opening ----------------------------------------------------------------------------------------------------------
def test_a_patients_message_lands_at_the_office_and_never_at_it(cast, deeds, events):
    """TR-02, TR-03: patients write to their office."""
    ticket = tickets.open_from_contact(intake=intake(), office=cast.south, by=SYSTEM)

    assert (ticket.side, ticket.office, ticket.state, ticket.owner) == (Side.OFFICE, cast.south, S.NEW, None)
    assert ticket.turn == Turn.OFFICE
    assert deeds() == ["ticket:open"]
    assert events() == ["TicketOpened"]


@pytest.mark.parametrize("kind", [RequesterKind.PROVIDER, RequesterKind.STAFF])
def test_a_providers_message_lands_at_it(cast, kind):
    """TR-09, HD-17: platform support checks providers, not the office; C6."""
    ticket = tickets.open_from_contact(intake=intake(requester_kind=kind), office=cast.north, by=SYSTEM)

    assert (ticket.side, ticket.turn) == (Side.IT, Turn.IT)


@pytest.mark.parametrize(
    ("mode", "category", "side"),
    [
        (PatientSupportMode.OFFICE_ONLY, Category.SITE_DOWN, Side.OFFICE),
        (PatientSupportMode.OFFICE_ONLY, Category.LOGIN_PWD, Side.OFFICE),
        (PatientSupportMode.PATIENT_LINE, Category.SITE_DOWN, Side.IT),
        (PatientSupportMode.PATIENT_LINE, Category.LOGIN_PWD, Side.OFFICE),
        (PatientSupportMode.PATIENT_LINE, Category.CONTACT_CHANGE, Side.OFFICE),
    ],
)
def test_a_patient_line_takes_technical_faults_only(cast, mode, category, side):
    """TR-07, C5: with a support line open to patients, what touches an account still goes to the office (TR-01)."""
    cast.practice.patient_support_mode = mode
    cast.practice.save()
    cast.north.refresh_from_db()

    ticket = tickets.open_from_contact(intake=intake(category=category), office=cast.north, by=SYSTEM)

    assert ticket.side == side


def test_an_office_logs_a_call_and_owns_it(cast, deeds):
    """HD-05, HD-13: kind and length of the call are kept."""
    ticket = tickets.log_call(
        intake=intake(channel=Channel.PHONE, email=""), office=cast.north, staff=cast.olivia, patient=cast.pat,
        call_seconds=130, by=cast.olivia.actor,
    )  # fmt: skip

    assert (ticket.state, ticket.owner, ticket.patient, ticket.call_seconds) == (S.OPEN, cast.olivia, cast.pat, 130)
    assert ticket.first_response_at == ticket.created_at
    assert [row.visibility for row in ticket.messages.all()] == ["internal"]
    assert deeds() == ["ticket:log_call"]


def test_a_patient_who_calls_it_is_handed_to_the_office(cast):
    """TR-03: all patient calls to IT are referred to the patient's office."""
    ticket = tickets.log_call(
        intake=intake(channel=Channel.PHONE), office=cast.south, staff=cast.ian, by=cast.ian.actor
    )

    assert (ticket.side, ticket.office, ticket.owner, ticket.state) == (Side.OFFICE, cast.south, None, S.NEW)


def test_it_keeps_a_providers_call(cast):
    ticket = tickets.log_call(
        intake=intake(channel=Channel.PHONE, requester_kind=RequesterKind.PROVIDER),
        office=cast.south, staff=cast.ian, by=cast.ian.actor,
    )  # fmt: skip

    assert (ticket.side, ticket.owner) == (Side.IT, cast.ian)


def test_a_call_for_another_practice_is_refused(cast):
    with pytest.raises(errors.WrongOffice):
        tickets.log_call(
            intake=intake(channel=Channel.PHONE), office=cast.elsewhere_office, staff=cast.olivia, by=cast.olivia.actor
        )
    with pytest.raises(errors.WrongOffice):
        tickets.log_call(
            intake=intake(channel=Channel.PHONE), office=cast.north, staff=cast.olivia, patient=cast.charlie_patient,
            by=cast.olivia.actor,
        )  # fmt: skip

    assert Ticket.objects.count() == 0


def test_references_can_be_read_aloud(cast):
    made = {TicketFactory(office=cast.north).reference for _ in range(40)}

    assert len(made) == 40
    assert all(len(text) == 8 and text[4] == "-" and not set(text) & set("ILOU01") for text in made)


# --- taking -----------------------------------------------------------------------------------------------------------
def test_take_makes_it_ones_own(cast, ticket, deeds):
    tickets.take(ticket=ticket, staff=cast.olivia, by=cast.olivia.actor)

    assert (refresh(ticket).owner, refresh(ticket).state) == (cast.olivia, S.OPEN)
    assert deeds() == ["ticket:take"]


def test_the_second_to_take_it_is_told(cast, ticket, deeds):
    tickets.take(ticket=ticket, staff=cast.olivia, by=cast.olivia.actor)

    with pytest.raises(errors.AlreadyTaken):
        tickets.take(ticket=ticket, staff=cast.oscar, by=cast.oscar.actor)

    assert refresh(ticket).owner == cast.olivia
    assert deeds() == ["ticket:take"]


def test_taking_twice_is_once_and_taking_over_is_possible(cast, ticket, deeds):
    tickets.take(ticket=ticket, staff=cast.olivia, by=cast.olivia.actor)
    tickets.take(ticket=ticket, staff=cast.olivia, by=cast.olivia.actor)
    tickets.take(ticket=ticket, staff=cast.oscar, over=True, by=cast.oscar.actor)

    assert refresh(ticket).owner == cast.oscar
    assert deeds() == ["ticket:take", "ticket:take"]


# --- talking ----------------------------------------------------------------------------------------------------------
def test_a_reply_of_the_office_opens_and_counts_as_first_response(cast, ticket, events):
    message = tickets.reply(ticket=ticket, body="  We are on it. ", by=cast.olivia.actor)

    row = refresh(ticket)
    assert (row.state, row.first_response_at, message.body) == (S.OPEN, message.at, "We are on it.")
    assert (message.author_kind, message.author_id) == ("office", cast.olivia.public_id)
    assert events() == ["TicketReplied"]


def test_a_question_waits_for_the_requester_and_has_a_wake_up(cast, ticket):
    tickets.reply(ticket=ticket, body="Which browser?", expects_answer=True, by=cast.olivia.actor)

    row = refresh(ticket)
    assert (row.state, row.turn, row.public_label, row.wait_reason) == (
        S.WAIT_PATIENT, Turn.PATIENT, "We need you", "answer",
    )  # fmt: skip
    assert row.wake_at == row.turn_since + dt.timedelta(days=2)


def test_the_requesters_answer_brings_it_back(cast, requester):
    ticket = TicketFactory(office=cast.north, state=S.WAIT_PATIENT)

    message = tickets.reply(ticket=ticket, body="Firefox.", by=requester(ticket))

    row = refresh(ticket)
    assert (row.state, row.turn, row.wake_at, row.wait_reason) == (S.OPEN, Turn.OFFICE, None, "")
    assert (message.author_kind, row.first_response_at) == ("requester", None)


def test_an_answer_to_a_solved_ticket_opens_it_again(cast, requester):
    ticket = TicketFactory(office=cast.north, state=S.SOLVED)

    tickets.reply(ticket=ticket, body="It is back.", by=requester(ticket))

    row = refresh(ticket)
    assert (row.state, row.reopened_count, row.solved_at, row.resolution) == (S.OPEN, 1, None, "")


def test_nobody_writes_to_a_closed_ticket(cast, requester, deeds, events):
    ticket = TicketFactory(office=cast.north, state=S.CLOSED)

    for by in (requester(ticket), cast.olivia.actor):
        with pytest.raises(errors.TicketClosed):
            tickets.reply(ticket=ticket, body="Hello?", by=by)

    assert ticket.messages.count() == 0
    assert deeds() == []
    assert events() == []


def test_a_requester_writing_during_an_incident_is_read_and_asked_once_answered(cast, requester):
    """ "Mine is another problem": it is the office's move at once, and not in a day. When it is over they are asked, if
    their words were answered."""
    ticket = TicketFactory(office=cast.north, state=S.WAIT_INCIDENT, incident_id="inc1")

    tickets.reply(ticket=ticket, body="Mine is another problem.", by=requester(ticket))

    row = refresh(ticket)
    assert (row.state, row.turn, row.incident_id) == (S.OPEN, Turn.OFFICE, "inc1")
    tickets.reply(ticket=row, body="It is the same.", by=cast.olivia.actor)
    assert tickets.close_loop(incident_id="inc1", by=SYSTEM) == 1
    assert refresh(ticket).state == S.CLOSE_LOOP


def test_a_note_stays_inside(cast, ticket, events):
    message = tickets.add_note(ticket=ticket, body="Called twice.", by=cast.olivia.actor)

    assert (message.visibility, refresh(ticket).state) == ("internal", S.NEW)
    assert events() == []


# --- whose it is ------------------------------------------------------------------------------------------------------
def test_matching_a_patient_brings_it_to_the_home_office(cast, deeds):
    """TR-03."""
    ticket = TicketFactory(office=cast.south)

    tickets.match_patient(ticket=ticket, patient=cast.pat, by=cast.oscar.actor)

    row = refresh(ticket)
    assert (row.patient, row.office) == (cast.pat, cast.north)
    assert deeds() == ["ticket:match_patient"]


def test_a_patient_of_another_practice_is_never_matched(cast, ticket):
    with pytest.raises(errors.WrongOffice):
        tickets.match_patient(ticket=ticket, patient=cast.charlie_patient, by=cast.olivia.actor)

    assert refresh(ticket).patient is None


def test_a_providers_ticket_has_no_patient(cast):
    ticket = TicketFactory(office=cast.north, requester_kind=RequesterKind.PROVIDER, side=Side.IT)

    with pytest.raises(errors.WrongMove):
        tickets.match_patient(ticket=ticket, patient=cast.pat, by=cast.ian.actor)


def test_an_office_hands_it_to_another_but_not_while_it_is_with_it(cast, ticket):
    tickets.hand_over(ticket=ticket, office=cast.west, by=cast.olivia.actor)
    assert (refresh(ticket).office, refresh(ticket).owner) == (cast.west, None)

    with pytest.raises(errors.WrongOffice):
        tickets.hand_over(ticket=ticket, office=cast.elsewhere_office, by=cast.olivia.actor)
    tickets.mark_relayed(ticket=ticket, by=cast.olivia.actor)
    with pytest.raises(errors.StillAtIT):
        tickets.hand_over(ticket=ticket, office=cast.south, by=cast.olivia.actor)
    assert refresh(ticket).office == cast.west


def test_the_category_can_be_corrected(cast, ticket):
    tickets.set_category(ticket=ticket, category=Category.MSG_NOT_RECEIVED, by=cast.olivia.actor)

    row = refresh(ticket)
    assert (row.category, row.subject) == (Category.MSG_NOT_RECEIVED, "Secure message e-mail not received")


# --- relay ------------------------------------------------------------------------------------------------------------
def test_a_relay_is_its_move_and_the_office_stays_the_owner(cast, ticket):
    """TR-10: a relay, not a transfer."""
    tickets.take(ticket=ticket, staff=cast.olivia, by=cast.olivia.actor)
    tickets.mark_relayed(ticket=ticket, by=cast.olivia.actor)

    row = refresh(ticket)
    assert (row.turn, row.state, row.side, row.owner) == (Turn.IT, S.OPEN, Side.OFFICE, cast.olivia)
    with pytest.raises(errors.AlreadyRelayed):
        tickets.mark_relayed(ticket=ticket, by=cast.olivia.actor)
    with pytest.raises(errors.StillAtIT):
        tickets.solve(ticket=ticket, resolution=Resolution.OFFICE, by=cast.olivia.actor)
    with pytest.raises(errors.StillAtIT):
        tickets.reply(ticket=ticket, body="?", expects_answer=True, by=cast.olivia.actor)

    tickets.mark_returned(ticket=ticket, by=cast.ian.actor)
    assert refresh(ticket).turn == Turn.OFFICE
    with pytest.raises(errors.NotRelayed):
        tickets.mark_returned(ticket=ticket, by=cast.ian.actor)


@pytest.mark.parametrize("state", [S.SOLVED, S.CLOSED, S.WAIT_INCIDENT, S.CLOSE_LOOP])
def test_what_waits_is_opened_when_it_is_relayed_and_what_is_over_is_not_relayed(cast, state):
    """Only the requester opens again what is over: a flag does not."""
    ticket = TicketFactory(office=cast.north, state=state)
    if state in (S.WAIT_INCIDENT, S.CLOSE_LOOP):
        tickets.mark_relayed(ticket=ticket, by=cast.olivia.actor)
        assert (refresh(ticket).state, refresh(ticket).turn) == (S.OPEN, Turn.IT)
    else:
        with pytest.raises(errors.TicketClosed if state == S.CLOSED else errors.WrongMove):
            tickets.mark_relayed(ticket=ticket, by=cast.olivia.actor)
        assert (refresh(ticket).state, refresh(ticket).reopened_count) == (state, 0)


# --- incidents --------------------------------------------------------------------------------------------------------
def test_an_incident_pauses_ends_the_flag_and_is_announced_once(cast, ticket, deeds, events):
    tickets.mark_relayed(ticket=ticket, by=cast.olivia.actor)
    tickets.wait_for_incident(ticket=ticket, incident_id="inc1", by=cast.ian.actor)
    tickets.wait_for_incident(ticket=ticket, incident_id="inc1", by=cast.ian.actor)

    row = refresh(ticket)
    assert (row.state, row.incident_id, row.relayed_at, row.turn) == (S.WAIT_INCIDENT, "inc1", None, Turn.IT)
    assert deeds() == ["ticket:relay", "ticket:wait_for_incident"]
    assert events() == ["TicketWaitsForIncident"]


def test_close_loop_asks_everyone_who_waits_and_nobody_twice(cast, events):
    waiting = [TicketFactory(office=office, state=S.WAIT_INCIDENT) for office in (cast.north, cast.south)]
    other = TicketFactory(office=cast.north, state=S.WAIT_INCIDENT, incident_id="another")

    assert tickets.close_loop(incident_id="incident0001", by=SYSTEM) == 2
    assert tickets.close_loop(incident_id="incident0001", by=SYSTEM) == 0

    assert [refresh(row).state for row in (*waiting, other)] == [S.CLOSE_LOOP, S.CLOSE_LOOP, S.WAIT_INCIDENT]
    assert events() == ["TicketLoopClosing", "TicketLoopClosing"]


def test_yes_it_works_solves_it_and_a_second_yes_changes_nothing(cast, requester, deeds, events):
    ticket = TicketFactory(office=cast.north, state=S.CLOSE_LOOP)

    tickets.confirm_fixed(ticket=ticket, by=requester(ticket))
    tickets.confirm_fixed(ticket=ticket, by=requester(ticket))

    row = refresh(ticket)
    assert (row.state, row.resolution, row.solved_by) == (S.SOLVED, "incident", f"Requester of {ticket.reference}")
    assert deeds() == ["ticket:confirm_fixed"]
    assert events() == ["TicketSolved"]


def test_still_broken_opens_it_and_counts_once_per_asking(cast, requester, deeds, events):
    ticket = TicketFactory(office=cast.north, state=S.CLOSE_LOOP)

    tickets.still_broken(ticket=ticket, by=requester(ticket))
    tickets.still_broken(ticket=ticket, by=requester(ticket))

    row = refresh(ticket)
    assert (row.state, row.turn, row.dissent_count) == (S.OPEN, Turn.OFFICE, 1)
    assert deeds() == ["ticket:still_broken"]
    assert events() == ["TicketStillBroken"]


@pytest.mark.parametrize("state", [S.NEW, S.OPEN, S.WAIT_PATIENT, S.WAIT_INCIDENT, S.SOLVED, S.CLOSED])
def test_nobody_confirms_or_denies_what_was_not_asked(cast, requester, state, deeds):
    ticket = TicketFactory(office=cast.north, state=state)

    for verb in (tickets.confirm_fixed, tickets.still_broken):
        with pytest.raises(errors.WrongMove):
            verb(ticket=ticket, by=requester(ticket))

    assert refresh(ticket).state == state
    assert deeds() == []


# --- the end ----------------------------------------------------------------------------------------------------------
def test_solve_says_how_and_by_whom(cast, ticket, deeds, events):
    tickets.solve(ticket=ticket, resolution=Resolution.OFFICE, note="Reset sent.", by=cast.olivia.actor)

    row = refresh(ticket)
    assert (row.state, row.resolution, row.solved_by, row.turn) == (S.SOLVED, "office", "Olivia Staff", Turn.NOBODY)
    assert [(message.visibility, message.body) for message in row.messages.all()] == [("internal", "Reset sent.")]
    with pytest.raises(errors.WrongMove):
        tickets.solve(ticket=ticket, resolution=Resolution.OFFICE, by=cast.olivia.actor)
    assert deeds() == ["ticket:solve"]
    assert events() == ["TicketSolved"]


@pytest.mark.parametrize(
    ("state", "after"), [(S.WAIT_PATIENT, S.OPEN), (S.WAIT_INCIDENT, S.OPEN), (S.CLOSE_LOOP, S.SOLVED)]
)
def test_every_pause_wakes_at_its_moment_and_not_before(cast, state, after):
    ticket = TicketFactory(office=cast.north, state=state, requester_email="")  # no mail can repeat a question

    with time_machine.travel(ticket.wake_at - dt.timedelta(seconds=1), tick=False):
        tickets.wake(ticket=ticket, by=SYSTEM)
        assert refresh(ticket).state == state
    with time_machine.travel(ticket.wake_at, tick=False):
        tickets.wake(ticket=ticket, by=SYSTEM)

    assert refresh(ticket).state == after


def test_a_solved_ticket_closes_after_a_week(cast):
    from helpdesk.tasks import wake_tickets

    ticket = TicketFactory(office=cast.north, state=S.SOLVED)

    with time_machine.travel(ticket.solved_at + dt.timedelta(days=7), tick=False):
        assert wake_tickets() == 1
        assert wake_tickets() == 0

    assert (refresh(ticket).state, refresh(ticket).public_label) == (S.CLOSED, "Closed")


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("to", list(S))
def test_only_the_moves_of_the_table_are_possible(cast, state, to):
    ticket = TicketFactory.build(office=cast.north, state=state, turn_since=clock.now())
    if to in MOVES[state]:
        ticket.move(to, at=clock.now())
        assert ticket.state == to
        assert (ticket.wake_at is not None) == (ticket.wait_reason != "") == (to in PAUSED)
    else:
        with pytest.raises((errors.WrongMove, errors.TicketClosed)):
            ticket.move(to, at=clock.now())
        assert ticket.state == state


def test_each_pause_has_a_wake_up():
    assert set(WAITS) == set(PAUSED)


def test_a_raw_row_without_a_wake_up_or_a_resolution_is_refused_by_the_database(cast):
    from django.db import IntegrityError, transaction

    for broken in (
        {"state": S.WAIT_PATIENT, "wake_at": None},
        {"state": S.OPEN, "wake_at": clock.now()},
        {"state": S.SOLVED, "resolution": ""},
        {"state": S.NEW, "relayed_at": clock.now()},
        {"state": S.WAIT_INCIDENT, "incident_id": ""},
        {"requester_email": "", "requester_phone": ""},
        {"call_seconds": 60},
        {"state": "nonsense"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            TicketFactory(office=cast.north, **broken)
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("relayed", [False, True])
def test_the_turn_in_the_database_is_the_turn_of_the_rule(cast, state, side, relayed):
    """Exactly one turn, said twice, meant once."""
    if relayed and state != S.OPEN:
        return
    ticket = TicketFactory(office=cast.north, state=state, side=side, relayed_at=clock.now() if relayed else None)

    assert refresh(ticket).turn_now == ticket.turn
    assert (ticket.turn == Turn.NOBODY) == (state in DONE)
