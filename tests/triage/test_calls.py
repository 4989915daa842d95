"""The call screen and the calls of a ticket (HD-08, HD-10, HD-13; TR-08; PC-29 to PC-32)."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from helpdesk.actions import calls
from helpdesk.enums import CallDirection, CallOutcome, Category, Side, TicketState
from helpdesk.errors import CallNotFound, CallWrittenDown, TicketClosed
from helpdesk.models import PhoneCall, Ticket, TicketMessage
from helpdesk.queries import missed_count, usual_caller
from portal_core.access.models import PortalAccess
from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from tests.helpdesk.factories import TicketFactory, refresh
from tests.triage.factories import FlagFactory
from triage.actions import verification
from triage.enums import CallChannel, EscalationState, Purpose

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"triage:{name}", args=args)


def text_of(page):
    return page.content.decode()


def typed(cast, **more):
    return {
        "category": Category.LOGIN_PWD, "office": cast.north.public_id, "do": "log", "idempotency_key": "k1", **more,
    }  # fmt: skip


def line_call(office, **fields):
    """A call that the line put through to a desk and somebody answered."""
    now = clock.now()
    values = {
        "practice": office.practice, "office": office, "side": Side.OFFICE, "direction": "in", "state": "ended",
        "outcome": "talked", "phone": "+12175550177", "started_at": now, "ended_at": now, "seconds": 300,
    }  # fmt: skip
    return PhoneCall.objects.create(**values | fields)


@pytest.mark.parametrize(
    ("patient", "changes", "label", "script"),
    [
        ("pat", {}, "Active", "I forgot my password"),
        ("pat", {"first_access_at": None, "last_access_at": None}, "Unactivated", "Create my Patient Portal account"),
        ("piet", None, "Inactive", "Put the patient&#x27;s e-mail address on file"),
        ("paula", None, "Inactive", "Set &quot;Patient Can Access Portal&quot; on the Patient Portal tab"),
    ],
)
def test_the_script_follows_the_portal_status(cast, olivia, patient, changes, label, script):
    """TR-08, PC-29 to PC-31: what is said to the caller depends on where they stand."""
    person = getattr(cast, patient)
    if changes is not None:
        PortalAccess.objects.filter(patient=person).update(**changes)

    page = text_of(olivia.post(url("call"), typed(cast, do="", pick=person.public_id, body="Cannot get in")))

    assert label in page
    assert script in page
    assert "Cannot get in" in page
    assert AuditEvent.objects.filter(action="patient:read", target_id=person.public_id).exists()


def test_picking_and_dropping_keeps_what_was_typed(cast, olivia):
    """HD-13"""
    start = typed(cast, do="", name="Her sister", phone="+12175550123", red_flags=["pressure"], category=Category.SLOW)
    picked = olivia.post(url("call"), start | {"pick": cast.pat.public_id})
    dropped = olivia.post(url("call"), start | {"do": "drop", "patient": cast.pat.public_id})

    assert picked.context["picked"] == cast.pat
    assert dropped.context["picked"] is None
    for page in (text_of(picked), text_of(dropped)):
        assert 'value="Her sister"' in page
        assert 'value="pressure" checked' in " ".join(page.split())
        assert 'value="+12175550123"' in page


def test_a_stopped_clock_stands_still_while_the_patient_is_looked_up(cast, olivia):
    """HD-13: what was counted comes back to the page, and whether it was stopped; not the age of the page."""
    with time_machine.travel(dt.datetime(2026, 11, 20, 16, 0, tzinfo=dt.UTC), tick=False) as traveller:
        began = olivia.get(url("call")).context["form"]["began"].value()
        traveller.shift(400)
        found = olivia.post(url("call"), typed(cast, do="find", began=began, call_seconds="95", stopped="1", q="pat"))
        plain = olivia.post(url("call"), typed(cast, do="find", began=began, q="pat"))

    assert (found.context["elapsed"], found.context["stopped"]) == (95, True)
    assert "data-stopped" in text_of(found)
    assert (plain.context["elapsed"], plain.context["stopped"]) == (400, False)


def test_strangers_are_not_found_by_the_call_screen(cast, olivia):
    assert olivia.post(url("call"), typed(cast, do="", pick=cast.charlie_patient.public_id)).status_code == 404


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"minutes": "12.5", "call_seconds": "95"}, 750),  # corrected by hand
        ({"call_seconds": "95"}, 95),  # the clock of the page
        ({}, 400),  # without scripts: since the page was opened
        ({"began": "1.forged"}, None),
    ],
)
def test_how_long_the_call_was(cast, olivia, given, seconds):
    """HD-13"""
    with time_machine.travel(dt.datetime(2026, 11, 20, 16, 0, tzinfo=dt.UTC), tick=False) as traveller:
        began = olivia.get(url("call")).context["form"]["began"].value()
        traveller.shift(400)
        olivia.post(url("call"), typed(cast, **{"began": began, **given}))

    call = PhoneCall.objects.get()
    assert Ticket.objects.get().call_seconds == seconds
    assert (call.seconds, call.direction, call.outcome, call.staff) == (seconds or 0, "in", "talked", cast.olivia)


def test_red_flags_of_the_call_stand_on_the_ticket(cast, olivia):
    page = olivia.post(url("call"), typed(cast, red_flags=["pressure", "asks_procedure"]), follow=True)

    assert PhoneCall.objects.get().red_flags == ["pressure", "asks_procedure"]
    assert "Urgency or pressure" in text_of(page)
    assert "Asks how we verify" in text_of(page)


def test_what_was_odd_on_the_phone_raises_the_check(cast, olivia):
    """HD-13: whoever starts the check later need not notice it again."""
    olivia.post(url("call"), typed(cast, patient=cast.pat.public_id, red_flags=["pressure", "no_such_flag"]))
    assert not Ticket.objects.exists()
    olivia.post(url("call"), typed(cast, patient=cast.pat.public_id, red_flags=["pressure"]))
    how = {"staff": cast.olivia, "channel": CallChannel.PHONE, "purpose": Purpose.RESET, "by": cast.olivia.actor}

    attempt = verification.begin(ticket=Ticket.objects.get(), **how)

    assert (attempt.red_flags, attempt.base_level, attempt.level) == (["pressure"], "r2", "r3")


def test_a_kind_that_is_not_among_the_buttons(cast, olivia):
    olivia.post(url("call"), typed(cast, category=Category.LOGIN_PWD, more=Category.BILLING))

    assert Ticket.objects.get().category == Category.BILLING
    assert olivia.post(url("call"), typed(cast, category="", idempotency_key="k2")).status_code == 422


def test_a_call_of_the_line_is_written_down_once(cast, olivia):
    """HD-10, HD-13: its number and length come along, however long the form was open; a colleague who comes later is
    told."""
    call = line_call(cast.north)
    assert "+12175550177 · 5 min" in text_of(olivia.get(url("call")))

    olivia.post(url("call"), typed(cast, line_call=call.public_id, call_seconds="30"))
    late = olivia.post(url("call"), typed(cast, line_call=call.public_id, idempotency_key="k2"))

    ticket = Ticket.objects.get()
    assert (ticket.requester_phone, ticket.call_seconds) == ("+12175550177", 300)
    assert (refresh(call).ticket, refresh(call).staff) == (ticket, cast.olivia)
    assert late.status_code == 422
    assert "A colleague has written this call down already." in text_of(late)
    assert PhoneCall.objects.count() == 1
    assert "+12175550177" not in text_of(olivia.get(url("call")))


def test_a_call_of_another_desk_cannot_be_taken(cast, olivia):
    for call in (line_call(cast.south), line_call(cast.elsewhere_office), line_call(cast.north, side=Side.IT)):
        assert olivia.post(url("call"), typed(cast, line_call=call.public_id)).status_code == CallNotFound.status
    assert not Ticket.objects.exists()


def test_calling_back_is_noted_once_and_answers_the_requester(cast, olivia):
    """HD-08: a call back is the first response; the note stays inside."""
    row = TicketFactory(office=cast.north, patient=cast.pat)
    call = {
        "direction": "out", "outcome": "talked", "minutes": "4", "note": "Showed her the page.",
        "idempotency_key": "c1",
    }  # fmt: skip
    for _ in range(2):
        assert olivia.post(url("ticket-call", row.public_id), call).url == url("office-ticket", row.public_id)

    made = PhoneCall.objects.get()
    assert (made.seconds, made.direction, made.staff, made.side) == (240, "out", cast.olivia, "office")
    assert (refresh(row).state, refresh(row).owner) == (TicketState.OPEN, cast.olivia)
    assert refresh(row).first_response_at is not None
    assert TicketMessage.objects.get().visibility == "internal"
    assert "Olivia Staff usually talks to them." in text_of(olivia.get(url("office-ticket", row.public_id)))


def test_nobody_picked_up_changes_nothing_but_the_list(cast, olivia):
    row = TicketFactory(office=cast.north)
    answer = {"direction": "out", "outcome": "no_answer", "minutes": "", "note": "", "idempotency_key": "c1"}
    olivia.post(url("ticket-call", row.public_id), answer)

    assert PhoneCall.objects.get().seconds is None
    assert (refresh(row).state, refresh(row).first_response_at) == (TicketState.NEW, None)
    bad = olivia.post(url("ticket-call", row.public_id), answer | {"outcome": "shouted", "idempotency_key": "c2"})
    assert bad.status_code == 422
    assert PhoneCall.objects.count() == 1


def test_calls_of_a_closed_ticket_or_another_practice_are_refused(cast):
    closed = TicketFactory(office=cast.north, state=TicketState.CLOSED)
    strange = TicketFactory(office=cast.elsewhere_office)
    how = {"staff": cast.olivia, "by": cast.olivia.actor}
    with pytest.raises(TicketClosed):
        calls.write_down(ticket=closed, direction=CallDirection.OUT, outcome=CallOutcome.TALKED, **how)
    call = line_call(cast.north)
    calls.adopt(call=call, ticket=TicketFactory(office=cast.north), **how)
    with pytest.raises(CallWrittenDown):
        calls.adopt(call=call, ticket=TicketFactory(office=cast.north), **how)
    assert strange.calls.count() == 0


def test_who_usually_talks_to_a_patient(cast):
    """HD-08: the one with the most talks in half a year; each side has its own."""
    now = clock.now()
    row = TicketFactory(office=cast.north, patient=cast.pat)
    for person, age, outcome in (
        (cast.oscar, 1, "no_answer"), (cast.olivia, 3, "talked"), (cast.olivia, 9, "talked"), (cast.oscar, 2, "talked"),
        (cast.oscar, 200, "talked"), (cast.oscar, 201, "talked"),
    ):  # fmt: skip
        line_call(cast.north, ticket=row, staff=person, outcome=outcome, started_at=now - dt.timedelta(days=age))
    line_call(cast.north, ticket=row, staff=cast.ian, side=Side.IT)

    assert usual_caller(cast.pat.pk, side=Side.OFFICE, now=now) == cast.olivia
    assert usual_caller(cast.pat.pk, side=Side.IT, now=now) == cast.ian
    assert usual_caller(cast.paula.pk, side=Side.OFFICE, now=now) is None


def test_it_calls_the_patient_with_what_the_flag_provides(cast, staff_client):
    """HD-09: only where the office agreed; the office sees the call, IT sees none of the office's."""
    row = TicketFactory(office=cast.north, patient=cast.pat, state=TicketState.OPEN)
    line_call(cast.north, ticket=row, staff=cast.olivia, phone="+12175550155")
    flag = FlagFactory(
        office=cast.north, sent_by=cast.olivia, ticket=row, state=EscalationState.INVESTIGATING,
        ok_to_contact=True, contact_number="+12175550188", assignee=cast.ian,
    )  # fmt: skip
    ian = staff_client(cast.ian)
    made = {"direction": "out", "outcome": "talked", "minutes": "7", "note": "", "idempotency_key": "c1"}
    for _ in range(2):
        ian.post(url("flag-call", flag.public_id), made)

    call = PhoneCall.objects.get(side=Side.IT)
    assert (call.phone, call.seconds, call.staff) == ("+12175550188", 420, cast.ian)
    page = text_of(ian.get(url("it-flag", flag.public_id)))
    assert "Ian Staff" in page
    assert "Olivia Staff</span>" not in page

    for wrong, status in (({"outcome": ""}, 422), ({"note": "Other words"}, 409)):  # the second: a used key
        again = ian.post(url("flag-call", flag.public_id), made | {"note": "Long words"} | wrong)
        kept = (wrong.get("note") or "Long words") in text_of(again)
        assert (again.status_code, kept) == (status, True)

    type(flag).objects.filter(pk=flag.pk).update(ok_to_contact=False)
    ian.post(url("flag-call", flag.public_id), made | {"idempotency_key": "c2"})
    assert PhoneCall.objects.filter(side=Side.IT).count() == 1


# --- calls to IT ------------------------------------------------------------------------------------------------------
def to_it(cast, **more):
    return typed(cast, **{"who": "provider", "category": Category.STAFF_ACCESS, "office": cast.south.public_id, **more})


def test_it_logs_a_providers_call_with_its_clock(cast, ian):
    """HD-07, HD-10, HD-13, HD-17: once however often it is pressed; the ticket is whose call it was."""
    page = ian.get(url("it-call"))
    began = page.context["form"]["began"].value()
    call = to_it(cast, name="Dr. Hart", phone="+12175550144", minutes="3", began=began, red_flags=["pressure"])
    for _ in range(2):
        answer = ian.post(url("it-call"), call)

    row, made = Ticket.objects.get(), PhoneCall.objects.get()
    assert answer.url == url("it-ticket", row.public_id)
    assert (row.side, row.office, row.owner, row.requester_kind, row.call_seconds, row.state) == (
        Side.IT, cast.south, cast.ian, "provider", 180, TicketState.OPEN,
    )  # fmt: skip
    assert (made.side, made.seconds, made.staff, made.direction, made.red_flags) == (
        Side.IT, 180, cast.ian, "in", ["pressure"],
    )  # fmt: skip


@pytest.mark.parametrize("how", [{"do": "hand"}, {"who": "patient"}])
def test_a_patients_call_to_it_is_the_offices_with_one_press(cast, ian, olivia, how):
    """TR-02, TR-03: noted without a chart and with its length; being told who helps is no answer."""
    without = ian.post(url("it-call"), to_it(cast, **how, office=cast.north.public_id))
    assert (without.status_code, "Write their number down" in text_of(without)) == (422, True)
    assert not Ticket.objects.exists()

    call = to_it(cast, **how, office=cast.north.public_id, phone="+12175550100", minutes="2", category=Category.SLOW)
    for _ in range(2):
        assert ian.post(url("it-call"), call).url == url("it")

    row = Ticket.objects.get()
    assert (row.office, row.side, row.state, row.owner, row.patient, row.first_response_at, row.call_seconds) == (
        cast.north, Side.OFFICE, TicketState.NEW, None, None, None, 120,
    )  # fmt: skip
    assert (PhoneCall.objects.get().side, PhoneCall.objects.get().staff) == (Side.IT, cast.ian)
    assert ian.get(url("it-ticket", row.public_id)).status_code == 404
    assert "Ian Staff" in text_of(olivia.get(url("office-ticket", row.public_id)))


def test_where_patients_may_reach_it_a_technical_call_stays_there_unless_it_is_given_away(cast, ian):
    """C5, TR-07"""
    type(cast.practice).objects.filter(pk=cast.practice.pk).update(patient_support_mode="patient_line")
    call = to_it(cast, who="patient", category=Category.SLOW, phone="+12175550100")
    ian.post(url("it-call"), call)
    ian.post(url("it-call"), call | {"do": "hand", "idempotency_key": "k2"})

    first, second = Ticket.objects.order_by("pk")
    assert (first.side, first.owner, second.side, second.owner) == (Side.IT, cast.ian, Side.OFFICE, None)


def test_calls_that_its_phone_answered_are_its_to_write_down(cast, ian, olivia):
    """HD-10: nobody else sees them, and each is written down once."""
    call = line_call(cast.north, side=Side.IT, requester_kind="provider", seconds=240)
    assert "+12175550177 · 4 min" in text_of(ian.get(url("it-call")))
    assert "+12175550177" not in text_of(olivia.get(url("call")))
    assert olivia.post(url("call"), typed(cast, line_call=call.public_id)).status_code == 404

    ian.post(url("it-call"), to_it(cast, line_call=call.public_id, call_seconds="9"))

    row = Ticket.objects.get()
    assert (row.requester_phone, row.call_seconds, refresh(call).ticket) == ("+12175550177", 240, row)
    assert "+12175550177" not in text_of(ian.get(url("it-call")))
    late = ian.post(url("it-call"), to_it(cast, line_call=call.public_id, idempotency_key="k2"))
    assert (late.status_code, Ticket.objects.count()) == (422, 1)
    other = line_call(cast.north)
    assert ian.post(url("it-call"), to_it(cast, line_call=other.public_id, idempotency_key="k3")).status_code == 404


def test_it_notes_a_call_on_its_own_ticket(cast, ian, olivia):
    """HD-07, HD-08: calling a colleague back answers them; noted once, with words that stay inside."""
    row = TicketFactory(office=cast.north, side=Side.IT, requester_kind="staff", category=Category.STAFF_HOWTO)
    call = {"direction": "out", "outcome": "talked", "minutes": "4", "note": "Showed it.", "idempotency_key": "c1"}
    for _ in range(2):
        assert ian.post(url("it-ticket-call", row.public_id), call).url == url("it-ticket", row.public_id)

    made = PhoneCall.objects.get()
    assert (made.seconds, made.side, refresh(row).owner, TicketMessage.objects.get().visibility) == (
        240, Side.IT, cast.ian, "internal",
    )  # fmt: skip
    bad = ian.post(url("it-ticket-call", row.public_id), call | {"outcome": "", "idempotency_key": "c2"})
    assert (bad.status_code, 'id="call" class="deed" open' in " ".join(text_of(bad).split())) == (422, True)
    assert olivia.post(url("it-ticket-call", row.public_id), call).status_code == 403
    assert PhoneCall.objects.count() == 1


# --- missed calls -----------------------------------------------------------------------------------------------------
def missed(office, **fields):
    values = {"outcome": "hung_up", "seconds": None, "phone": "+12175550166"}
    return line_call(office, **values | fields)


def test_who_reached_nobody_is_listed_until_somebody_dealt_with_it(cast, olivia, ian, settings):
    """HD-10: at the desk it was for; one number is one line; who reached us since is none."""
    settings.TWILIO_ACCOUNT_SID = "AC1"
    now = clock.now()
    ago = lambda hours: now - dt.timedelta(hours=hours)  # noqa: E731
    first = missed(cast.north, started_at=ago(3))
    latest = missed(cast.north, started_at=ago(1), side="", language="es")
    missed(cast.north, started_at=ago(4), phone="+12175550111")
    line_call(cast.north, started_at=ago(2), phone="+12175550111")  # reached us since
    missed(cast.north, started_at=ago(24 * 7 + 1), phone="+12175550112")
    for office, side in ((cast.south, "office"), (cast.elsewhere_office, "office"), (cast.north, "it")):
        missed(office, side=side, phone="+12175550113")

    page = olivia.get(url("missed-calls"))
    assert [(one.call, one.times) for one in page.context["missed"]] == [(latest, 2)]
    assert "Spanish" in text_of(page)
    assert [one.call.phone for one in ian.get(url("it-missed-calls")).context["missed"]] == ["+12175550113"]
    for stranger in (missed(cast.south), missed(cast.north, side="it")):
        assert olivia.post(url("missed-calls"), {"call": stranger.public_id}).status_code == 404

    for _ in range(2):
        assert olivia.post(url("missed-calls"), {"call": latest.public_id}).url == url("missed-calls")
    assert (refresh(first).dealt_by, refresh(latest).dealt_by) == (cast.olivia, cast.olivia)
    assert AuditEvent.objects.filter(action="call:deal").count() == 1
    assert text_of(olivia.get(url("missed-calls"))).count("No missed calls") == 1


def test_two_who_hide_their_number_are_two(cast, olivia, settings):
    """Dealing with one of them leaves the other; the number beside the link counts lines."""
    settings.TWILIO_ACCOUNT_SID = "AC1"
    now = clock.now()
    first, second = (missed(cast.north, phone="", started_at=now - dt.timedelta(hours=n)) for n in (1, 2))
    for hours in (3, 4):
        third = missed(cast.north, started_at=now - dt.timedelta(hours=hours))
    lines = [(one.call.phone, one.times) for one in olivia.get(url("missed-calls")).context["missed"]]
    assert lines == [("", 1), ("", 1), (third.phone, 2)]
    assert missed_count(cast.olivia, side=Side.OFFICE, now=now) == 3

    olivia.post(url("missed-calls"), {"call": first.public_id})

    left = [one.call for one in olivia.get(url("missed-calls")).context["missed"]]
    assert (left[0], len(left)) == (second, 2)


def test_calling_back_is_logged_and_ends_the_missed_call(cast, olivia):
    call = missed(cast.north)
    page = olivia.get(url("call") + f"?missed={call.public_id}")
    assert (page.context["form"]["phone"].value(), page.context["form"]["missed"].value()) == (
        "+12175550166", call.public_id,
    )  # fmt: skip

    logged = typed(cast, missed=call.public_id, phone="+12175550166", minutes="2")
    for _ in range(2):
        olivia.post(url("call"), logged)

    made = Ticket.objects.get().calls.get()
    assert (made.direction, made.seconds, refresh(call).dealt_by, refresh(call).ticket) == (
        "out", 120, cast.olivia, None,
    )  # fmt: skip
    assert olivia.get(url("call") + f"?missed={missed(cast.south).public_id}").status_code == 404
