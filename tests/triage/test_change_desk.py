"""A request that landed on the wrong desk goes to the right one, and back within ten seconds (TR-03, TR-09, C6)."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from helpdesk import errors
from helpdesk.actions import tickets
from helpdesk.enums import Category, Channel, RequesterKind, Side, TicketState, Turn
from helpdesk.models import TicketSegment, TicketUndo
from portal_core.kernel import clock
from tests.helpdesk.factories import TicketFactory, refresh
from tests.triage.factories import FlagFactory
from triage.actions import staff_checks
from triage.enums import AttemptOutcome, StaffPurpose

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 20, 18, 0, tzinfo=dt.UTC)  # a Friday in Chicago


def url(name, *args):
    return reverse(f"triage:{name}", args=args)


def at_it(cast, **more):
    values = {"office": cast.north, "side": Side.IT, "requester_kind": "provider", "category": Category.STAFF_HOWTO}
    return TicketFactory(**values | more)


def test_a_patient_who_called_themselves_a_provider_is_given_to_their_office(cast, ian, olivia):
    """TR-03: with all that was said; nobody's there, for a patient, with a kind that offices know."""
    row = at_it(cast, owner=cast.ian, state=TicketState.OPEN)
    answer = ian.post(url("it-change-desk", row.public_id), {"office": cast.north.public_id}, follow=True)

    assert (refresh(row).side, refresh(row).requester_kind, refresh(row).owner, refresh(row).office) == (
        Side.OFFICE, RequesterKind.PATIENT, None, cast.north,
    )  # fmt: skip
    assert (refresh(row).category, refresh(row).subject, refresh(row).turn_now) == (
        Category.OTHER, "Something else", Turn.OFFICE,
    )  # fmt: skip
    assert (answer.redirect_chain[0][0], "Given to the other desk" in answer.content.decode()) == (url("it"), True)
    assert ian.get(url("it-ticket", row.public_id)).status_code == 404
    page = olivia.get(url("office-ticket", row.public_id)).content.decode()
    assert 'href="' + url("change-desk", row.public_id) in page
    assert "Given to North: it is from a patient" in olivia.get(url("why", row.public_id)).content.decode()
    assert ian.post(url("it-change-desk", row.public_id), {"office": cast.north.public_id}).status_code == 404


def test_a_provider_who_wrote_from_a_private_address_is_given_to_it(cast, ian, olivia):
    """TR-09, C6: a colleague who cannot sign in is called back before anything is changed."""
    row = TicketFactory(office=cast.north, category=Category.LOGIN_PWD)
    assert olivia.post(url("change-desk", row.public_id), {"kind": "patient"}).status_code == 422
    assert olivia.post(url("change-desk", row.public_id), {"kind": "staff"}).url == url("office")

    assert (refresh(row).side, refresh(row).requester_kind, refresh(row).category, refresh(row).turn_now) == (
        Side.IT, RequesterKind.STAFF, Category.STAFF_ACCESS, Turn.IT,
    )  # fmt: skip
    assert "call back the office" in ian.get(url("it-ticket", row.public_id)).content.decode()
    assert olivia.get(url("office-ticket", row.public_id)).status_code == 404


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"patient": "pat"}, errors.PatientKnown),
        ({"channel": Channel.PORTAL}, errors.PatientKnown),
        ({"state": TicketState.OPEN, "relayed_at": NOON}, errors.StillAtIT),
        ({"state": TicketState.CLOSED}, errors.WrongMove),
        ({"side": Side.IT}, errors.WrongMove),
    ],
)
def test_what_is_about_a_patient_or_over_stays(cast, olivia, fields, error):
    fields = fields | ({"patient": cast.pat} if "patient" in fields else {})
    row = TicketFactory(office=cast.north, **fields)

    with pytest.raises(error):
        tickets.change_desk(ticket=row, kind=RequesterKind.STAFF, by=cast.olivia.actor)

    assert (refresh(row).requester_kind, refresh(row).version) == (RequesterKind.PATIENT, row.version)
    if error is errors.PatientKnown:
        page = olivia.post(url("change-desk", row.public_id), {"kind": "staff"})
        assert (page.status_code, "IT sees no chart" in page.content.decode()) == (409, True)
        assert url("change-desk", row.public_id) not in olivia.get(url("office-ticket", row.public_id)).content.decode()


def test_it_goes_to_no_office_of_another_practice(cast, ian):
    row = at_it(cast)
    assert (
        ian.post(url("it-change-desk", row.public_id), {"office": cast.elsewhere_office.public_id}).status_code == 422
    )
    with pytest.raises(errors.WrongOffice):
        tickets.change_desk(
            ticket=row, kind=RequesterKind.PATIENT, office=cast.elsewhere_office, by=cast.ian.actor
        )  # fmt: skip
    assert refresh(row).side == Side.IT


def test_it_can_be_taken_back_for_ten_seconds_and_the_clocks_add_up(cast, ian):
    """The ticket stands as it stood; segments follow each other without a gap."""
    with time_machine.travel(NOON, tick=False) as traveller:
        row = at_it(cast, owner=cast.ian, state=TicketState.OPEN)
        tickets.add_note(ticket=row, body="Looked.", by=cast.ian.actor)
        due = refresh(row).due_at
        traveller.shift(60)
        ian.post(url("it-change-desk", row.public_id), {"office": cast.south.public_id})
        assert (refresh(row).side, refresh(row).office) == (Side.OFFICE, cast.south)
        undo = ian.get(url("it")).content.decode().split('name="undo" value="')[1].split('"')[0]
        assert ian.post(url("it-undo"), {"undo": undo}).url == url("it-ticket", row.public_id)

        now = refresh(row)
        assert (now.side, now.requester_kind, now.office, now.owner, now.category, now.due_at) == (
            Side.IT, "provider", cast.north, cast.ian, Category.STAFF_HOWTO, due,
        )  # fmt: skip
        spans = list(TicketSegment.objects.filter(ticket=row).order_by("began_at", "id"))
        assert [one.began_at for one in spans[1:]] == [one.ended_at for one in spans[:-1]]
        assert (spans[-1].turn, spans[-1].ended_at, spans[0].began_at) == (Turn.IT, None, NOON)

        ian.post(url("it-change-desk", row.public_id), {"office": cast.south.public_id})
        undo = ian.get(url("it")).content.decode().split('name="undo" value="')[1].split('"')[0]
        traveller.shift(11)
        ian.post(url("it-undo"), {"undo": undo})
        assert (refresh(row).side, clock.now()) == (Side.OFFICE, NOON + dt.timedelta(seconds=71))


def test_what_waits_for_an_incident_can_be_worked_at_it(cast):
    """It leaves the incident, which IT's desk has no button for; taken back, it waits as before."""
    waits = {"state": TicketState.WAIT_INCIDENT, "incident_id": "i" * 20, "wake_at": clock.now()}
    row = TicketFactory(office=cast.north, requester_kind="patient", channel=Channel.EMAIL, **waits)

    tickets.change_desk(ticket=row, kind=RequesterKind.PROVIDER, hold=True, by=cast.olivia.actor)
    now = refresh(row)
    assert (now.side, now.state, now.incident_id, now.turn) == (Side.IT, TicketState.OPEN, "", Turn.IT)

    tickets.undo(undo_id=TicketUndo.objects.get().public_id, by=cast.olivia.actor)
    now = refresh(row)
    assert (now.side, now.state, now.incident_id) == (Side.OFFICE, TicketState.WAIT_INCIDENT, "i" * 20)


def test_a_check_of_a_colleague_ends_with_the_desk_it_was_made_at(cast):
    """Its pages are IT's alone: an open one would stand in the way if the ticket came back."""
    row = at_it(cast, category=Category.STAFF_ACCESS)
    begin = {"subject": cast.carla, "purpose": StaffPurpose.SIGN_OUT, "staff": cast.ian, "by": cast.ian.actor}
    check = staff_checks.begin(ticket=row, **begin)

    tickets.change_desk(ticket=row, kind=RequesterKind.PATIENT, office=cast.south, by=cast.ian.actor)

    assert refresh(check).outcome == AttemptOutcome.ABANDONED
    tickets.change_desk(ticket=row, kind=RequesterKind.PROVIDER, by=cast.oscar.actor)
    assert staff_checks.begin(ticket=refresh(row), **begin).pk != check.pk


@pytest.mark.parametrize("state", ["answered", "need_office"])
def test_the_other_desk_is_not_offered_while_it_would_refuse(cast, olivia, state):
    row = TicketFactory(office=cast.north, requester_kind="patient", channel=Channel.EMAIL, state=TicketState.OPEN)
    address = url("change-desk", row.public_id)
    assert address in olivia.get(url("office-ticket", row.public_id)).content.decode()

    FlagFactory(office=cast.north, sent_by=cast.olivia, ticket=row, state=state)

    assert address not in olivia.get(url("office-ticket", row.public_id)).content.decode()
