"""A ticket and its flag are two machines that hold together, whichever door somebody takes (HD-07, TR-05)."""

import datetime as dt

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.actions import calls, tickets
from helpdesk.enums import DONE, CallDirection, CallOutcome, Resolution, TicketState
from helpdesk.errors import TooLateToUndo
from helpdesk.models import Ticket, TicketUndo
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.errors import AppError
from portal_core.kernel.models import AuditEvent
from statuspage.queries import incident as incident_summary
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import AttemptFactory, FlagFactory, refresh
from triage.actions import escalations, incidents
from triage.enums import AttemptOutcome, EscalationState, RefusalCode
from triage.models import Escalation, VerificationAttempt

E, S = EscalationState, TicketState


@pytest.fixture
def incident(cast, mail_component):
    return incidents.declare_from_flags(
        escalation_ids=[], name="Mail is late", body="We are on it.", components={mail_component: "partial_outage"},
        staff=cast.ian, by=cast.ian.actor, key="k",
    ).id  # fmt: skip


def flagged(cast, state=E.SENT, **fields):
    """Pat's ticket of North with a flag in that state."""
    ticket = TicketFactory(office=cast.north, patient=cast.pat, state=S.OPEN, channel="email")
    if state in (E.SENT, E.INVESTIGATING):
        tickets.mark_relayed(ticket=ticket, by=cast.olivia.actor)
    return FlagFactory(ticket=refresh(ticket), office=cast.north, sent_by=cast.olivia, state=state, **fields)


class Doors:
    """Everything that people, the clock and the requester can do to one ticket that was flagged once."""

    def __init__(self, cast, incident, draft):
        self.cast, self.incident, self.draft = cast, incident, draft
        self.ticket = flagged(cast).ticket
        self.other = TicketFactory(office=cast.north, patient=cast.pat, state=S.OPEN, channel="email")
        self.office, self.it = cast.olivia.actor, {"staff": cast.ian, "by": cast.ian.actor}
        AttemptFactory(ticket=self.ticket, patient=cast.pat, office=cast.north, attester=cast.olivia)

    @property
    def flag(self):
        return Escalation.objects.filter(ticket=self.ticket).order_by("pk").last()

    def their(self, verb, **how):
        staff = self.cast.oscar if self.flag.office_id == self.cast.south.pk else self.cast.olivia
        verb(flag=self.flag, staff=staff, by=staff.actor, **how)

    def press(self, name):
        row, it, cast = refresh(self.ticket), self.it, self.cast
        olivia = {"staff": cast.olivia, "by": self.office}
        match name:
            case "accept":
                escalations.accept(flag=self.flag, **it)
            case "ask":
                escalations.ask_office(flag=self.flag, question="?", **it)
            case "answer":
                escalations.answer(flag=self.flag, text="!", **it)
            case "take over":
                lead = cast.ian if self.flag.assignee_id != cast.ian.pk else cast.ines
                escalations.take_over(flag=self.flag, staff=lead, by=lead.actor)
            case "decline":
                escalations.decline(flag=self.flag, code=RefusalCode.NOT_IT, note="", **it)
            case "it links":
                escalations.link_to_incident(flag=self.flag, incident_id=self.incident, **it)
            case "to it":
                self.their(escalations.reply_to_it, text="Safari")
            case "confirm":
                self.their(escalations.office_confirm)
            case "withdraw":
                self.their(escalations.withdraw)
            case "flag":
                escalations.relay(ticket=row, draft=self.draft(), **olivia)
            case "link":
                incidents.link_ticket(ticket=row, incident_id=self.incident, hold=True, **olivia)
            case "unlink":
                incidents.unlink_ticket(ticket=row, **olivia)
            case "solve":
                tickets.solve(ticket=row, resolution=Resolution.OFFICE, hold=True, by=self.office)
            case "merge":
                tickets.merge(ticket=row, into=self.other, hold=True, by=self.office)
            case "south":
                tickets.hand_over(ticket=row, office=cast.south, hold=True, by=self.office)
            case "paula":
                tickets.match_patient(ticket=row, patient=cast.paula, again=True, by=self.office)
            case "ask them":
                tickets.reply(ticket=row, body="Which?", expects_answer=True, by=self.office)
            case "they write":
                tickets.reply(ticket=row, body="This.", by=tickets.requester_of(row))
            case "they call":
                calls.write_down(
                    ticket=row,
                    staff=cast.olivia,
                    direction=CallDirection.IN,
                    outcome=CallOutcome.TALKED,
                    by=self.office,
                )
            case "yes":
                tickets.confirm_fixed(ticket=row, by=tickets.requester_of(row))
            case "no":
                tickets.still_broken(ticket=row, by=tickets.requester_of(row))
            case "over":
                incidents.close_loop(incident_id=self.incident, by=SYSTEM)
            case "time":
                self._wake(row)
            case "undo":
                self._undo()

    def _wake(self, row):
        """Whatever pause there is runs out; a question was repeated twice already."""
        due = {"wake_at": clock.now() - dt.timedelta(seconds=1)} if row.wake_at else {}
        Ticket.objects.filter(pk=row.pk).update(**due, **({"nudges": 2} if row.state == S.WAIT_PATIENT else {}))
        tickets.wake(ticket=row, by=SYSTEM)

    def _undo(self):
        last = TicketUndo.objects.filter(ticket=self.ticket, undone_at=None).order_by("pk").last()
        if last is not None:
            tickets.undo(undo_id=last.public_id, by=self.office)

    def hold_together(self):
        row = refresh(self.ticket)
        opened = [flag for flag in Escalation.objects.filter(ticket=row) if flag.is_open]
        assert (row.relayed_at is not None) == any(flag.turn == "it" for flag in opened)
        for flag in opened:
            assert row.state not in DONE, "a ticket that is over has no open flag"
            assert flag.office_id == row.office_id, "whoever has the ticket has its flag"
            assert flag.state != E.LINKED or flag.incident_id == row.incident_id
        if row.state in (S.WAIT_PATIENT, S.WAIT_INCIDENT, S.CLOSE_LOOP):
            assert row.wake_at, "every pause ends by itself"
        for attempt in VerificationAttempt.objects.filter(ticket=row, outcome=AttemptOutcome.OPEN):
            assert attempt.patient_id == row.patient_id, "a check is about the patient of its ticket"


PRESSES = [
    "accept", "ask", "answer", "decline", "it links", "to it", "confirm", "withdraw", "flag", "link", "unlink", "solve",
    "merge", "south", "paula", "ask them", "they write", "they call", "yes", "no", "over", "time", "undo", "take over",
]  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.lists(st.sampled_from(PRESSES), min_size=3, max_size=9))
def test_whatever_anybody_presses_ticket_flag_and_check_hold_together(cast, incident, draft, path):
    """Property: SOLVED implies no open flag; every pause wakes; no line of the ledger is without an actor."""
    doors = Doors(cast, incident, draft)
    for name in path:
        try:
            doors.press(name)
        except AppError:
            continue
        finally:
            doors.hold_together()
    assert not AuditEvent.objects.filter(actor_label="").exists()


# --- each of the doors that once led past the flag --------------------------------------------------------------------
@pytest.mark.parametrize(("state", "then"), [(E.SENT, E.LINKED), (E.NEED_OFFICE, E.LINKED), (E.ANSWERED, E.DONE)])
def test_a_ticket_linked_by_the_office_takes_its_flag_along_and_back(cast, incident, state, then):
    flag = flagged(cast, state)

    incidents.link_ticket(ticket=flag.ticket, incident_id=incident, staff=cast.olivia, hold=True, by=cast.olivia.actor)
    assert (refresh(flag).state, refresh(flag.ticket).state) == (then, S.WAIT_INCIDENT)

    undo = TicketUndo.objects.get(ticket=flag.ticket)
    tickets.undo(undo_id=undo.public_id, by=cast.olivia.actor)
    row = refresh(flag)
    assert (row.state, row.incident_id, row.closed_at) == (state, "", None)
    assert (refresh(flag.ticket).relayed_at is not None) is (state == E.SENT)


@pytest.mark.parametrize("state", [E.SENT, E.INVESTIGATING, E.NEED_OFFICE, E.ANSWERED])
def test_a_ticket_with_an_open_flag_is_not_joined_or_matched_with_somebody_else(cast, state):
    flag = flagged(cast, state)
    into = TicketFactory(office=cast.north, patient=cast.pat, state=S.OPEN)

    for refused in (
        lambda: tickets.merge(ticket=flag.ticket, into=into, by=cast.olivia.actor),
        lambda: tickets.match_patient(ticket=flag.ticket, patient=cast.paula, again=True, by=cast.olivia.actor),
    ):
        with pytest.raises(AppError) as error:
            refused()
        assert error.value.code in ("flag_is_open", "ticket_still_relayed")
    assert (refresh(flag).state, refresh(flag.ticket).patient) == (state, cast.pat)


def test_a_question_of_it_ends_with_a_ticket_that_got_no_answer(cast):
    flag = flagged(cast, E.NEED_OFFICE)
    tickets.reply(ticket=flag.ticket, body="Which browser?", expects_answer=True, by=cast.olivia.actor)
    Ticket.objects.filter(pk=flag.ticket_id).update(wake_at=clock.now(), nudges=2)

    tickets.wake(ticket=flag.ticket, by=SYSTEM)

    assert (refresh(flag.ticket).resolution, refresh(flag).state) == (Resolution.NO_ANSWER, E.WITHDRAWN)


@pytest.mark.parametrize("state", [E.INVESTIGATING, E.NEED_OFFICE])
def test_the_api_does_not_solve_over_its_head_either(cast, staff_client, state):
    flag = flagged(cast, state)

    answer = staff_client(cast.olivia).post(
        f"/api/v1/tickets/{flag.ticket.public_id}/solve/", {"resolution": "office"}, content_type="application/json"
    )

    assert answer.status_code == 409
    assert "escalation_open" in answer.content.decode()
    assert (refresh(flag.ticket).state, refresh(flag).state) == (S.OPEN, state)


def test_the_other_office_answers_it_about_what_was_handed_to_it(cast):
    flag = flagged(cast, E.NEED_OFFICE)

    tickets.hand_over(ticket=flag.ticket, office=cast.south, hold=True, by=cast.olivia.actor)
    assert refresh(flag).office == cast.south
    tickets.undo(undo_id=TicketUndo.objects.get(ticket=flag.ticket).public_id, by=cast.olivia.actor)
    assert refresh(flag).office == cast.north

    tickets.hand_over(ticket=flag.ticket, office=cast.south, by=cast.olivia.actor)
    escalations.reply_to_it(flag=refresh(flag), text="Safari", staff=cast.oscar, by=cast.oscar.actor)
    assert refresh(flag).state == E.INVESTIGATING


def test_a_solving_that_is_taken_back_leaves_the_answer_where_it_lay(cast):
    flag = flagged(cast, E.ANSWERED)

    tickets.solve(ticket=flag.ticket, resolution=Resolution.IT, hold=True, by=cast.olivia.actor)
    assert refresh(flag).state == E.DONE
    tickets.undo(undo_id=TicketUndo.objects.get(ticket=flag.ticket).public_id, by=cast.olivia.actor)

    assert (refresh(flag).state, refresh(flag.ticket).state) == (E.ANSWERED, S.OPEN)


@pytest.mark.parametrize("deed", ["hand over", "link"])
def test_what_it_went_on_with_within_the_ten_seconds_stands_whole(cast, incident, deed):
    """Ticket and flag stay together where the deed left them: half of it is never taken back."""
    flag = flagged(cast, E.NEED_OFFICE, accepted_at=clock.now())
    by = cast.olivia.actor
    if deed == "link":
        incidents.link_ticket(ticket=flag.ticket, incident_id=incident, staff=cast.olivia, hold=True, by=by)
    else:
        tickets.hand_over(ticket=flag.ticket, office=cast.south, hold=True, by=by)
    escalations.take_over(flag=refresh(flag), staff=cast.ian, by=cast.ian.actor)

    with pytest.raises(TooLateToUndo):
        tickets.undo(undo_id=TicketUndo.objects.get(ticket=flag.ticket).public_id, by=by)

    row, ticket = refresh(flag), refresh(flag.ticket)
    assert (row.office, row.incident_id) == (ticket.office, ticket.incident_id)
    assert (ticket.office == cast.south, ticket.incident_id == incident) == (deed == "hand over", deed == "link")


def test_a_found_patient_changes_what_it_reads_of_them(cast):
    flag = flagged(cast, E.SENT)
    Ticket.objects.filter(pk=flag.ticket_id).update(patient=None)

    tickets.match_patient(ticket=flag.ticket, patient=cast.paula, by=cast.olivia.actor)

    row = refresh(flag)
    assert (row.patient_initials, row.office) == (cast.paula.initials, cast.paula.home_office)


def test_who_writes_during_an_incident_can_be_taken_off_it_and_flagged_anew(cast, incident, staff_client):
    """ "Mine is something else": the desk reads it at once, and nothing of the incident is in its way."""
    ticket = TicketFactory(office=cast.north, patient=cast.pat, state=S.OPEN, channel="email")
    incidents.link_ticket(ticket=ticket, incident_id=incident, staff=cast.olivia, by=cast.olivia.actor)
    tickets.reply(ticket=ticket, body="Mine is something else.", by=tickets.requester_of(ticket))
    desk, address = staff_client(cast.olivia), f"/triage/office/tickets/{ticket.public_id}/"
    page = desk.get(address).content.decode()
    assert "Linked to an incident" in page
    assert 'id="flag"' in page

    assert desk.post(reverse("triage:leave-incident", args=[ticket.public_id])).status_code == 302

    assert (refresh(ticket).state, refresh(ticket).incident_id) == (S.OPEN, "")
    assert "Linked to an incident" not in desk.get(address).content.decode()

    # Linked again to what it was asked about before: the way out is there. What is over is linked to nothing.
    Ticket.objects.filter(pk=ticket.pk).update(incident_id=incident, loop_rounds=1)
    assert "Linked to an incident" in desk.get(address).content.decode()
    over = {"seen": incident_summary(incident).update_id, "key": "r"}
    incidents.resolve(incident_id=incident, body="Fixed.", staff=cast.ian, by=cast.ian.actor, **over)
    Ticket.objects.filter(pk=ticket.pk).update(loop_rounds=0)
    assert "Linked to an incident" not in desk.get(address).content.decode()


def test_what_is_over_is_not_flagged(cast, draft):
    ticket = TicketFactory(office=cast.north, patient=cast.pat, state=S.SOLVED)

    with pytest.raises(AppError) as error:
        escalations.relay(ticket=ticket, draft=draft(), staff=cast.olivia, by=cast.olivia.actor)

    assert error.value.code == "ticket_moved_on"
    assert (refresh(ticket).state, Escalation.objects.count()) == (S.SOLVED, 0)
