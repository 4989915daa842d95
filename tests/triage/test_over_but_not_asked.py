"""Who is not asked by letter when an incident is over, and who counts as saying that it is not (HD-09, HD-13)."""

import datetime as dt

import pytest
from django.db import connection

from helpdesk.actions import calls, tickets
from helpdesk.enums import CallDirection, CallOutcome, Category, Channel, TicketState, Turn
from helpdesk.errors import WrongMove
from helpdesk.models import Ticket
from helpdesk.queries import dissents, reachable, still_broken_after
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.notify.models import Delivery
from statuspage.models import Incident
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import FlagFactory, refresh
from triage import console, queries
from triage.actions import escalations, incidents
from triage.enums import EscalationState

S = TicketState


@pytest.fixture
def declare(mail_component, cast):
    def now(key):
        return incidents.declare_from_flags(
            escalation_ids=[], name="Mail is late", body="We look.", components={mail_component: "partial_outage"},
            key=key, staff=cast.ian, by=cast.ian.actor,
        )  # fmt: skip

    return now


@pytest.fixture
def running(declare):
    return declare("k1")


@pytest.fixture
def resolve(cast, drain):
    def over(incident):
        incidents.resolve(
            incident_id=incident.id, body="Fixed.", seen=incident.update_id, key=f"over {incident.id}",
            staff=cast.ian, by=cast.ian.actor,
        )  # fmt: skip
        drain()

    return over


@pytest.fixture
def linked(cast, running):
    def one(incident=running, **values):
        ticket = TicketFactory(office=cast.north, state=S.OPEN, **values)
        incidents.link_ticket(ticket=ticket, incident_id=incident.id, staff=cast.olivia, by=cast.olivia.actor)
        return ticket

    return one


def says(ticket, words="It is something else."):
    tickets.reply(ticket=refresh(ticket), body=words, by=tickets.requester_of(ticket))


def comes_back(ticket):
    """A day is over, and the incident is not."""
    Ticket.objects.filter(pk=ticket.pk).update(wake_at=clock.now() - dt.timedelta(minutes=1))
    tickets.wake(ticket=refresh(ticket), by=SYSTEM)


def call_of(cast, ticket, direction):
    calls.write_down(
        ticket=refresh(ticket), staff=cast.olivia, direction=direction, outcome=CallOutcome.TALKED, by=cast.olivia.actor
    )


# --- words that nobody answered ---------------------------------------------------------------------------------------
def test_words_of_meanwhile_are_not_answered_by_silence(cast, running, linked, resolve):
    """Chest pain, five minutes before the incident is over: it stays with the desk, due within the hour."""
    ticket = linked()
    says(ticket, "It is something else, I have chest pain.")
    due = refresh(ticket).due_at

    resolve(running)

    row = refresh(ticket)
    assert (row.category, row.state, row.turn, row.due_at) == (Category.CLINICAL_URGENT, S.OPEN, Turn.OFFICE, due)
    assert due is not None
    assert (row.incident_id, row.loop_rounds) == ("", 0)
    assert [one.body for one in row.messages.filter(visibility="internal")] == [
        "The incident is over. They wrote or called meanwhile: read it, and ask whether it works."
    ]
    assert not Delivery.objects.filter(message__template="helpdesk/close_loop").exists()
    assert tickets.close_loop(incident_id=running.id, by=SYSTEM) == 0


@pytest.mark.parametrize(
    ("deeds", "state"),
    [
        (["they write"], S.OPEN),
        (["they call"], S.OPEN),
        (["joined writes"], S.OPEN),
        (["they write", "we write"], S.CLOSE_LOOP),
        (["they write", "we call"], S.CLOSE_LOOP),
        (["they write", "we write", "they write"], S.OPEN),
        (["a day"], S.CLOSE_LOOP),
        (["a day", "security"], S.OPEN),
        (["we write", "a day"], S.CLOSE_LOOP),
    ],
)
def test_whose_words_are_answered_is_asked(cast, running, linked, resolve, deeds, state):
    ticket = linked()
    joined = TicketFactory(office=cast.north, state=S.MERGED, merged_into=ticket)
    does = {
        "they write": lambda: says(ticket),
        "joined writes": lambda: says(joined),
        "they call": lambda: call_of(cast, ticket, CallDirection.IN),
        "we call": lambda: call_of(cast, ticket, CallDirection.OUT),
        "we write": lambda: tickets.reply(ticket=refresh(ticket), body="We know.", by=cast.olivia.actor),
        "a day": lambda: comes_back(ticket),
        "security": lambda: Ticket.objects.filter(pk=ticket.pk).update(category=Category.SEC_REPORT),
    }
    for deed in deeds:
        does[deed]()

    resolve(running)

    assert refresh(ticket).state == state


def test_what_was_said_before_the_link_is_part_of_it(cast, running, resolve, linked):
    ticket = TicketFactory(office=cast.north, state=S.OPEN)
    says(ticket, "The mail does not come.")
    incidents.link_ticket(ticket=ticket, incident_id=running.id, staff=cast.olivia, by=cast.olivia.actor)
    comes_back(ticket)

    resolve(running)

    assert refresh(ticket).state == S.CLOSE_LOOP


def test_a_flag_sent_while_the_incident_ends_keeps_its_ticket(cast, running, linked):
    """Between the list and the lock the office sends it to IT: nobody takes it away from there."""
    ticket = linked()
    comes_back(ticket)
    looked = []

    def between(execute, sql, params, many, context):
        if sql.startswith("SELECT") and 'FROM "helpdesk_ticket"' in sql:
            looked.append(sql)
            if len(looked) == 2:  # the list was read, the row is not locked yet
                Ticket.objects.filter(pk=ticket.pk).update(relayed_at=clock.now())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(between):
        assert tickets.close_loop(incident_id=running.id, by=SYSTEM) == 0

    row = refresh(ticket)
    assert (row.state, row.relayed_at is not None) == (S.OPEN, True)


# --- no texts ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("provider", ["", "AC1"])
def test_without_a_provider_nobody_is_told_by_text(cast, running, linked, resolve, settings, provider):
    """A number on file reaches nobody where no text can be sent: the desk calls."""
    settings.DEMO = settings.DEBUG = False
    settings.TWILIO_ACCOUNT_SID = provider
    cast.pat.email, cast.pat.phone = "", "+12175550177"
    cast.pat.save(update_fields=["email", "phone"])
    ticket = linked(patient=cast.pat, channel=Channel.PHONE, requester_email="")

    assert reachable(refresh(ticket)).told is bool(provider)
    assert (refresh(ticket).first_response_at is not None) is bool(provider)
    resolve(running)
    assert refresh(ticket).state == (S.CLOSE_LOOP if provider else S.OPEN)


# --- while they were asked something else -----------------------------------------------------------------------------
@pytest.fixture
def asked(cast, running):
    """Linked by IT; the patient wrote, and the office asks back."""
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)
    escalations.link_to_incident(flag=flag, incident_id=running.id, staff=cast.ian, by=cast.ian.actor)
    says(flag.ticket)
    tickets.reply(ticket=refresh(flag.ticket), body="Which?", expects_answer=True, by=cast.olivia.actor)
    assert refresh(flag.ticket).state == S.WAIT_PATIENT
    return flag


def test_not_this_incident_while_the_desk_waits_for_an_answer(cast, asked, staff_client):
    """TR-05: IT has the flag again."""
    answer = staff_client(cast.ian).post(f"/triage/it/flags/{asked.public_id}/unlink/")

    assert answer.status_code == 302
    row, flag = refresh(asked.ticket), refresh(asked)
    assert (row.state, row.incident_id, row.relayed_at is not None) == (S.OPEN, "", True)
    assert (flag.turn, flag.incident_id) == (Turn.IT, "")


def test_without_a_flag_the_question_waits_on(cast, running, linked):
    ticket = linked()
    says(ticket)
    tickets.reply(ticket=refresh(ticket), body="Which?", expects_answer=True, by=cast.olivia.actor)
    until = refresh(ticket).wake_at

    incidents.unlink_ticket(ticket=refresh(ticket), staff=cast.olivia, by=cast.olivia.actor)

    row = refresh(ticket)
    assert (row.state, row.incident_id, row.wake_at) == (S.WAIT_PATIENT, "", until)
    with pytest.raises(WrongMove):
        tickets.leave_incident(ticket=row, by=cast.olivia.actor)


def test_who_was_asked_something_else_is_asked_by_the_desk(cast, running, asked, resolve):
    until = refresh(asked.ticket).wake_at

    resolve(running)

    row = refresh(asked.ticket)
    assert (row.state, row.incident_id, row.wake_at) == (S.WAIT_PATIENT, "", until)
    assert "when they answer, ask whether it works" in row.messages.get(visibility="internal").body
    assert refresh(asked).state == EscalationState.DONE


def test_who_was_asked_something_else_goes_along_to_the_other_incident(cast, running, asked, declare):
    other = declare("k2")

    incidents.merge(
        incident_id=running.id, into=other.id, body="Part of it.", seen=running.update_id, key="m", staff=cast.ian,
        by=cast.ian.actor,
    )  # fmt: skip

    row = refresh(asked.ticket)
    assert (row.state, row.incident_id, refresh(asked).incident_id) == (S.WAIT_PATIENT, other.id, other.id)


# --- who says that it is not over -------------------------------------------------------------------------------------
def test_who_waits_to_be_asked_again_says_nothing_yet(cast, running, linked, resolve, declare, staff_client, drain):
    """Their "no" was about the incident before: it is no figure of the new one before they are asked again."""
    rows = [linked() for _ in range(7)]
    resolve(running)
    for row in rows:
        tickets.still_broken(ticket=refresh(row), by=tickets.requester_of(row))
    again = declare("k2")
    for row in still_broken_after(cast.practice.pk, running.id):
        tickets.wait_for_incident(ticket=row, incident_id=again.id, by=cast.ian.actor)
    says(rows[0])

    def figures():
        return [(row.incident_id, row.broken, row.asked) for row in dissents(cast.practice.pk)]

    page = staff_client(cast.ian).get(f"/triage/it/incidents/{again.id}/").content.decode()
    assert "say" not in page.partition("Linked tickets")[2].partition("<ul")[0]
    drain()
    Delivery.objects.filter(message__template="triage/dissent").delete()
    resolve(again)
    assert (figures(), queries.tickets_of_incident(cast.ian, again.id).dissents) == ([], 0)

    tickets.still_broken(ticket=refresh(rows[1]), by=tickets.requester_of(rows[1]))
    drain()

    assert figures() == [(again.id, 1, 6)]
    assert queries.tickets_of_incident(cast.ian, again.id).dissents == 1
    told = set(Delivery.objects.filter(message__template="triage/dissent").values_list("cause", flat=True))
    assert {cause.rpartition(":")[2] for cause in told} == {"first"}


def test_a_no_after_a_round_without_an_answer_counts(cast, running, linked, resolve, declare):
    """They wrote instead of pressing "no" the first time."""
    ticket = linked()
    resolve(running)
    says(ticket)
    again = declare("k2")
    incidents.link_ticket(ticket=refresh(ticket), incident_id=again.id, staff=cast.olivia, by=cast.olivia.actor)
    resolve(again)

    for _ in range(2):  # a double click
        tickets.still_broken(ticket=refresh(ticket), by=tickets.requester_of(ticket))

    assert [(row.incident_id, row.broken) for row in dissents(cast.practice.pk)] == [(again.id, 1)]


def test_older_ones_take_no_place_on_the_console(cast, running, linked, resolve, declare):
    """Three incidents of last month are louder, and this week's is shown."""
    month = clock.now() - dt.timedelta(days=30)
    for number in range(3):
        old = declare(f"old {number}")
        for row in [linked(old) for _ in range(2)]:
            Ticket.objects.filter(pk=row.pk).update(
                state=S.OPEN, loop_rounds=1, dissent_count=1, wake_at=None, wait_reason=""
            )
        Incident.objects.filter(public_id=old.id).update(status="resolved", resolved_at=month)
    ticket = linked()
    resolve(running)
    tickets.still_broken(ticket=refresh(ticket), by=tickets.requester_of(ticket))

    assert [row.incident.id for row in console.dissents_of(cast.ian, clock.now())] == [running.id]
