"""What office and IT say to each other about a flag, and how either takes it back."""

import datetime as dt
import importlib
import re

import pytest
from django.apps import apps

from helpdesk.actions import tickets
from helpdesk.enums import TicketState, Turn
from portal_core.kernel import clock
from portal_core.kernel.errors import Forbidden
from portal_core.kernel.models import AuditEvent
from statuspage.queries import active_incidents
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import FlagFactory, refresh
from triage import errors, search
from triage.actions import escalations, incidents
from triage.enums import EscalationState, ExchangeKind, RefusalCode

E = EscalationState
URL = "/triage/it/flags/{}/"


@pytest.fixture
def flag(cast):
    return FlagFactory(office=cast.north, sent_by=cast.olivia)


@pytest.fixture
def it(cast):
    return {"staff": cast.ian, "by": cast.ian.actor}


@pytest.fixture
def office(cast):
    return {"staff": cast.olivia, "by": cast.olivia.actor}


def said(flag):
    return [(row.kind, row.body) for row in flag.exchange.all()]


def test_it_reads_what_the_office_writes_back(cast, flag, it, office, staff_client):
    """HD-07: every round of question and answer stands on the flag, in its order, for both to read."""
    escalations.ask_office(flag=flag, question="Which browser?", **it)
    escalations.reply_to_it(flag=flag, text="Safari <17>", **office)
    escalations.answer(flag=flag, text="Clear the cache.", **it)
    escalations.reply_to_it(flag=flag, text="Still the same.", **office)

    assert said(flag) == [
        (ExchangeKind.ASK, "Which browser?"), (ExchangeKind.REPLY, "Safari <17>"),
        (ExchangeKind.ANSWER, "Clear the cache."), (ExchangeKind.REPLY, "Still the same."),
    ]  # fmt: skip
    page = staff_client(cast.ian).get(URL.format(flag.public_id)).content.decode()
    order = [page.index(one) for one in ("Which browser?", "Safari &lt;17&gt;", "Clear the cache.", "Still the same.")]
    assert order == sorted(order)
    told = staff_client(cast.ian).get(f"/api/v1/flags/{flag.public_id}/").json()
    assert [(one["kind"], one["body"]) for one in told["exchange"]] == said(flag)
    assert [hit.flag for hit in search.flags(cast.ian, "safari").hits] == [flag]


def test_a_note_of_it_is_its_own(cast, flag, it, staff_client):
    """HD-08: colleagues at IT read it; the office neither sees nor finds it."""
    page = staff_client(cast.ian).post(f"{URL.format(flag.public_id)}note/", {"body": "Vendor case 4711"}, follow=True)

    assert "Vendor case 4711" in page.content.decode()
    assert said(flag) == [(ExchangeKind.NOTE, "Vendor case 4711")]
    office = staff_client(cast.olivia).get(f"/triage/office/tickets/{flag.ticket.public_id}/")
    assert "4711" not in office.content.decode()
    assert search.flags(cast.olivia, "4711").hits == []
    assert staff_client(cast.ian).post(f"{URL.format(flag.public_id)}note/", {"body": ""}).status_code == 422
    assert staff_client(cast.olivia).post(f"{URL.format(flag.public_id)}note/", {"body": "x"}).status_code == 403
    with pytest.raises(Forbidden):
        escalations.note(flag=flag, body="x", staff=cast.olivia, by=cast.olivia.actor)


@pytest.mark.parametrize("state", [E.SENT, E.INVESTIGATING, E.NEED_OFFICE])
def test_the_office_takes_a_flag_back(cast, state, staff_client):
    """HD-09: sent by mistake, or it works meanwhile: the ticket is the office's alone again, and can be ended."""
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, state=state)
    url = f"/triage/office/tickets/{flag.ticket.public_id}/flag/{flag.public_id}/withdraw/"

    assert staff_client(cast.oscar).post(url).status_code == 404
    for _press in range(2):
        staff_client(cast.olivia).post(url)

    row = refresh(flag)
    assert (row.state, row.is_open, row.closed_at is not None) == (E.WITHDRAWN, False, True)
    assert (refresh(flag.ticket).turn, refresh(flag.ticket).state) == (Turn.OFFICE, TicketState.OPEN)
    assert said(flag) == [(ExchangeKind.WITHDRAW, "Taken back.")]
    assert AuditEvent.objects.filter(action="flag:withdraw").count() == 1
    assert "Taken back." in staff_client(cast.ian).get(URL.format(flag.public_id)).content.decode()


@pytest.mark.parametrize("state", [E.ANSWERED, E.LINKED, E.RETURNED, E.DONE])
def test_what_it_decided_is_not_taken_back(cast, office, state):
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, state=state)
    with pytest.raises(errors.EscalationMoved):
        escalations.withdraw(flag=flag, **office)
    with pytest.raises(Forbidden):
        escalations.withdraw(flag=flag, staff=cast.ian, by=cast.ian.actor)
    assert refresh(flag).state == state


def test_it_answers_or_sends_back_while_the_office_is_asked(cast, it):
    """It found out by itself: it need not wait for an answer it no longer needs."""
    first, second = (FlagFactory(office=cast.north, sent_by=cast.olivia, state=E.NEED_OFFICE) for _ in range(2))

    escalations.answer(flag=first, text="It was the cache.", **it)
    escalations.decline(flag=second, code=RefusalCode.NOT_IT, note="", **it)

    assert (refresh(first).state, refresh(second).state) == (E.ANSWERED, E.RETURNED)
    assert {refresh(row.ticket).turn for row in (first, second)} == {Turn.OFFICE}


@pytest.mark.parametrize("state", [E.ANSWERED, E.NEED_OFFICE])
def test_it_takes_its_answer_or_question_back(cast, staff_client, state):
    """Second thoughts, until the office has confirmed or written: the office reads that it does not stand."""
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, state=state, answer="Reinstall it.")
    url = f"{URL.format(flag.public_id)}take-back/"

    assert staff_client(cast.olivia).post(url).status_code == 403
    assert f'action="{url}"' in staff_client(cast.ian).get(URL.format(flag.public_id)).content.decode()
    for _press in range(2):
        staff_client(cast.ian).post(url)

    assert (refresh(flag).state, refresh(flag.ticket).turn) == (E.INVESTIGATING, Turn.IT)
    assert [body for _kind, body in said(flag)] == [escalations.TAKEN_BACK]
    assert AuditEvent.objects.filter(action="flag:take_back").count() == 1


def test_what_it_takes_back_is_not_asleep(cast, it):
    """It was put aside, then answered all the same: "it is yours again" means the list, not a drawer."""
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, state=E.INVESTIGATING)
    until = clock.now() + dt.timedelta(days=2)
    escalations.snooze(flag=flag, until=until, reason="Vendor", **it)
    escalations.answer(flag=refresh(flag), text="Reinstall it.", **it)

    escalations.take_back(flag=refresh(flag), **it)

    row = refresh(flag)
    assert (row.sleeps(clock.now()), row.snoozed_until, row.snooze_reason) == (False, None, "")


def test_the_data_step_shows_it_no_note_that_somebody_typed(cast, flag, it, office):
    """What was said before there was an exchange comes from the product's own notes, told apart by the ledger."""
    escalations.ask_office(flag=flag, question="Which browser?", **it)
    tickets.add_note(ticket=flag.ticket, body="To IT: do not tell them about the diagnosis", by=cast.olivia.actor)
    escalations.reply_to_it(flag=refresh(flag), text="Safari", **office)
    escalations.decline(flag=refresh(flag), code=RefusalCode.NOT_IT, note="", **it)
    tickets.add_note(ticket=flag.ticket, body="IT answers: never", by=cast.olivia.actor)
    wanted = said(flag)
    flag.exchange.all().delete()

    importlib.import_module("triage.migrations.0011_what_was_said_about_flags").from_notes(apps, None)

    assert said(flag) == wanted
    assert [kind for kind, _body in wanted] == [ExchangeKind.ASK, ExchangeKind.REPLY, ExchangeKind.RETURN]


def test_a_flag_that_ended_with_its_request_was_taken_back_by_nobody(cast, staff_client):
    """The requester's own end, or silence, ends a question of IT's; the office reads what is so in both cases."""
    asked = {"state": TicketState.CLOSE_LOOP, "wake_at": clock.now(), "loop_rounds": 1, "incident_id": "i" * 20}
    ticket = TicketFactory(office=cast.north, **asked)
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, ticket=ticket, state=E.NEED_OFFICE)
    tickets.confirm_fixed(ticket=refresh(flag.ticket), by=tickets.requester_of(flag.ticket))
    assert refresh(flag).state == E.WITHDRAWN

    office = staff_client(cast.olivia).get(f"/triage/office/tickets/{flag.ticket.public_id}/").content.decode()
    it = staff_client(cast.ian).get(URL.format(flag.public_id)).content.decode()
    assert "It was taken back, or the request has ended. IT does nothing more about it." in office
    assert not re.search("You took it back|aken back by the office|The office took it back", office + it)


@pytest.fixture
def running(cast, mail_component, it):
    """An incident that was declared without a flag."""
    return incidents.declare_from_flags(
        escalation_ids=[], name="Mail is late", body="We look.", components={mail_component: "partial_outage"},
        key="k1", **it,
    )  # fmt: skip


@pytest.mark.parametrize("who", ["olivia", "ian"])
def test_not_this_incident_after_all(cast, flag, running, it, office, who, staff_client):
    """Either side takes the link back: the flag is IT's again, the ticket waits no longer and is not asked later."""
    escalations.accept(flag=flag, **it)
    escalations.link_to_incident(flag=flag, incident_id=running.id, **it)
    ticket = flag.ticket.public_id
    urls = {"ian": f"{URL.format(flag.public_id)}unlink/", "olivia": f"/triage/office/tickets/{ticket}/incident/leave/"}

    for _press in range(2):
        staff_client(getattr(cast, who)).post(urls[who])

    assert (refresh(flag).state, refresh(flag).incident_id, refresh(flag).assignee) == (E.INVESTIGATING, "", cast.ian)
    row = refresh(flag.ticket)
    assert (row.state, row.incident_id, row.turn) == (TicketState.OPEN, "", Turn.IT)


def test_the_office_unlinks_a_ticket_without_a_flag(cast, running, office, staff_client):
    ticket = TicketFactory(office=cast.north, state=TicketState.OPEN)
    incidents.link_ticket(ticket=ticket, incident_id=running.id, **office)
    assert (
        'data-key="s"'
        not in staff_client(cast.olivia).get(f"/triage/office/tickets/{ticket.public_id}/").content.decode()
    )

    with pytest.raises(Forbidden):
        incidents.unlink_ticket(ticket=ticket, staff=cast.ian, by=cast.ian.actor)
    incidents.unlink_ticket(ticket=ticket, **office)

    assert (refresh(ticket).state, refresh(ticket).incident_id, refresh(ticket).turn) == (
        TicketState.OPEN,
        "",
        Turn.OFFICE,
    )
    assert [one.id for one in active_incidents()] == [running.id]


# --- for programs -----------------------------------------------------------------------------------------------------
def api(client, path, **said):
    return client.post(f"/api/v1/{path}/", said, content_type="application/json")


def test_programs_work_a_flag_as_the_pages_do(cast, flag, running, staff_client):
    """The same doors and refusals: IT takes over, puts aside, links; the office writes back, confirms, takes back."""
    ian, olivia = staff_client(cast.ian), staff_client(cast.olivia)
    mine, its = f"flags/{flag.public_id}", f"tickets/{flag.ticket.public_id}/flags/{flag.public_id}"
    assert api(ian, f"{mine}/take-over").status_code == 409
    api(ian, f"{mine}/accept")
    assert api(staff_client(cast.ines), f"{mine}/take-over").json()["assignee"]["id"] == cast.ines.public_id
    assert api(ian, f"{mine}/snooze", until="2000-01-01T00:00:00Z", reason="vendor").status_code == 422
    api(ian, f"{mine}/ask", text="Which browser?")

    assert api(olivia, f"{its}/reply", text="Born 3/4/1980").json()["error"]["fields"].keys() == {"text"}
    assert api(staff_client(cast.oscar), f"{its}/reply", text="x").status_code == 404
    assert api(ian, f"{its}/reply", text="x").status_code == 403
    assert api(olivia, f"{its}/reply", text="Safari.").status_code == 200
    assert api(ian, f"{mine}/answer", text="Use another one.").json()["answer"] == "Use another one."
    assert api(olivia, f"{its}/withdraw").status_code == 409
    assert api(olivia, f"{its}/confirm").status_code == 200
    assert refresh(flag).state == E.DONE

    older, newer = (FlagFactory(office=cast.north, sent_by=cast.olivia) for _ in range(2))
    assert api(ian, f"flags/{newer.public_id}/duplicate", of=older.public_id).json()["refusal"] == "DUPLICATE_OF"
    assert api(ian, f"flags/{older.public_id}/link", incident_id="nothing").status_code == 404
    assert api(ian, f"flags/{older.public_id}/link", incident_id=running.id).json()["state"] == "linked"
    third = FlagFactory(office=cast.north, sent_by=cast.olivia)
    assert api(olivia, f"tickets/{third.ticket.public_id}/flags/{third.public_id}/withdraw").status_code == 200
    assert refresh(third).state == E.WITHDRAWN
