"""The way of a flag and of the incident made from flags."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk import errors as helpdesk
from helpdesk.actions import tickets
from helpdesk.enums import Category, Resolution, TicketState, Turn
from portal_core.directory.models import Staff
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.errors import Forbidden
from portal_core.notify.models import Delivery
from statuspage.errors import IncidentAlreadyResolved
from statuspage.queries import active_incidents, incident
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import FlagFactory, refresh
from triage import console, errors, queries
from triage.actions import escalations, incidents, playbook
from triage.enums import EscalationState, Method, OfficeStep, Purpose, RefusalCode, RelayReason
from triage.models import Escalation

E = EscalationState


def relay(cast, ticket, draft):
    return escalations.relay(ticket=ticket, draft=draft, staff=cast.olivia, by=cast.olivia.actor)


def test_a_complete_flag_goes_to_it_and_the_office_keeps_the_ticket(cast, ticket, draft, deeds):
    """HD-07, HD-09, TR-06: the contact details are those in the flag."""
    flag = relay(cast, ticket, draft())

    assert (flag.state, flag.office, flag.sent_by) == (E.SENT, cast.north, cast.olivia)
    assert (flag.patient_initials, flag.portal_label) == ("P. P.", "Active")
    assert (flag.contact_number, flag.identity_not_needed) == ("+12175550100", True)
    row = refresh(ticket)
    assert (row.turn, row.office, row.owner) == (Turn.IT, cast.north, cast.olivia)
    assert deeds() == ["ticket:relay", "ticket:playbook", "flag:relay"]


def test_a_flag_carries_what_the_office_proved(cast, ticket, attest, draft):
    """TR-06: a used or expired attestation still says that the office verified."""
    attestation = attest()
    for step in (OfficeStep.CHECK_SETUP, OfficeStep.INSTRUCT_RESET):
        playbook.tick(ticket=ticket, staff=cast.olivia, step=step, by=cast.olivia.actor)

    flag = relay(cast, ticket, draft(category=Category.LOGIN_PWD, reason=RelayReason.LOGIN_FAILS))

    assert (flag.attestation, flag.identity_not_needed) == (attestation, False)
    assert flag.steps_done == ["check_setup", "instruct_reset", "relay", "verify_identity"]


def test_every_refusal_has_a_code_and_a_fix_and_sends_nothing(cast, ticket, draft, deeds):
    """TR-06: NO_ATTESTATION, PLAYBOOK_INCOMPLETE and MISSING_FIELD at once, nothing half-written."""
    with pytest.raises(errors.FlagRefused) as refused:
        relay(cast, ticket, draft(category=Category.LOGIN_PWD, page="", happened_at=None))

    assert [(one["code"], one["field"]) for one in refused.value.facts["faults"]] == [
        ("PLAYBOOK_INCOMPLETE", "step:check_setup"),
        ("PLAYBOOK_INCOMPLETE", "step:instruct_reset"),
        ("NO_ATTESTATION", "identity"),
        ("MISSING_FIELD", "page"),
        ("MISSING_FIELD", "happened_at"),
    ]
    assert not Escalation.objects.exists()
    assert refresh(ticket).relayed_at is None
    assert deeds() == []


def test_a_request_that_never_goes_to_it_is_refused(cast, ticket, draft):
    """TR-05: NOT_IT names the right owner."""
    with pytest.raises(errors.FlagRefused) as refused:
        relay(cast, ticket, draft(category=Category.NAV_HELP))

    assert refused.value.facts["faults"] == [
        {
            "code": "NOT_IT",
            "fix": "This is not for IT. It belongs to: Office. Show them the way, or send the help article.",
            "field": "category",
        }
    ]


def test_a_second_flag_of_one_ticket_is_a_duplicate(cast, ticket, draft):
    relay(cast, ticket, draft())

    with pytest.raises(errors.FlagRefused) as refused:
        relay(cast, ticket, draft())

    assert refused.value.facts["faults"][0]["code"] == "DUPLICATE_OF"
    assert Escalation.objects.count() == 1


def test_a_known_incident_needs_no_flag(cast, ticket, draft, attest, mail_component):
    """INCIDENT_KNOWN: link, or say that it is something else."""
    _declare(cast, mail_component, [])
    attest(methods=(Method.K,), purpose=Purpose.IDENTITY, row=(row := _mail_ticket(cast)))
    for step in (OfficeStep.CHECK_SETUP, OfficeStep.TRACK_DELIVERY):
        playbook.tick(ticket=row, staff=cast.olivia, step=step, by=cast.olivia.actor)
    mail = {"category": Category.MSG_NOT_RECEIVED, "reason": RelayReason.MESSAGE_NOT_RECEIVED}

    with pytest.raises(errors.FlagRefused) as refused:
        relay(cast, row, draft(**mail))
    assert [one["code"] for one in refused.value.facts["faults"]] == ["INCIDENT_KNOWN"]

    assert relay(cast, row, draft(**mail, incident_denied=True)).state == E.SENT


@pytest.mark.parametrize("who", ["oscar", "ian", "carla", "charlie"])
def test_only_the_office_relays(cast, ticket, draft, who):
    staff = getattr(cast, who)
    with pytest.raises(Forbidden):
        escalations.relay(ticket=ticket, draft=draft(), staff=staff, by=staff.actor)


# --- IT's verdicts ----------------------------------------------------------------------------------------------------
@pytest.fixture
def flag(cast):
    return FlagFactory(office=cast.north, sent_by=cast.olivia)


def test_it_accepts_once(cast, flag, deeds):
    escalations.accept(flag=flag, staff=cast.ian, by=cast.ian.actor)
    with pytest.raises(errors.EscalationMoved):
        escalations.accept(flag=flag, staff=cast.ines, by=cast.ines.actor)

    row = refresh(flag)
    assert (row.state, row.assignee) == (E.INVESTIGATING, cast.ian)
    assert deeds() == ["flag:accept"]


@pytest.mark.parametrize("who", ["olivia", "ana", "omar", "charlie"])
@pytest.mark.parametrize("deed", ["accept", "decline", "answer", "ask", "link"])
def test_only_it_gives_verdicts(cast, flag, who, deed):
    staff = getattr(cast, who)
    call = {
        "accept": lambda: escalations.accept(flag=flag, staff=staff, by=staff.actor),
        "decline": lambda: escalations.decline(
            flag=flag, code=RefusalCode.NOT_IT, note="", staff=staff, by=staff.actor
        ),
        "answer": lambda: escalations.answer(flag=flag, text="x", staff=staff, by=staff.actor),
        "ask": lambda: escalations.ask_office(flag=flag, question="x", staff=staff, by=staff.actor),
        "link": lambda: escalations.link_to_incident(flag=flag, incident_id="x", staff=staff, by=staff.actor),
    }[deed]

    with pytest.raises(Forbidden):
        call()

    assert refresh(flag).state == E.SENT


@pytest.mark.parametrize("code", RefusalCode)
def test_a_declined_flag_returns_with_its_code(cast, flag, code):
    escalations.decline(flag=flag, code=code, note="Try again", staff=cast.ian, by=cast.ian.actor)

    row = refresh(flag)
    assert (row.state, row.refusal, row.closed_at is not None) == (E.RETURNED, code, True)
    assert refresh(flag.ticket).turn == Turn.OFFICE
    assert flag.ticket.messages.get().body == f"IT sent the flag back: {code.label}. Try again"


def test_an_answer_is_confirmed_by_the_office(cast, flag):
    """HD-08: the one who worked on it stays on it."""
    escalations.answer(flag=flag, text="Cleared the cache.", staff=cast.ian, by=cast.ian.actor)
    assert (refresh(flag).state, refresh(flag).assignee) == (E.ANSWERED, cast.ian)
    assert refresh(flag.ticket).turn == Turn.OFFICE

    escalations.office_confirm(flag=flag, staff=cast.olivia, by=cast.olivia.actor)

    assert refresh(flag).state == E.DONE
    with pytest.raises(errors.EscalationMoved):
        escalations.office_confirm(flag=flag, staff=cast.olivia, by=cast.olivia.actor)


def test_an_answer_that_does_not_help_bounces_to_the_same_person(cast, flag):
    escalations.answer(flag=flag, text="Try again.", staff=cast.ian, by=cast.ian.actor)

    escalations.reply_to_it(flag=flag, text="Still the same.", staff=cast.olivia, by=cast.olivia.actor)

    row = refresh(flag)
    assert (row.state, row.bounces, row.assignee) == (E.INVESTIGATING, 1, cast.ian)
    assert refresh(flag.ticket).turn == Turn.IT


def test_two_answers_that_did_not_help_reach_its_lead(cast, flag, drain):
    """Research §5.3: a flag that goes to and fro is seen by somebody who can end that."""
    for _round in range(3):
        escalations.answer(flag=flag, text="Try again.", staff=cast.ian, by=cast.ian.actor)
        escalations.reply_to_it(flag=flag, text="Still the same.", staff=cast.olivia, by=cast.olivia.actor)
    drain()

    rows = Delivery.objects.filter(message__template="triage/bounced")
    assert [row.address for row in rows] == [cast.ines.email]


def test_a_question_makes_it_the_offices_move(cast, flag):
    escalations.ask_office(flag=flag, question="Which browser?", staff=cast.ian, by=cast.ian.actor)
    assert (refresh(flag).state, refresh(flag.ticket).turn) == (E.NEED_OFFICE, Turn.OFFICE)

    escalations.reply_to_it(flag=flag, text="Chrome.", staff=cast.olivia, by=cast.olivia.actor)

    assert (refresh(flag).state, refresh(flag).bounces, refresh(flag.ticket).turn) == (E.INVESTIGATING, 0, Turn.IT)


@pytest.mark.parametrize("state", [E.SENT, E.INVESTIGATING, E.NEED_OFFICE])
def test_a_ticket_is_not_solved_over_an_open_flag(cast, state):
    """SOLVED implies no open escalation."""
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, state=state)

    with pytest.raises(errors.EscalationOpen):
        playbook.solve(ticket=flag.ticket, resolution=Resolution.OFFICE, by=cast.olivia.actor)

    assert refresh(flag.ticket).state == TicketState.OPEN


def test_solving_takes_an_answer_as_confirmed(cast):
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, state=E.ANSWERED)

    playbook.solve(ticket=flag.ticket, resolution=Resolution.IT, by=cast.olivia.actor)

    assert (refresh(flag).state, refresh(flag.ticket).state) == (E.DONE, TicketState.SOLVED)


STEPS = ["accept", "decline", "ask", "answer", "reply", "confirm", "solve"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.lists(st.sampled_from(STEPS), max_size=7))
def test_whatever_people_press_there_is_one_turn_and_no_solved_ticket_with_an_open_flag(cast, path):
    """Property: exactly one turn; SOLVED implies no open escalation; wrong presses change nothing."""
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)
    it, office = {"staff": cast.ian, "by": cast.ian.actor}, {"staff": cast.olivia, "by": cast.olivia.actor}
    for press in path:
        ticket = refresh(flag.ticket)
        try:
            {
                "accept": lambda: escalations.accept(flag=flag, **it),
                "decline": lambda: escalations.decline(flag=flag, code=RefusalCode.NOT_IT, note="", **it),
                "ask": lambda: escalations.ask_office(flag=flag, question="?", **it),
                "answer": lambda: escalations.answer(flag=flag, text="!", **it),
                "reply": lambda: escalations.reply_to_it(flag=flag, text="…", **office),
                "confirm": lambda: escalations.office_confirm(flag=flag, **office),
                "solve": lambda ticket=ticket: playbook.solve(
                    ticket=ticket, resolution=Resolution.OFFICE, by=cast.olivia.actor
                ),
            }[press]()
        except (errors.EscalationMoved, errors.EscalationOpen, helpdesk.WrongMove, helpdesk.NotRelayed):
            continue
        finally:
            row, seen = refresh(flag.ticket), refresh(flag)
            assert row.turn in Turn
            assert (row.turn == Turn.IT) is (seen.turn == "it")
            assert not (row.state == TicketState.SOLVED and seen.is_open)


@pytest.mark.parametrize(
    "broken",
    [
        {"state": E.LINKED, "incident_id": ""},
        {"state": E.RETURNED, "refusal": ""},
        {"refusal": RefusalCode.NOT_IT},
        {"identity_not_needed": False},
        {"ok_to_contact": True},
        {"error_text": ""},
    ],
)
def test_the_database_keeps_the_promises_of_a_flag(cast, broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        FlagFactory(office=cast.north, sent_by=cast.olivia, **broken)


# --- incidents --------------------------------------------------------------------------------------------------------
def _declare(cast, component, flags, key="k1", staff=None):
    staff = staff or cast.ian
    return incidents.declare_from_flags(
        escalation_ids=[flag.public_id for flag in flags], name="Secure message e-mail is delayed",
        body="We are looking into it.", components={component: "partial_outage"}, staff=staff, by=staff.actor, key=key,
    )  # fmt: skip


def _mail_ticket(cast):
    return TicketFactory(
        office=cast.north, patient=cast.pat, category=Category.MSG_NOT_RECEIVED, state=TicketState.OPEN
    )


@pytest.fixture
def burst(cast):
    """Five flags of one kind from two offices."""
    offices = [(cast.north, cast.olivia), (cast.south, cast.oscar)]
    return [
        FlagFactory(office=offices[n % 2][0], sent_by=offices[n % 2][1], category=Category.MSG_NOT_RECEIVED,
                    reason=RelayReason.MESSAGE_NOT_RECEIVED)
        for n in range(5)
    ]  # fmt: skip


def test_five_flags_of_two_offices_propose_and_are_declared(cast, burst, mail_component, deeds, events):
    """Story steps 5 and 6: the incident, the page, the tickets and the flags change together."""
    (proposal,) = queries.proposals(cast.ian, console.fresh_flags(cast.ian, clock.now()), clock.now())
    assert (proposal.count, proposal.offices) == (5, ("North", "South"))

    summary = _declare(cast, mail_component, burst)

    assert [one.id for one in active_incidents()] == [summary.id]
    assert {refresh(flag).state for flag in burst} == {E.LINKED}
    assert {refresh(flag.ticket).state for flag in burst} == {TicketState.WAIT_INCIDENT}
    assert deeds().count("incident:declare") == deeds().count("incident:from_flags") == 1
    assert events().count("IncidentPublished") == 1
    assert queries.proposals(cast.ian, console.fresh_flags(cast.ian, clock.now()), clock.now()) == ()


def test_a_second_press_lands_on_the_same_incident(cast, burst, mail_component, events):
    first = _declare(cast, mail_component, burst)
    again = _declare(cast, mail_component, burst)

    assert first.id == again.id
    assert events().count("IncidentPublished") == 1


def test_a_colleague_who_comes_too_late_is_told(cast, burst, mail_component, events):
    _declare(cast, mail_component, burst)

    with pytest.raises(errors.EscalationMoved):
        _declare(cast, mail_component, burst[:2], key="k2", staff=cast.ines)

    assert len(active_incidents()) == 1
    assert events().count("IncidentPublished") == 1


def test_a_flag_of_another_practice_is_not_touched(cast, mail_component):
    strange = FlagFactory(office=cast.elsewhere_office, sent_by=cast.charlie)

    with pytest.raises(errors.EscalationMoved):
        _declare(cast, mail_component, [strange])

    assert refresh(strange).state == E.SENT
    assert active_incidents() == []


@pytest.mark.parametrize("who", ["olivia", "omar", "ana", "carla"])
def test_only_it_declares(cast, burst, mail_component, who):
    with pytest.raises(Forbidden):
        _declare(cast, mail_component, burst, staff=getattr(cast, who))


def test_it_may_be_one_person(cast, burst, mail_component, drain):
    """HD-12: with every colleague gone, one agent answers, declares, ends it and hears what the patients say."""
    Staff.objects.filter(pk=cast.ines.pk).update(is_active=False)
    alone, rest = burst[0], burst[1:]

    escalations.accept(flag=alone, staff=cast.ian, by=cast.ian.actor)
    escalations.answer(flag=alone, text="Ask for the spam folder.", staff=cast.ian, by=cast.ian.actor)
    summary = _declare(cast, mail_component, rest)
    incidents.resolve(
        incident_id=summary.id, body="Fixed.", seen=summary.update_id, key="r1", staff=cast.ian, by=cast.ian.actor
    )
    drain()

    assert active_incidents() == []
    assert refresh(alone.ticket).turn == Turn.OFFICE
    assert {refresh(flag.ticket).state for flag in rest} == {TicketState.CLOSE_LOOP}
    assert queries.proposals(cast.ian, console.fresh_flags(cast.ian, clock.now()), clock.now()) == ()


def test_resolving_asks_every_requester_and_finishes_the_flags(cast, burst, mail_component, drain, deeds):
    """Story step 7; running the handler again changes nothing."""
    summary = _declare(cast, mail_component, burst)
    incidents.resolve(
        incident_id=summary.id, body="Fixed.", seen=summary.update_id, key="r1", staff=cast.ian, by=cast.ian.actor
    )
    drain()

    assert {refresh(flag).state for flag in burst} == {E.DONE}
    assert {refresh(flag.ticket).state for flag in burst} == {TicketState.CLOSE_LOOP}
    assert incidents.close_loop(incident_id=summary.id, by=SYSTEM) == 0
    assert deeds().count("flag:done") == 5


def test_resolving_twice_is_told_and_published_once(cast, burst, mail_component, events):
    summary = _declare(cast, mail_component, burst)
    incidents.resolve(
        incident_id=summary.id, body="Fixed.", seen=summary.update_id, key="r1", staff=cast.ian, by=cast.ian.actor
    )

    with pytest.raises(IncidentAlreadyResolved):
        incidents.resolve(
            incident_id=summary.id, body="Fixed!", seen=summary.update_id, key="r2", staff=cast.ines,
            by=cast.ines.actor,
        )  # fmt: skip

    assert events().count("IncidentPublished") == 2


def test_a_dissent_is_counted_on_the_console(cast, burst, mail_component, drain):
    summary = _declare(cast, mail_component, burst)
    incidents.resolve(
        incident_id=summary.id, body="Fixed.", seen=summary.update_id, key="r1", staff=cast.ian, by=cast.ian.actor
    )
    drain()
    ticket = refresh(burst[0].ticket)
    tickets.still_broken(ticket=ticket, by=tickets.requester_of(ticket))
    drain()

    assert queries.tickets_of_incident(cast.ian, summary.id).dissents == 1


def test_a_patients_yes_leaves_no_flag_open(cast, drain):
    """SOLVED implies no open escalation, also when the patient solves it."""
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, state=E.LINKED)
    tickets.close_loop(incident_id=flag.incident_id, by=SYSTEM)
    ticket = refresh(flag.ticket)

    tickets.confirm_fixed(ticket=ticket, by=tickets.requester_of(ticket))
    drain()

    assert (refresh(flag.ticket).state, refresh(flag).state) == (TicketState.SOLVED, E.DONE)


def test_linking_one_flag_to_a_running_incident(cast, mail_component):
    summary = _declare(cast, mail_component, [])
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)

    escalations.link_to_incident(flag=flag, incident_id=summary.id, staff=cast.ian, by=cast.ian.actor)

    assert (refresh(flag).state, refresh(flag).incident_id) == (E.LINKED, summary.id)
    assert refresh(flag.ticket).state == TicketState.WAIT_INCIDENT
    assert incident(summary.id).status == "investigating"


def test_an_old_burst_is_not_proposed(cast):
    at = clock.now() - dt.timedelta(hours=3)
    for n in range(6):
        FlagFactory(office=[cast.north, cast.south][n % 2], sent_by=cast.olivia, at=at)

    assert queries.proposals(cast.ian, console.fresh_flags(cast.ian, clock.now()), clock.now()) == ()
