"""What an office knows of a patient stays there, whichever way a ticket or a flag comes to IT (TR-01)."""

import pytest
from django.urls import reverse

from helpdesk import errors
from helpdesk.actions import tickets
from helpdesk.actions.tickets import guards
from helpdesk.enums import Category, Channel, Deed, RequesterKind, Side, TicketState
from helpdesk.models import TicketUndo
from helpdesk.queries import relations
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from tests.helpdesk.factories import TicketFactory, refresh
from tests.triage.factories import FlagFactory
from triage.enums import EscalationState, ExchangeKind
from triage.models import EscalationMessage

pytestmark = pytest.mark.django_db


def test_a_requester_who_ends_a_question_of_it_has_no_name_there(cast, staff_client):
    """TR-01: neither in what is kept, nor on the page, nor for programs; nor of what was kept before."""
    ticket = TicketFactory(office=cast.north, patient=cast.pat, state=TicketState.OPEN, channel="email")
    flag = FlagFactory(ticket=ticket, office=cast.north, sent_by=cast.olivia, state=EscalationState.NEED_OFFICE)
    older = EscalationMessage.objects.create(
        flag=flag, kind=ExchangeKind.WITHDRAW, by_label=cast.pat.actor.label, body="Older.", at=clock.now()
    )

    guards.ask(ticket, Deed.END, at=clock.now(), by=cast.pat.actor)

    assert set(flag.exchange.exclude(pk=older.pk).values_list("by_id", "by_label")) == {("", "The requester")}
    ian = staff_client(cast.ian)
    page = ian.get(reverse("triage:it-flag", args=[flag.public_id])).content.decode()
    program = ian.get(f"/api/v1/flags/{flag.public_id}/").json()
    assert [one["by"] for one in program["exchange"]] == ["The requester", "The requester"]
    assert ("The requester" in page, cast.pat.actor.label in page) == (True, False)


def test_the_clock_and_colleagues_keep_their_names(cast):
    said = [
        EscalationMessage(by_id=cast.olivia.public_id, by_label="Olivia Staff"),
        EscalationMessage(by_label=SYSTEM.label),
    ]
    assert [one.said_by for one in said] == ["Olivia Staff", "System"]


@pytest.mark.parametrize("went_on", ["match", "note", "answer", "take", "link"])
def test_what_the_office_went_on_with_does_not_come_back_to_it(cast, went_on):
    """TR-01: ten seconds are enough to find the patient and to write about them."""
    row = TicketFactory(office=cast.north, side=Side.IT, requester_kind="provider", category=Category.STAFF_HOWTO)
    tickets.change_desk(ticket=row, kind=RequesterKind.PATIENT, office=cast.north, hold=True, by=cast.ian.actor)
    row, by = refresh(row), cast.olivia.actor
    match went_on:
        case "match":
            tickets.match_patient(ticket=row, patient=cast.pat, by=by)
        case "note":
            tickets.add_note(ticket=row, body="It is about Pat.", by=by)
        case "answer":
            tickets.reply(ticket=row, body="We look.", by=by)
        case "take":
            tickets.take(ticket=row, staff=cast.olivia, by=by)
        case "link":
            tickets.link(ticket=row, other=TicketFactory(office=cast.north, patient=cast.pat), by=by)

    with pytest.raises(errors.TooLateToUndo):
        tickets.undo(undo_id=TicketUndo.objects.get(ticket=row, kind="desk").public_id, by=cast.ian.actor)

    assert refresh(row).side == Side.OFFICE


@pytest.mark.parametrize("about", ["patient", "portal"])
def test_what_is_tied_to_a_patients_request_is_not_given_to_it(cast, staff_client, about):
    """TR-01: a mail that answers a secure message says what is in it."""
    row = TicketFactory(office=cast.north, channel=Channel.EMAIL)
    fields = {"patient": cast.pat} if about == "patient" else {"channel": Channel.MESSAGE}
    tickets.link(ticket=TicketFactory(office=cast.north, **fields), other=row, by=SYSTEM)

    with pytest.raises(errors.PatientKnown):
        tickets.change_desk(ticket=refresh(row), kind=RequesterKind.STAFF, by=cast.olivia.actor)

    assert refresh(row).side == Side.OFFICE


def test_it_sees_links_to_its_own_tickets_alone(cast):
    row, far = TicketFactory(office=cast.north), TicketFactory(office=cast.north)
    tickets.link(ticket=row, other=far, by=cast.olivia.actor)
    tickets.change_desk(ticket=row, kind=RequesterKind.STAFF, by=cast.olivia.actor)
    near = TicketFactory(office=cast.north, side=Side.IT, requester_kind="provider", category=Category.STAFF_HOWTO)
    tickets.link(ticket=refresh(row), other=near, by=cast.ian.actor)

    assert [one for _how, one in relations(refresh(row)).links] == [near]
