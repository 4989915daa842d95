"""Flags are found by what was written in them: by IT all of its practice, by an office its own (TR-01, TR-06)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal_core.directory.enums import Role
from tests.cast import make_patient, make_staff
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import FlagFactory
from triage import search
from triage.actions import escalations, flag_words
from triage.enums import EscalationState, RefusalCode
from triage.models import Escalation


@pytest.fixture
def flag(cast, ticket, draft):
    return escalations.relay(
        ticket=ticket, draft=draft(error_text="Código 4711: samovar down", note="Since Monday"), staff=cast.olivia,
        by=cast.olivia.actor,
    )  # fmt: skip


def found(staff, text, **how):
    return [hit.flag for hit in search.flags(staff, text, **how).hits]


def test_a_flag_is_found_by_every_text_of_it_as_soon_as_it_is_written(cast, ticket, flag):
    for words in ("samov", "codigo 4711", "monday", "sign-in", "chrome", ticket.reference, "north error", "5550100"):
        assert found(cast.ian, words) == [flag], words
    assert found(cast.ian, "samovar teapot") == []

    escalations.ask_office(flag=flag, question="Which teapot?", staff=cast.ian, by=cast.ian.actor)
    assert found(cast.ian, "samovar teapot") == [flag]
    escalations.reply_to_it(flag=flag, text="The red one.", staff=cast.olivia, by=cast.olivia.actor)
    escalations.answer(flag=flag, text="Descaled it.", staff=cast.ian, by=cast.ian.actor)
    assert found(cast.ian, "descaled") == [flag]


def test_nobody_is_found_by_a_patients_name(cast, draft):
    quentin = make_patient("Quentin", cast.north, "MRN-Q17", last_name="Oyelaran")
    row = TicketFactory(office=cast.north, patient=quentin, requester_name="Quentin Oyelaran")
    flag = escalations.relay(ticket=row, draft=draft(), staff=cast.olivia, by=cast.olivia.actor)
    for name in ("quentin", "oyelaran", "q17", "quentin@patients.example"):
        assert found(cast.ian, name) == [], name
    assert found(cast.ian, row.reference) == [flag]


def test_offices_find_theirs_and_strangers_nothing(cast, flag):
    assert found(cast.olivia, "samovar") == [flag]
    south = make_staff("Sue", cast.practice, (Role.OFFICE_STAFF, cast.south))
    for stranger in (south, cast.charlie, cast.carla, cast.omar):
        assert found(stranger, "samovar") == []


def test_open_and_finished_ones_newest_first_and_no_more_than_asked_for(cast, flag):
    escalations.decline(flag=flag, code=RefusalCode.NOT_IT, note="", staff=cast.ian, by=cast.ian.actor)
    newer = FlagFactory(office=cast.north, sent_by=cast.olivia, error_text="Samovar again")
    newest = FlagFactory(office=cast.south, sent_by=cast.oscar, error_text="Samovar, third", state=EscalationState.DONE)
    for one in (newer, newest):
        flag_words.index(one)

    assert found(cast.ian, "samovar") == [newest, newer, flag]
    assert found(cast.ian, "samovar", live=True) == [newer]
    assert found(cast.ian, "samovar", live=False) == [newest, flag]
    two = search.flags(cast.ian, "samovar", limit=2)
    assert ([hit.flag for hit in two.hits], two.more) == ([newest, newer], True)


def test_the_words_go_with_the_flag(cast):
    row = FlagFactory(office=cast.north, sent_by=cast.olivia, error_text="Samovar")
    flag_words.index(row)
    Escalation.objects.filter(pk=row.pk).delete()
    assert found(cast.ian, "samovar") == []


def test_the_page_marks_the_words_and_leads_to_the_right_desk(cast, ticket, flag, staff_client):
    page = reverse("triage:find")
    text = staff_client(cast.ian).post(page, {"q": "samovar"}).content.decode()
    assert "On the screen: Código 4711: <mark>samovar</mark> down" in " ".join(text.split())
    assert reverse("triage:it-flag", args=[flag.public_id]) in text
    assert cast.pat.name not in text
    assert cast.pat.public_id not in text
    assert "0 tickets shown, 1 flag shown" in text

    text = staff_client(cast.olivia).post(page, {"q": "samovar"}).content.decode()
    assert reverse("triage:office-ticket", args=[ticket.public_id]) in text
    assert reverse("triage:it-flag", args=[flag.public_id]) not in text


def test_one_flag_costs_as_much_as_many(cast, flag, staff_client):
    page, ian = reverse("triage:find"), staff_client(cast.ian)
    ian.post(page, {"q": "samovar"})
    with CaptureQueriesContext(connection) as few:
        ian.post(page, {"q": "samovar"})
    for _ in range(3):
        flag_words.index(FlagFactory(office=cast.north, sent_by=cast.olivia, error_text="Samovar"))
    with CaptureQueriesContext(connection) as many:
        assert ian.post(page, {"q": "samovar"}).content.decode().count("<mark>") == 4
    assert len(many) == len(few)
