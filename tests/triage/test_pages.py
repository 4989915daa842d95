"""The two desks through HTTP, without JavaScript."""

import datetime as dt
import itertools
import re
from pathlib import Path

import pytest
import time_machine
from django.urls import reverse

from helpdesk.enums import Category, RequesterKind, Side, TicketState
from helpdesk.models import Ticket
from portal_core.access.models import AccessToken
from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from statuspage.queries import active_incidents
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import AttemptFactory, AttestationFactory, FlagFactory, HoldFactory, refresh
from triage import urls
from triage.enums import (
    AttemptOutcome,
    EscalationState,
    OfficeStep,
    RelayReason,
)
from triage.models import Attestation, Escalation, PlaybookStep, VerificationAttempt, VerificationHold
from triage.rules.table import ROUTES

ROOT = Path(__file__).resolve().parents[2]


def url(name, *args):
    return reverse(f"triage:{name}", args=args)


# --- the office's story -----------------------------------------------------------------------------------------------
def test_a_reset_from_the_first_click_to_the_mail(cast, ticket, olivia):
    """TR-04, TR-08: status with reasons, identity check, and a button that exists only behind it."""
    page = url("office-ticket", ticket.public_id)
    first = olivia.get(page).content.decode()
    assert "Send reset link" not in first
    assert "Active" in first
    assert "I forgot my password" in first

    olivia.post(url("verify-begin", ticket.public_id), {"channel": "phone", "purpose": "reset"})
    attempt = VerificationAttempt.objects.get()
    for method in ("k", "e3"):
        assert "Send reset link" not in olivia.get(page).content.decode()
        olivia.post(url("verify-method", ticket.public_id, attempt.public_id), {"method": method, "on": "1"})
    answer = olivia.post(url("verify-complete", ticket.public_id, attempt.public_id))
    assert answer.status_code == 302

    attestation = Attestation.objects.get()
    shown = olivia.get(page).content.decode()
    assert "Send reset link" in shown
    assert f'data-expires-at="{attestation.expires_at.astimezone(_zone(cast)).isoformat()[:16]}' in shown
    sent = olivia.post(url("send-link", ticket.public_id, attestation.public_id))
    assert (sent.status_code, AccessToken.objects.count()) == (302, 1)

    assert "Send reset link" not in olivia.get(page).content.decode()
    again = olivia.post(url("send-link", ticket.public_id, attestation.public_id))
    assert (again.status_code, AccessToken.objects.count()) == (409, 1)
    assert "does not cover this any more" in again.content.decode()


def test_a_flag_is_refused_by_code_then_sent(cast, ticket, olivia):
    """HD-07, TR-06: what is missing is listed, what was typed is still there."""
    typed = {
        "category": Category.ERROR_MSG, "error_text": "Error 500 on save", "page": "", "device": "Chrome",
        "happened_at": "2026-03-02T10:00", "impact": "one", "reason": "",
    }  # fmt: skip
    refused = olivia.post(url("relay", ticket.public_id), typed)
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "MISSING_FIELD" in text
    assert "Choose why it goes to IT: one of the four." in text
    assert "Error 500 on save" in text
    assert not Escalation.objects.exists()

    typed |= {"page": "My details", "reason": RelayReason.ERROR_MESSAGE}
    assert olivia.post(url("relay", ticket.public_id), typed).status_code == 302
    flag = Escalation.objects.get()
    assert (flag.state, flag.reason, flag.page) == ("sent", "error_message", "My details")
    # Typed on the practice's clock (America/Chicago, winter), kept in UTC.
    assert flag.happened_at.isoformat() == "2026-03-02T16:00:00+00:00"


def test_a_note_that_names_the_patient_is_softly_stopped(ticket, olivia):
    typed = {
        "category": Category.ERROR_MSG, "error_text": "Error for MRN 00123456", "page": "x", "device": "x",
        "happened_at": "2026-03-02T10:00", "impact": "one", "reason": RelayReason.ERROR_MESSAGE,
    }  # fmt: skip
    stopped = olivia.post(url("relay", ticket.public_id), typed)
    assert stopped.status_code == 422
    assert "This looks like a record number." in stopped.content.decode()

    assert olivia.post(url("relay", ticket.public_id), typed | {"phi_needed": "on"}).status_code == 302


def test_the_patient_is_found_among_ones_own_and_matched(cast, olivia):
    """TR-03, TR-08: another office's patients are not found; a name never stands in an address."""
    row = TicketFactory(office=cast.north)
    found = olivia.post(url("search", row.public_id), {"q": "Patient"})
    assert [person.first_name for person in found.context["found"]] == ["Pat", "Paula", "Piet"]

    olivia.post(url("match", row.public_id), {"patient": cast.piet.public_id})

    page = olivia.get(url("office-ticket", row.public_id)).content.decode()
    assert refresh(row).patient == cast.piet
    assert "Cannot use the portal because:" in page
    assert "No e-mail address on file" in page
    assert AuditEvent.objects.filter(action="patient:search").count() == 1
    strange = olivia.post(url("match", row.public_id), {"patient": cast.charlie_patient.public_id})
    assert strange.status_code == 404


def test_a_call_is_logged_in_one_form_and_once(cast, olivia):
    """HD-10, HD-13, HD-18: category and length are kept, a double click makes one ticket."""
    typed = {
        "category": Category.LOGIN_PWD, "office": cast.north.public_id, "call_seconds": "95", "do": "log",
        "patient": cast.pat.public_id, "body": "Forgot it.", "device": "Windows, Edge", "idempotency_key": "k1",
    }  # fmt: skip
    first = olivia.post(url("call"), typed)
    again = olivia.post(url("call"), typed)

    row = Ticket.objects.get()
    assert first.url == again.url == url("office-ticket", row.public_id)
    assert (row.call_seconds, row.channel, row.owner, row.patient) == (95, "phone", cast.olivia, cast.pat)
    assert row.device == {"browser": "Windows, Edge"}


def test_finding_a_patient_while_logging_keeps_what_was_typed(cast, olivia):
    typed = {
        "q": "MRN-PAT",
        "body": "She says it is slow",
        "category": Category.SLOW,
        "call_seconds": "12",
        "do": "find",
    }
    page = olivia.post(url("call"), typed)

    assert page.status_code == 200
    assert "She says it is slow" in page.content.decode()
    assert [person.first_name for person in page.context["found"]] == ["Pat"]


@pytest.mark.parametrize(
    "broken", [{"category": "nonsense"}, {"office": "x"}, {"call_seconds": "-1"}, {"body": "x" * 5000}]
)
def test_a_call_with_bad_input_is_not_logged(cast, olivia, broken):
    typed = {"category": Category.SLOW, "office": cast.north.public_id, "do": "log", "idempotency_key": "k1"}

    assert olivia.post(url("call"), typed | broken).status_code == 422
    assert not Ticket.objects.exists()


def test_reply_note_take_and_solve(cast, olivia):
    row = TicketFactory(office=cast.north)
    olivia.post(url("take", row.public_id))
    olivia.post(url("reply", row.public_id), {"body": "We are on it."})
    olivia.post(url("note", row.public_id), {"body": "She sounded worried."})
    assert (refresh(row).owner, refresh(row).state) == (cast.olivia, TicketState.OPEN)
    assert list(row.messages.order_by("id").values_list("visibility", flat=True)) == ["patient", "internal"]
    assert olivia.post(url("reply", row.public_id), {"body": ""}).status_code == 422

    assert olivia.post(url("solve", row.public_id), {"resolution": "office"}).status_code == 302
    assert refresh(row).state == TicketState.SOLVED
    late = olivia.post(url("solve", row.public_id), {"resolution": "office"})
    assert late.status_code == 409


def test_playbook_steps_are_ticked_and_taken_back(ticket, olivia):
    """TR-04: identity and relay are ticked by doing them, not by hand."""
    step = url("step", ticket.public_id)
    olivia.post(step, {"step": OfficeStep.CHECK_SETUP, "on": "1"})
    assert PlaybookStep.objects.get(ticket=ticket).step == OfficeStep.CHECK_SETUP
    olivia.post(step, {"step": OfficeStep.CHECK_SETUP, "on": "0"})
    assert not PlaybookStep.objects.exists()

    assert olivia.post(step, {"step": OfficeStep.VERIFY_IDENTITY, "on": "1"}).status_code == 404
    assert olivia.post(step, {"step": "nonsense", "on": "1"}).status_code == 404


# --- IT's story -------------------------------------------------------------------------------------------------------
def test_the_console_shows_no_patient(cast, ticket, attest, draft, ian):
    """TR-01: initials, the portal's label, how the office verified; no name, no chart, no identity form."""
    from triage.actions import escalations, playbook

    attest()
    for step in (OfficeStep.CHECK_SETUP, OfficeStep.INSTRUCT_RESET):
        playbook.tick(ticket=ticket, staff=cast.olivia, step=step, by=cast.olivia.actor)
    flag = escalations.relay(
        ticket=ticket, draft=draft(category=Category.LOGIN_PWD, reason=RelayReason.LOGIN_FAILS), staff=cast.olivia,
        by=cast.olivia.actor,
    )  # fmt: skip

    for path in (url("it"), url("it-flag", flag.public_id)):
        page = ian.get(path)
        text = page.content.decode()
        assert page.status_code == 200
        assert "P. P." in text
        for secret in ("Pat Patient", cast.pat.mrn, cast.pat.public_id, cast.pat.email, "1980", "/desk/patients/"):
            assert secret not in text
    assert "office-verified, North, by phone" in text
    assert "portal Active" in text
    # An article about the office's work may be read; nothing on the page does it.
    rest = re.sub(r"<a [^>]*/desk/help/.*?</a>", "", text.lower(), flags=re.DOTALL)
    assert "verify" not in re.sub(r"office-verified|verified by their office", "", rest).split("<main")[1]


def test_verdicts_by_one_press_each(cast, ian):
    flags = [FlagFactory(office=cast.north, sent_by=cast.olivia) for _ in range(3)]
    assert ian.post(url("accept", flags[0].public_id)).status_code == 302
    assert ian.post(url("accept", flags[0].public_id)).status_code == 409
    assert ian.post(url("decline", flags[1].public_id), {"code": "NOT_IT"}).status_code == 302
    assert ian.post(url("decline", flags[2].public_id), {"code": "nonsense"}).status_code == 422
    assert ian.post(url("answer", flags[2].public_id), {"text": "Fixed."}).status_code == 302

    assert [refresh(flag).state for flag in flags] == [
        EscalationState.INVESTIGATING, EscalationState.RETURNED, EscalationState.ANSWERED,
    ]  # fmt: skip


def test_a_surge_leads_to_a_prefilled_incident_and_back(cast, ian, mail_component, drain):
    """Story steps 5 to 7 through the pages."""
    for n in range(5):
        FlagFactory(office=[cast.north, cast.south][n % 2], sent_by=cast.olivia, category=Category.MSG_NOT_RECEIVED)
    console = ian.get(url("it")).content.decode()
    assert "5 flags of “Secure message e-mail not received” from 2 offices" in console
    link = re.search(r'href="(/triage/it/incidents/new/\?from=[^"]+)"', console).group(1)

    form = ian.get(link).context["form"]
    assert form.initial["component"] == mail_component
    assert form.initial["name"] == "Secure message e-mail is delayed"
    published = ian.post(
        url("incident-new"),
        {
            "from": link.split("from=")[1], "name": form.initial["name"], "component": mail_component,
            "status": "partial_outage", "body": "We are looking into it.", "idempotency_key": "k1",
        },
    )  # fmt: skip
    (incident,) = active_incidents()
    assert published.url == url("it-incident", incident.id)
    assert set(Ticket.objects.values_list("state", flat=True)) == {"wait_incident"}

    page = url("it-incident", incident.id)
    update = {"status": "identified", "body": "Found it.", "seen": incident.update_id, "idempotency_key": "k2"}
    assert ian.post(f"{page}update/", update).status_code == 302
    stale = ian.post(f"{page}update/", update | {"idempotency_key": "k3", "body": "Typed in vain?"})
    assert stale.status_code == 409
    assert "Typed in vain?" in stale.content.decode()
    (incident,) = active_incidents()
    done = {"body": "Fixed.", "seen": incident.update_id, "idempotency_key": "k4"}
    assert ian.post(f"{page}resolve/", done).status_code == 302
    drain()
    assert active_incidents() == []
    assert set(Ticket.objects.values_list("state", flat=True)) == {"close_loop"}
    assert ian.post(f"{page}resolve/", done | {"idempotency_key": "k5"}).status_code == 409


def test_an_incident_without_words_is_not_published(cast, ian, mail_component):
    form = {"from": "", "name": "", "component": "nonsense", "status": "operational", "body": ""}

    assert ian.post(url("incident-new"), form).status_code == 422
    assert active_incidents() == []


def test_providers_write_to_it_and_are_called_back(cast, ian):
    """TR-09, HD-17, C6: no identity form; the office's main number on file."""
    row = TicketFactory(
        office=cast.north, side=Side.IT, requester_kind=RequesterKind.STAFF, category=Category.STAFF_ACCESS,
        requester_name="Dr. Hart",
    )  # fmt: skip
    assert "Dr. Hart" in ian.get(url("it")).content.decode()
    page = ian.get(url("it-ticket", row.public_id)).content.decode()
    assert "call back the office's main number" in page.replace("&#x27;", "'")
    assert cast.north.phone_shown in page

    assert ian.post(url("it-reply", row.public_id), {"body": "Calling you."}).status_code == 302
    assert ian.post(url("it-solve", row.public_id), {"resolution": "it"}).status_code == 302
    assert refresh(row).state == TicketState.SOLVED


# --- strangers --------------------------------------------------------------------------------------------------------
OFFICE_NAMES = [pattern.name for pattern in urls.urlpatterns if str(pattern.pattern).startswith("triage/office/")]
IT_NAMES = [pattern.name for pattern in urls.urlpatterns if str(pattern.pattern).startswith("triage/it/")]


# Pages about one's own offices alone: open to every office, each sees its own.
OWN_DESK = ("office", "call", "missed-calls", "holds", "next", "office-people", "bulk", "save-view", "remove-view")


def _address(name, cast, ticket, flag):
    known = {
        "public_id": ticket.public_id if name in OFFICE_NAMES else flag.public_id,
        "attempt_id": VerificationAttempt.objects.get().public_id,
        "attestation_id": Attestation.objects.get().public_id,
        "flag_id": flag.public_id,
        "incident_id": "incident0001",
        "hold_id": VerificationHold.objects.get().public_id,
        "patient_id": ticket.patient.public_id,
        "check_id": "none",
    }
    pattern = next(str(one.pattern) for one in urls.urlpatterns if one.name == name)
    names = re.findall(r"<str:(\w+)>", pattern)
    return reverse(f"triage:{name}", kwargs={key: known[key] for key in names})


@pytest.fixture
def everything(cast, ticket):
    """One of each, so that no refusal is for want of a thing."""
    attempt = AttemptFactory(ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.PASSED)
    AttestationFactory(attempt=attempt)
    HoldFactory(patient=cast.pat)
    return FlagFactory(office=cast.north, sent_by=cast.olivia)


OFFICE_LIST = 10  # session, user, staff, roles; what is kept, tickets, flags; ledger; incidents, undo
IT_LIST = 12  # session, user, staff, roles; banner, flags, tickets, linked, dissents; what is kept, offices, undo

FUZZ = {
    "channel": "phone", "purpose": "reset", "method": "e3", "flag": "pressure", "on": "1", "body": "x", "text": "x",
    "q": "Pat", "resolution": "office", "step": "check_setup", "category": "SLOW", "do": "log", "idempotency_key": "k",
}  # fmt: skip


@pytest.mark.parametrize("who", ["ian", "ines", "omar", "charlie", "carla"])
def test_it_and_strangers_get_nowhere_at_the_office_desk(cast, ticket, everything, staff_client, who):
    """TR-01: every address of the office desk, as IT, as a clinician, as a stranger: 403 or 404, nothing changes."""
    visitor = staff_client(getattr(cast, who))
    before = AuditEvent.objects.count()
    for name, method in itertools.product(OFFICE_NAMES, ("get", "post")):
        address = _address(name, cast, ticket, everything)

        answer = getattr(visitor, method)(address, FUZZ | {"patient": cast.pat.public_id})

        own_desk = who == "charlie" and name in OWN_DESK
        allowed = (200, 302, 404, 405, 422) if own_desk else (403, 404, 405)
        assert answer.status_code in allowed, f"{answer.status_code} for {method} {name}"
        assert cast.pat.last_name not in answer.content.decode() or own_desk, name
        # Charlie reads lists of his own practice, and that is on its ledger; nothing else was touched.
        assert AuditEvent.objects.exclude(practice_id=cast.elsewhere.pk).count() == before, name
        assert VerificationAttempt.objects.count() == 1, name


def test_another_office_finds_nothing(cast, ticket, everything, staff_client):
    """HD-05: office of another place: 404."""
    visitor = staff_client(cast.oscar)
    for name in set(OFFICE_NAMES) - set(OWN_DESK):
        answer = visitor.post(_address(name, cast, ticket, everything), FUZZ)

        assert answer.status_code in (404, 405), name


@pytest.mark.parametrize("who", ["olivia", "ana", "omar", "charlie"])
def test_the_console_is_its_alone(cast, ticket, everything, staff_client, who):
    visitor = staff_client(getattr(cast, who))
    before = refresh(everything).state
    for name, method in itertools.product(IT_NAMES, ("get", "post")):
        answer = getattr(visitor, method)(_address(name, cast, ticket, everything), FUZZ)

        assert answer.status_code in (403, 405), f"{answer.status_code} for {method} {name}"
        assert refresh(everything).state == before, name


def test_it_of_another_practice_finds_no_flag(cast, everything, staff_client):
    from tests.cast import make_staff

    other = make_staff("Igor", cast.elsewhere, ("it_agent", None))
    client = staff_client(other)

    assert client.get(url("it-flag", everything.public_id)).status_code == 404
    assert client.post(url("accept", everything.public_id)).status_code == 404
    assert "Error 500" not in client.get(url("it")).content.decode()


# --- what costs, what is printed --------------------------------------------------------------------------------------
@pytest.mark.parametrize("rows", [1, 3])
def test_the_office_list_costs_the_same_for_one_and_three(cast, olivia, rows, django_assert_num_queries):
    for _ in range(rows):
        FlagFactory(office=cast.north, sent_by=cast.olivia)
    olivia.get(url("office"))
    with django_assert_num_queries(OFFICE_LIST):
        page = olivia.get(url("office"))

    assert len(page.context["rows"]) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_the_console_costs_the_same_for_one_and_three(cast, ian, rows, django_assert_num_queries):
    for kind in ("ERROR_MSG", "BROWSER", "SLOW")[:rows]:  # three of one kind would be compared with other days
        FlagFactory(office=cast.north, sent_by=cast.olivia, category=kind)
    ian.get(url("it"))
    with django_assert_num_queries(IT_LIST):
        page = ian.get(url("it"))

    assert len(page.context["flags"]) == rows


def test_the_reference_sheet_is_the_table(olivia):
    """HD-06, HD-16, TR-04, TR-05: printed from the same data the engine decides by."""
    text = olivia.get(url("reference")).content.decode()

    assert re.findall(r'data-step="(\w+)"', text) == [str(step) for step in OfficeStep]
    assert re.findall(r'data-reason="(\w+)"', text) == [str(reason) for reason in RelayReason]
    assert re.findall(r'data-category="(\w+)"', text) == [str(category) for category in ROUTES]
    assert re.findall(r'data-needs="([\w ]*)"', text) == [" ".join(row.steps) for row in ROUTES.values()]
    assert re.findall(r'data-when="([\w ]*)"', text) == [" ".join(row.reasons) for row in ROUTES.values()]
    assert ("Steps 1, 2, 5 of the office" in text, "Reasons 1, 2, 4" in text) == (True, True)  # a forgotten password
    for row in ROUTES.values():
        assert row.relay_when.replace("'", "&#x27;") in text


def test_the_sheet_can_be_sent_to_whoever_has_no_account(cast, olivia, client):
    """HD-16. It tells nobody how to pass an identity check, and the link ends."""
    page = olivia.get(url("reference")).content.decode()
    path = re.search(r'value="https?://[^/"]+(/who-does-what/[^"]+)"', page)[1]

    shown = client.get(path).content.decode()
    assert re.findall(r'data-category="(\w+)"', shown) == [str(category) for category in ROUTES]
    check = f">{ROUTES['LOGIN_PWD'].level.label}</td>"
    assert (check in page, check in shown) == (True, False)
    assert client.get(f"{path}x").status_code == 404
    with time_machine.travel(clock.now() + dt.timedelta(days=91)):
        assert client.get(path).status_code == 404


def test_no_page_for_patients_prints_a_number_of_it():
    """TR-02: patients are never asked to call support."""
    number = re.compile(r"\+?1?[-. (]*\d{3}[-. )]+\d{3}[-. ]\d{4}|tel:\+?\d|support[_ ]line[_ ](?:phone|number)", re.I)
    for folder in ("helpdesk", "portal_core", "triage", "statuspage", "telehealth"):
        for path in (ROOT / folder).rglob("templates/**/*"):
            if path.suffix in (".html", ".txt"):
                text = path.read_text(encoding="utf-8")
                assert not number.search(text), path
                text = text.replace("do not ask a patient to call support", "")
                assert not re.search(r"call (?:the )?(?:it|support)\b", text, re.IGNORECASE), path


def _zone(cast):
    import zoneinfo

    return zoneinfo.ZoneInfo(cast.practice.time_zone)


def test_reading_a_ticket_is_on_the_ledger_and_a_refused_look_is_not(cast, ticket, olivia, staff_client):
    olivia.get(url("office"))
    olivia.get(url("office"), headers={"HX-Request": "true"})
    (listed,) = AuditEvent.objects.filter(action__startswith="ticket:")
    assert (listed.action, listed.facts) == ("ticket:list", {"shown": 1})

    olivia.get(url("office-ticket", ticket.public_id))
    assert staff_client(cast.oscar).get(url("office-ticket", ticket.public_id)).status_code == 404

    line = AuditEvent.objects.get(action="ticket:read")
    assert (line.actor_label, line.target_id, line.practice_id) == (
        "Olivia Staff", ticket.public_id, cast.practice.pk,
    )  # fmt: skip


def test_reading_a_flag_is_on_the_ledger(cast, ian):
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)

    ian.get(url("it-flag", flag.public_id))

    line = AuditEvent.objects.get(action="flag:read")
    assert (line.target_id, line.actor_id, line.actor_hat) == (flag.public_id, cast.ian.public_id, "it")
