"""What the office sees of those who asked for help at the sign-in page and could not be told apart (PC-32, PC-44)."""

import datetime as dt

import pytest
from django.utils import timezone

from helpdesk.models import Ticket, TicketMessage
from portal_core.access.contracts import HelpAmbiguous
from portal_core.access.models import AccessToken, HelpAttempt
from portal_core.access.queries import last_attempts
from portal_core.notify.models import Delivery
from tests.access.factories import refresh, set_access
from tests.cast import signed_in
from tests.factories import OfficeFactory, PatientFactory, PracticeFactory
from triage.handlers import ask_the_office_to_tell_apart

TWIN = {"last_name": "Sørensen", "birth_date": dt.date(1991, 2, 3), "zip": "62701", "email": "twins@patients.example"}
TYPED = {"last_name": "Sorensen", "birth_date": "1991-02-03", "zip_code": "62701", "email": "twins@patients.example"}


@pytest.fixture
def twins(cast):
    """Two patients of one office with one mailbox."""
    rows = [PatientFactory(home_office=cast.north, first_name=name, **TWIN) for name in ("Ada", "Bea")]
    for row in rows:
        set_access(row)
    return rows


def ask(client, drain, **changes):
    answer = client.post("/portal/forgot-password/", {**TYPED, **changes})
    drain()
    return answer


def test_twins_open_one_ticket_a_day_and_get_nothing(cast, twins, client, drain):
    """PC-39, PC-44: the screen and the mail are those of a miss; the office hears of it."""
    answers = [ask(client, drain) for _ in range(2)]

    assert {(each.status_code, each["Location"]) for each in answers} == {(302, "/portal/forgot-password/?sent")}
    assert AccessToken.objects.count() == 0
    assert [row.message.subject for row in Delivery.objects.filter(address="twins@patients.example")] == [
        "Your Patient Portal account could not be verified"
    ]
    ticket = Ticket.objects.get()
    assert (ticket.office, ticket.side, ticket.patient) == (cast.north, "office", None)
    assert ticket.category == "SHARED_EMAIL"
    note = TicketMessage.objects.get(ticket=ticket, body__startswith="They fit").body
    assert "Ada Sørensen" in note
    assert "Bea Sørensen" in note
    assert [len(last_attempts(each)) for each in twins] == [2, 2]
    assert {row.ambiguous for each in twins for row in last_attempts(each)} == {True}


def test_the_event_handed_out_twice_opens_one_ticket(cast, twins):
    event = HelpAmbiguous(patient_ids=tuple(sorted(each.public_id for each in twins)), at=timezone.now())
    ask_the_office_to_tell_apart(event)
    ask_the_office_to_tell_apart(event)

    assert Ticket.objects.count() == 1


def test_an_office_is_not_told_the_names_of_another(cast, twins, client, drain):
    south = OfficeFactory(practice=cast.north.practice)
    type(twins[1]).objects.filter(pk=twins[1].pk).update(home_office=south)
    ask(client, drain)

    notes = {row.ticket.office: row.body for row in TicketMessage.objects.filter(body__startswith="They fit")}
    assert set(notes) == {cast.north, south}
    assert "Bea" not in notes[cast.north]
    assert "and 1 of another office" in notes[cast.north]


def test_one_of_two_with_access_is_nobody_ambiguous(cast, twins, client, drain):
    """The other record has no access: the link goes out, and no ticket is needed."""
    set_access(twins[1], level="none")
    ask(client, drain)

    assert AccessToken.objects.get().patient == twins[0]
    assert Ticket.objects.count() == 0
    assert last_attempts(twins[1]) == []


def test_right_details_with_access_off_stand_on_the_patient(cast, client, drain):
    """PC-32: the office sees that the details were right and the switch was off. Nothing is sent."""
    ada = PatientFactory(home_office=cast.north, first_name="Ada", **TWIN)
    ask(client, drain)

    (row,) = last_attempts(ada)
    assert (row.succeeded, row.ambiguous, row.full) == (False, False, True)
    assert AccessToken.objects.count() == 0
    shown = signed_in(cast.olivia).get(f"/desk/patients/{ada.public_id}/portal/").content.decode()
    assert "Forgot my password" in shown
    assert "portal access was off; nothing was sent" in shown


def test_the_office_reads_which_door_and_that_several_fit(cast, twins, client, drain):
    ask(client, drain)
    shown = signed_in(cast.olivia).get(f"/desk/patients/{twins[1].public_id}/portal/").content.decode()

    assert "all four details fit several patients" in shown
    assert "a link was sent" not in shown


def test_a_mistyped_birthday_of_twins_stands_on_both(cast, twins, client, drain):
    ask(client, drain, birth_date="1991-02-04")

    rows = [last_attempts(each)[0] for each in twins]
    assert [(row.birth_date_matched, row.email_matched, row.ambiguous) for row in rows] == [(False, True, False)] * 2
    assert Ticket.objects.count() == 0


def test_somebody_in_two_practices_gets_a_mail_from_each(cast, client, drain):
    """Each practice is judged by itself."""
    office = OfficeFactory(practice=PracticeFactory())
    both = [PatientFactory(home_office=home, first_name="Ada", **TWIN) for home in (cast.north, office)]
    for row in both:
        set_access(row)
    ask(client, drain)

    assert {row.patient for row in AccessToken.objects.all()} == set(both)
    assert [last_attempts(each)[0].succeeded for each in both] == [True, True]
    assert Ticket.objects.count() == 0
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize(
    ("on_file", "typed", "agrees"),
    [
        ({}, {}, True),
        ({"last_name": "Wałęsa"}, {"last_name": "Walesa"}, True),
        ({"last_name": "Đặng"}, {"last_name": "dang"}, True),
        ({"last_name": "O'Brien-Núñez Jr."}, {"last_name": "obrien nunez"}, True),
        ({"email": "Twins@Patients.Example"}, {}, True),
        ({"zip": "62701-1234"}, {}, True),
        ({}, {"last_name": "Soren"}, False),
        ({}, {"email": "other@patients.example"}, False),
        ({}, {"birth_date": "1991-03-02"}, False),
        ({}, {"zip_code": "62702"}, False),
        ({"email": ""}, {}, False),
        ({"zip": ""}, {}, False),
        ({"birth_date": None}, {}, False),
        ({"deceased": True}, {}, False),
    ],
)
def test_four_fields_against_the_record(cast, client, drain, on_file, typed, agrees):
    """PC-44: spelling is forgiven, facts are not; somebody who died gets no link."""
    patient = PatientFactory(home_office=cast.north, **{**TWIN, **on_file})
    set_access(patient)
    ask(client, drain, **typed)

    assert AccessToken.objects.filter(patient=patient).exists() is agrees
    assert HelpAttempt.objects.get().succeeded is agrees
    assert refresh(HelpAttempt.objects.get()).reply_to == ""
