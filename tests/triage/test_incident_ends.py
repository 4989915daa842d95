"""Who hears that an incident is over, who is asked, and who is called instead (HD-09, HD-13)."""

import datetime as dt

import pytest

from helpdesk.actions import tickets
from helpdesk.enums import Channel, TicketState, Turn
from helpdesk.handlers import _mail
from helpdesk.models import TextOptOut
from helpdesk.queries import reachable, readers
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.notify.models import Delivery
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import FlagFactory, refresh
from triage.actions import escalations, incidents
from triage.enums import EscalationState

S = TicketState
NUMBER = "+12175550177"


@pytest.fixture
def it(cast):
    return {"staff": cast.ian, "by": cast.ian.actor}


@pytest.fixture
def running(mail_component, it):
    return incidents.declare_from_flags(
        escalation_ids=[], name="Mail is late", body="We look.", components={mail_component: "partial_outage"},
        key="k1", **it,
    )  # fmt: skip


@pytest.fixture
def resolve(running, it, drain):
    def over():
        incidents.resolve(incident_id=running.id, body="Fixed.", seen=running.update_id, key="r1", **it)
        drain()

    return over


def sent(ticket):
    rows = Delivery.objects.filter(recipient_key=f"ticket:{ticket.public_id}").order_by("id")
    return [
        (row.message.template.partition("/")[2], row.channel, row.address) for row in rows.select_related("message")
    ]


def on_file(cast, **values):
    for name, value in values.items():
        setattr(cast.pat, name, value)
    cast.pat.save(update_fields=list(values))


WAYS = [
    # channel, left behind, on file → (how, where); None: nobody can be told
    (Channel.WEB, {"requester_email": "me@mail.example"}, {}, ("email", "me@mail.example")),
    (Channel.PHONE, {}, {"email": "pat@file.example"}, ("email", "pat@file.example")),
    (Channel.VOICEMAIL, {}, {"email": "", "phone": NUMBER}, ("sms", NUMBER)),
    (Channel.SMS, {"requester_phone": "+12175550188"}, {"email": "pat@file.example"}, ("sms", "+12175550188")),
    (Channel.MESSAGE, {}, {"email": "pat@file.example"}, ("email", "pat@file.example")),
    (Channel.PHONE, {"requester_phone": "+12175550188"}, {"email": "", "phone": ""}, None),
    (Channel.WEB, {"requester_phone": "+12175550188"}, None, None),
    (Channel.PHONE, {}, {"email": "dr smith at clinic.org", "phone": NUMBER}, ("sms", NUMBER)),
    (Channel.PHONE, {}, {"email": "dr smith at clinic.org", "phone": ""}, None),
    (Channel.PHONE, {}, {"email": "", "phone": NUMBER, "stop": True}, None),
]


@pytest.mark.parametrize(("channel", "left", "file", "way"), WAYS)
def test_whoever_waited_is_asked_where_they_can_be_or_called(cast, running, resolve, drain, channel, left, file, way):
    """Story step 7: by what they left, else by what is on file; without either the office has it again, to call."""
    file = dict(file) if file is not None else None
    if file and file.pop("stop", False):
        TextOptOut.objects.create(phone=NUMBER, at=clock.now())
    if file:
        on_file(cast, **file)
    values = {"requester_email": "", "requester_phone": ""} | left
    patient = cast.pat if file is not None and channel != Channel.WEB else None
    ticket = TicketFactory(office=cast.north, patient=patient, channel=channel, state=S.OPEN, **values)
    incidents.link_ticket(ticket=ticket, incident_id=running.id, staff=cast.olivia, by=cast.olivia.actor)
    drain()
    known = [] if way is None or channel == Channel.MESSAGE else [("incident", *way)]
    assert sent(ticket) == known
    assert (refresh(ticket).first_response_at is not None) is (way is not None)

    resolve()

    row = refresh(ticket)
    if way is None:
        assert (row.state, row.turn, reachable(row).told) == (S.OPEN, Turn.OFFICE, False)
        assert "call and ask" in row.messages.get().body
        assert sent(ticket) == []
    else:
        asked = "message_waits" if channel == Channel.MESSAGE else "close_loop"
        assert row.state == S.CLOSE_LOOP
        assert sent(ticket) == [*known, (asked, *way)]


@pytest.mark.parametrize("name", ["incident", "close_loop", "nudge", "no_answer", "joined", "solved", "reply"])
def test_every_letter_has_words_for_a_text(cast, name):
    ticket = TicketFactory(office=cast.north, channel=Channel.SMS, requester_email="", requester_phone=NUMBER)

    assert _mail(ticket, name, cause="c", more={"incident_link": "https://x.example/i"}) == 1

    (row,) = Delivery.objects.select_related("message")
    assert ticket.reference in row.message.sms
    assert len(row.message.sms) < 320


def test_an_incident_that_lasts_longer_than_a_day_still_asks(cast, running, resolve):
    """The ticket came back to the desk after 24 hours; at the end its requester is asked like the others, once."""
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, state=EscalationState.LINKED, incident_id=running.id)
    ticket = flag.ticket
    type(ticket).objects.filter(pk=ticket.pk).update(
        incident_id=running.id, wake_at=clock.now() - dt.timedelta(minutes=1)
    )
    tickets.wake(ticket=ticket, by=SYSTEM)
    assert (refresh(ticket).state, refresh(ticket).incident_id) == (S.OPEN, running.id)

    resolve()

    assert (refresh(ticket).state, refresh(flag).state) == (S.CLOSE_LOOP, EscalationState.DONE)
    row = refresh(ticket)
    tickets.still_broken(ticket=row, by=tickets.requester_of(row))
    assert tickets.close_loop(incident_id=running.id, by=SYSTEM) == 0
    assert refresh(ticket).state == S.OPEN


def test_a_ticket_that_left_the_incident_is_not_asked(cast, running, resolve):
    ticket = TicketFactory(office=cast.north, state=S.OPEN)
    incidents.link_ticket(ticket=ticket, incident_id=running.id, staff=cast.olivia, by=cast.olivia.actor)
    incidents.unlink_ticket(ticket=ticket, staff=cast.olivia, by=cast.olivia.actor)

    resolve()

    assert refresh(ticket).state == S.OPEN


def test_linked_while_it_was_being_resolved_is_asked_all_the_same(cast, running, resolve, drain):
    """The incident was read as open, and was over when the ticket was saved."""
    resolve()
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)
    flag.state, flag.incident_id = EscalationState.LINKED, running.id
    flag.save()
    tickets.wait_for_incident(ticket=flag.ticket, incident_id=running.id, by=SYSTEM)

    drain()

    assert (refresh(flag.ticket).state, refresh(flag).state) == (S.CLOSE_LOOP, EscalationState.DONE)


def test_the_single_link_can_be_taken_back_before_anybody_is_told(cast, running, staff_client, drain):
    """Undo on every send: one press links, ten seconds to think."""
    ticket = TicketFactory(office=cast.north, state=S.OPEN)
    olivia = staff_client(cast.olivia)
    page = f"/triage/office/tickets/{ticket.public_id}/"
    olivia.post(f"{page}incident/", {"incident": running.id})
    assert refresh(ticket).state == S.WAIT_INCIDENT
    undo = olivia.get(page).context["undoable"]
    olivia.post("/triage/office/undo/", {"undo": undo.id})
    drain()

    assert (refresh(ticket).state, sent(ticket)) == (S.OPEN, [])


def test_joined_requesters_without_an_address_hear_too(cast):
    """An empty address is nobody's: a number tells people apart, and without one each is alone."""
    into = TicketFactory(office=cast.north, channel=Channel.PHONE, requester_email="", requester_phone=NUMBER)

    def join(channel=Channel.PHONE, **values):
        return TicketFactory(office=cast.north, state=S.MERGED, merged_into=into, channel=channel, **values)

    join(requester_email="", requester_phone=NUMBER)
    other = join(requester_email="", requester_phone="+12175550188", channel=Channel.SMS)
    alone = [join(requester_email="", requester_phone="") for _ in range(2)]

    assert readers(into) == [into, other, *alone]


@pytest.mark.parametrize("way", ["page", "bulk", "api"])
def test_the_end_of_an_incident_is_nobodys_choice_at_a_desk(cast, staff_client, way):
    """Who was not asked would hear nothing of it."""
    ticket = TicketFactory(office=cast.north, state=S.OPEN)
    olivia, said = staff_client(cast.olivia), {"resolution": "incident", "note": ""}
    one = f"/triage/office/tickets/{ticket.public_id}/"
    if way == "page":
        olivia.post(f"{one}solve/", said)
    elif way == "bulk":
        olivia.post("/triage/office/bulk/", said | {"do": "solve", "ticket": ticket.public_id})
    else:
        answer = olivia.post(f"/api/v1/tickets/{ticket.public_id}/solve/", said, content_type="application/json")
        assert answer.status_code == 422
    assert refresh(ticket).state == S.OPEN


# --- it was not over --------------------------------------------------------------------------------------------------
@pytest.fixture
def dissenter(cast, resolve, running, drain):
    """A ticket whose requester says "still broken" after the incident."""
    ticket = TicketFactory(office=cast.north, state=S.OPEN)
    incidents.link_ticket(ticket=ticket, incident_id=running.id, staff=cast.olivia, by=cast.olivia.actor)
    resolve()
    row = refresh(ticket)
    tickets.still_broken(ticket=row, by=tickets.requester_of(row))
    drain()
    return ticket


def test_still_broken_is_seen_on_the_console_and_told_to_its_lead(cast, dissenter, running, staff_client):
    """Story step 7: a dissent opens the question again, where IT looks and in the lead's mailbox."""
    page = staff_client(cast.ian).get("/triage/it/").content.decode()

    assert "1 of 1 who were asked says it is still broken" in page
    assert f"/triage/it/incidents/new/?again={running.id}" in page
    told = Delivery.objects.filter(message__template="triage/dissent")
    assert {row.recipient_key for row in told} == {f"staff:{cast.ines.public_id}"}
    assert "1 of the 1" in told[0].message.text


def test_declared_again_their_tickets_wait_for_the_new_one(cast, dissenter, running, staff_client, mail_component):
    ian = staff_client(cast.ian)
    page = ian.get("/triage/it/incidents/new/", {"again": running.id})
    assert (page.context["broken"], page.context["form"]["name"].value()) == (1, "Mail is late")
    assert ian.get("/triage/it/incidents/new/", {"again": "nothing"}).status_code == 404
    said = {
        "again": running.id, "name": "Mail is late again", "component": mail_component, "status": "partial_outage",
        "body": "We are looking into it again. We write again within 30 minutes.", "idempotency_key": "a1",
    }  # fmt: skip

    where = ian.post("/triage/it/incidents/new/", said).url

    row = refresh(dissenter)
    assert (row.state, where) == (S.WAIT_INCIDENT, f"/triage/it/incidents/{row.incident_id}/")
    assert row.incident_id != running.id


def test_one_incident_is_part_of_another(cast, running, it, mail_component, staff_client, resolve, drain):
    """Joined: the first one ends, nobody is asked about it, and who waited is asked when the other is over."""
    small = incidents.declare_from_flags(
        escalation_ids=[], name="Login is slow", body="We look.", components={mail_component: "partial_outage"},
        key="k2", **it,
    )  # fmt: skip
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)
    escalations.link_to_incident(flag=flag, incident_id=small.id, **it)
    url = f"/triage/it/incidents/{small.id}/merge/"
    said = {"into": running.id, "body": "Part of the other one.", "seen": small.update_id, "idempotency_key": "m1"}
    ian = staff_client(cast.ian)
    assert "It is part of another incident" in ian.get(f"/triage/it/incidents/{small.id}/").content.decode()

    assert staff_client(cast.olivia).post(url, said).status_code == 403
    assert ian.post(url, said | {"into": small.id}).status_code == 422
    assert ian.post(url, said).url == f"/triage/it/incidents/{running.id}/"
    assert ian.post(url, said).url == f"/triage/it/incidents/{running.id}/"  # pressed twice is pressed once
    drain()

    assert (refresh(flag).incident_id, refresh(flag).state) == (running.id, EscalationState.LINKED)
    assert (refresh(flag.ticket).incident_id, refresh(flag.ticket).state) == (running.id, S.WAIT_INCIDENT)
    resolve()
    assert refresh(flag.ticket).state == S.CLOSE_LOOP


@pytest.mark.parametrize("over", ["it", "the other"])
def test_joining_with_what_a_colleague_ended_keeps_the_words(running, it, mail_component, staff_client, cast, over):
    small = incidents.declare_from_flags(
        escalation_ids=[], name="Login is slow", body="We look.", components={mail_component: "partial_outage"},
        key="k2", **it,
    )  # fmt: skip
    ended = small if over == "it" else running
    incidents.resolve(incident_id=ended.id, body="Fixed.", seen=ended.update_id, key="r2", **it)

    said = {"into": running.id, "body": "My last words.", "seen": small.update_id, "idempotency_key": "m2"}
    answer = staff_client(cast.ian).post(f"/triage/it/incidents/{small.id}/merge/", said)

    assert (answer.status_code, "My last words." in answer.content.decode()) == (409 if over == "it" else 422, True)


def test_a_burst_is_put_under_the_incident_that_runs(cast, running, staff_client):
    flags = [
        FlagFactory(office=[cast.north, cast.south][n % 2], sent_by=cast.olivia, category="MSG_NOT_RECEIVED")
        for n in range(5)
    ]
    ian = staff_client(cast.ian)
    page = ian.get("/triage/it/").content.decode()
    assert "Link to “Mail is late”" in page

    ian.post("/triage/it/bulk/", {"do": "link", "incident": running.id, "idempotency_key": "b1",
                                  "flag": [row.public_id for row in flags]})  # fmt: skip

    assert {refresh(row).incident_id for row in flags} == {running.id}
