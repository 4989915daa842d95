"""Proofs that note themselves, what a check is for, and what it leads to (TR-01, HD-08)."""

import datetime as dt
import re
from functools import partial

import pytest
import time_machine

from portal_core.access import gate
from portal_core.accounts.actions import second_step
from portal_core.directory.actions import patients
from portal_core.kernel import clock
from portal_core.notify.models import Message
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import AttemptFactory, AttestationFactory, FlagFactory, refresh
from triage import errors
from triage.actions import proofs, second_person, verification
from triage.enums import AttemptOutcome, CallChannel, Level, Method, Purpose, RedFlag
from triage.identity import words_of
from triage.models import Attestation, VerificationAttempt, VerificationCode, VerificationHold
from triage.rules.purposes import LEAST_LEVEL, PURPOSE_OF, TEMPLATES, TERMS, template
from triage.rules.verification import Evidence, judge, required_level
from triage.rules.words import WORDS, call_words

AT = dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC)


@pytest.fixture
def sent():
    """`sent(attempt, method)` sends a code and returns what stands in it."""

    def send(attempt, method=Method.E4):
        staff = attempt.attester
        proofs.send_code(attempt=attempt, staff=staff, method=method, by=staff.actor)
        words = Message.objects.order_by("-pk").first()
        return re.search(r"\b(\d{6})\b", words.sms or words.text)[1]

    return send


def enter(attempt, typed):
    staff = attempt.attester
    return proofs.enter_code(attempt=attempt, staff=staff, typed=typed, by=staff.actor)


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


# --- codes ------------------------------------------------------------------------------------------------------------
def test_a_code_to_the_phone_on_file_is_read_back_and_proves(cast, begin, sent, deeds):
    """TR-01: the kind, the time and the age of the contact are kept; the code and the number are not."""
    attempt = begin()
    code = sent(attempt)

    assert enter(attempt, f" {code[:3]} {code[3:]} ") == Method.E4

    assert refresh(attempt).methods[0]["method"] == "e4"
    row = VerificationCode.objects.get()
    assert code not in str(vars(row))
    assert cast.pat.phone not in str(vars(row))
    assert deeds() == ["verification:begin", "verification:send_code", "verification:code_right"]


def test_the_words_stand_in_the_message_so_that_we_prove_ourselves_first(ticket, begin, sent):
    """HD-08: the reverse check."""
    attempt = begin()
    sent(attempt)

    assert words_of(ticket) in (Message.objects.get().sms or Message.objects.get().text)


@pytest.mark.parametrize(("seconds", "works"), [(599, True), (600, False)])
def test_a_code_expires_to_the_second(begin, sent, seconds, works):
    with time_machine.travel(AT, tick=False):
        attempt = begin()
        code = sent(attempt)
    with time_machine.travel(AT + dt.timedelta(seconds=seconds), tick=False):
        if works:
            assert enter(attempt, code) == Method.E4
        else:
            with pytest.raises(errors.CodeTooOld):
                enter(attempt, code)
            assert refresh(attempt).methods == []


def test_the_third_wrong_code_fails_the_check_also_over_two_codes(cast, begin, sent):
    """A new code gives no new tries, and the failure counts towards the lockout."""
    attempt = begin()
    first = sent(attempt)
    for left in (2, 1):
        with pytest.raises(errors.WrongCode) as refused:
            enter(attempt, wrong(first))
        assert refused.value.facts == {"left": left}
    second = sent(attempt)
    with pytest.raises(errors.VerificationClosed):
        enter(attempt, wrong(second))

    assert refresh(attempt).outcome == AttemptOutcome.FAILED
    with pytest.raises(errors.VerificationClosed):
        enter(attempt, second)
    assert not Attestation.objects.exists()


def test_an_earlier_code_and_one_of_another_check_are_nothing(cast, begin, sent):
    """Replay, and cross-ticket reuse."""
    attempt = begin()
    first = sent(attempt)
    second = sent(attempt)
    with pytest.raises(errors.WrongCode):
        enter(attempt, first if first != second else wrong(second))
    other = begin(row=TicketFactory(office=cast.north, patient=cast.pat, owner=cast.olivia))
    third = sent(other)
    with pytest.raises(errors.WrongCode):
        enter(other, second if second != third else wrong(third))
    assert enter(attempt, second) == Method.E4
    with pytest.raises(errors.CodeTooOld):
        enter(attempt, second)


def test_a_code_dies_with_the_contact_it_went_to(cast, begin, sent):
    attempt = begin()
    code = sent(attempt)
    patients.update_contact(patient=cast.pat, values={"phone": "+12175550177"}, by=cast.olivia.actor)

    with pytest.raises(errors.CodeTooOld):
        enter(attempt, code)


def test_three_codes_an_hour_over_all_checks(cast, begin, sent):
    attempt = begin()
    for _ in range(3):
        sent(attempt)
    verification.abandon(attempt=attempt, staff=cast.olivia, by=cast.olivia.actor)
    other = begin(row=TicketFactory(office=cast.north, patient=cast.pat))

    with pytest.raises(errors.TooManyCodes):
        sent(other)

    assert VerificationCode.objects.count() == 3


def test_no_code_without_a_contact_or_to_what_is_no_number(cast, begin, sent):
    cast.pat.phone = "ask her mother"
    cast.pat.save(update_fields=["phone"])
    attempt = begin()
    with pytest.raises(errors.NotEnoughEvidence):
        sent(attempt)
    cast.pat.phone = ""
    cast.pat.save(update_fields=["phone"])
    with pytest.raises(errors.NotEnoughEvidence):
        sent(attempt)
    assert not VerificationCode.objects.exists()


@pytest.mark.parametrize("method", [Method.E4, Method.E5, Method.E6])
def test_what_notes_itself_is_never_ticked_by_hand(cast, begin, method):
    attempt = begin()
    with pytest.raises(errors.NotEnoughEvidence):
        verification.record_method(attempt=attempt, staff=cast.olivia, method=method, by=cast.olivia.actor)
    assert refresh(attempt).methods == []


@pytest.mark.parametrize("who", ["ian", "oscar", "charlie", "carla"])
def test_nobody_else_sends_or_enters_or_asks(cast, begin, sent, who):
    """TR-01: each verb asks again, IT included."""
    attempt, staff = begin(), getattr(cast, who)
    code = sent(attempt)
    for deed in (
        lambda: proofs.send_code(attempt=attempt, staff=staff, method=Method.E4, by=staff.actor),
        lambda: proofs.enter_code(attempt=attempt, staff=staff, typed=code, by=staff.actor),
        lambda: proofs.ask_in_portal(attempt=attempt, staff=staff, by=staff.actor),
    ):
        with pytest.raises(errors.NotYourPatient):
            deed()
    assert refresh(attempt).methods == []


# --- the patient's own session ----------------------------------------------------------------------------------------
@pytest.fixture
def asked(cast, begin):
    attempt = begin()
    proofs.ask_in_portal(attempt=attempt, staff=cast.olivia, by=cast.olivia.actor)
    return refresh(attempt)


def test_the_patient_says_yes_in_their_session(cast, asked, patient_client):
    """HD-08, TR-01: the card shows our words; yes is a proof."""
    pat = patient_client(cast.pat)
    page = pat.get("/portal/").content.decode()
    assert "Is it you?" in page
    assert words_of(asked.ticket) in page

    answer = pat.post(f"/portal/is-it-me/{asked.public_id}/", {"answer": "yes"})

    assert (answer.status_code, answer["Location"]) == (302, "/portal/")
    assert [row["method"] for row in refresh(asked).methods] == ["e5"]
    assert "Is it you?" not in pat.get("/portal/").content.decode()


def test_the_patient_says_no_and_everything_stops(cast, asked, attest, patient_client):
    row = TicketFactory(office=cast.north, patient=cast.pat, owner=cast.olivia)
    proved = attest(row=row)

    patient_client(cast.pat).post(f"/portal/is-it-me/{asked.public_id}/", {"answer": "no"})

    assert refresh(asked).outcome == AttemptOutcome.FAILED
    assert VerificationHold.objects.get(released_at=None).rule == "patient_said_no"
    assert refresh(proved).revoked_at is not None


def test_only_the_patient_asked_may_answer_and_only_in_time(cast, begin, patient_client):
    with time_machine.travel(AT, tick=False):
        attempt = begin()
        proofs.ask_in_portal(attempt=attempt, staff=cast.olivia, by=cast.olivia.actor)
    for who, seconds in ((cast.charlie_patient, 10), (cast.pat, 900)):
        with (
            time_machine.travel(AT + dt.timedelta(seconds=seconds), tick=False),
            pytest.raises(errors.VerificationNotFound),
        ):
            proofs.answer_in_portal(
                patient=who, attempt_id=attempt.public_id, yes=True, session="s", by=cast.olivia.actor
            )
    assert refresh(attempt).methods == []


def test_a_patient_without_an_account_cannot_be_asked(cast, begin):
    attempt = begin(row=TicketFactory(office=cast.north, patient=cast.paula))
    with pytest.raises(errors.NotEnoughEvidence):
        proofs.ask_in_portal(attempt=attempt, staff=cast.olivia, by=cast.olivia.actor)


# --- purposes and templates -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("purpose", list(Purpose))
def test_an_attestation_carries_the_actions_of_its_purpose_and_no_other(cast, ticket, purpose):
    carried = set()
    for action in sorted(PURPOSE_OF):
        attempt = AttemptFactory(
            ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.PASSED, purpose=purpose, level=Level.R2
        )
        row = AttestationFactory(attempt=attempt)
        try:
            verification.consume(row.public_id, patient_id=cast.pat.public_id, action=action, by=cast.olivia.actor)
        except errors.AttestationRefused:
            assert refresh(row).consumed_at is None
        else:
            carried.add(action)

    assert carried == {action for action in TERMS[purpose].actions if LEAST_LEVEL[action] <= Level.R2}


def test_of_two_live_checks_the_caller_names_which(cast, ticket):
    """Without a name it is the newest; one that is over is none, also while another lives."""
    first, second = (
        AttestationFactory(
            attempt=AttemptFactory(ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.PASSED, level=Level.R2),
            created_at=clock.now() - dt.timedelta(minutes=ago),
        )
        for ago in (5, 1)
    )
    find = partial(gate.find, patient_id=cast.pat.public_id, action="send_reset_link", staff=cast.olivia)

    assert [find().attestation_id, find(attestation_id=first.public_id).attestation_id] == [
        second.public_id, first.public_id,
    ]  # fmt: skip
    verification.consume(
        first.public_id, patient_id=cast.pat.public_id, action="send_reset_link", by=cast.olivia.actor
    )  # fmt: skip
    assert find(attestation_id=first.public_id) is None
    assert find().attestation_id == second.public_id


def test_every_kind_of_request_offers_checks_and_says_which(ticket):
    assert all(Purpose.IDENTITY in row.purposes for row in TEMPLATES.values())
    assert template("CONTACT_CHANGE").purposes[0] == Purpose.CONTACT
    assert template("PROXY_MINOR").purposes[0] == Purpose.PROXY
    assert Purpose.CONTACT not in template("LOGIN_PWD").purposes


def test_a_purpose_of_another_kind_is_not_begun(cast, begin):
    """A new contact is no part of a call about a password."""
    with pytest.raises(errors.PurposeNotOffered):
        begin(purpose=Purpose.CONTACT)
    assert not VerificationAttempt.objects.exists()


def test_new_contact_and_reset_on_one_day_is_a_red_flag_by_itself(cast, begin, ticket):
    first = begin()
    verification.abandon(attempt=first, staff=cast.olivia, by=cast.olivia.actor)
    row = TicketFactory(office=cast.north, patient=cast.pat, category="CONTACT_CHANGE")

    attempt = begin(row=row, purpose=Purpose.CONTACT)

    assert attempt.red_flags == [RedFlag.CONTACT_AND_RESET]
    assert attempt.level == Level.R4


@pytest.mark.parametrize(
    ("purpose", "methods", "enough"),
    [
        (Purpose.PIN, (Method.K, Method.E3), False),
        (Purpose.PIN, (Method.K, Method.E1), True),
        (Purpose.PIN, (Method.K, Method.E2), True),
        (Purpose.CREDENTIALS, (Method.K, Method.E8), False),
        (Purpose.CREDENTIALS, (Method.K, Method.E3), True),
        (Purpose.RESET, (Method.K, Method.E3), True),
    ],
)
def test_what_is_handed_over_takes_a_proof_of_who_stands_there(purpose, methods, enough):
    """TR-04, PC-54, PC-56"""
    found = judge(Level.R2, [Evidence(method) for method in methods], TERMS[purpose].proofs)
    assert found.suffices is enough


def test_a_contact_changed_since_their_last_sign_in_proves_nothing_and_raises(cast, begin):
    """However old it is: nobody has shown yet that it is theirs."""
    assert required_level(Level.R2, red_flags=(), destination_age_days=400, destination_unused=True) == Level.R3
    old = clock.now() - dt.timedelta(days=60)
    type(cast.pat).objects.filter(pk=cast.pat.pk).update(email_since=old, phone_since=old)
    from portal_core.access.models import PortalAccess

    PortalAccess.objects.filter(patient=cast.pat).update(
        first_access_at=old - dt.timedelta(days=1), last_access_at=old - dt.timedelta(days=1)
    )
    cast.pat.refresh_from_db()
    attempt = begin(row=TicketFactory(office=cast.north, patient=cast.pat))
    assert attempt.level == Level.R3

    verification.record_method(attempt=attempt, staff=cast.olivia, method=Method.E3, by=cast.olivia.actor)

    assert refresh(attempt).evidence == [Evidence(Method.E3, 60, unused=True)]
    assert refresh(attempt).evidence[0].too_new


# --- from a patient's page --------------------------------------------------------------------------------------------
def test_a_check_asked_for_by_another_page_lands_on_one_ticket(cast, ticket, staff_client):
    """Two presses, one ticket; an open request of that kind is taken."""
    olivia = staff_client(cast.olivia)
    address = f"/triage/office/patients/{cast.pat.public_id}/verify/"
    body = {"purpose": "contact", "channel": "in_person", "idempotency_key": "k1"}

    first, second = olivia.post(address, body), olivia.post(address, body)

    assert first.status_code == 302
    assert first["Location"] == second["Location"] != f"/triage/office/tickets/{ticket.public_id}/"
    assert olivia.post(address, body | {"purpose": "reset"})["Location"].endswith(f"{ticket.public_id}/")
    assert olivia.post(address, body | {"purpose": "x"}).status_code == 404
    assert staff_client(cast.ian).post(address, body).status_code == 403
    assert staff_client(cast.oscar).post(address, body).status_code == 404


def test_the_words_are_the_tickets_own(ticket):
    """HD-08: three plain words, the same every time, another three for another ticket."""
    words = call_words("ticket-1", key="k").split()
    assert len(words) == 3
    assert set(words) <= set(WORDS)
    assert call_words("ticket-1", key="k") == " ".join(words)
    assert call_words("ticket-2", key="k") != " ".join(words)
    assert len(set(WORDS)) == len(WORDS)


def test_a_code_to_a_young_phone_is_noted_and_does_not_count(cast, begin, sent):
    type(cast.pat).objects.filter(pk=cast.pat.pk).update(phone_since=clock.now() - dt.timedelta(days=3))
    cast.pat.refresh_from_db()
    attempt = begin(row=TicketFactory(office=cast.north, patient=cast.pat), channel=CallChannel.PHONE)
    enter(attempt, sent(attempt))
    verification.record_method(attempt=attempt, staff=cast.olivia, method=Method.K, by=cast.olivia.actor)

    with pytest.raises(errors.NotEnoughEvidence):
        verification.complete(attempt=attempt, staff=cast.olivia, by=cast.olivia.actor)


# --- what it leads to -------------------------------------------------------------------------------------------------
def test_a_patients_lost_second_step_is_taken_off_behind_two_proofs_and_two_people(cast, staff_client):
    """R3: the button does nothing before a second person agreed; then once."""
    row = TicketFactory(office=cast.north, patient=cast.pat, owner=cast.olivia, category="MFA_NEWPHONE")
    second_step.begin(user=cast.pat.user, by=cast.olivia.actor)
    attempt = AttemptFactory(
        ticket=row, attester=cast.olivia, outcome=AttemptOutcome.PASSED, purpose=Purpose.SECOND_STEP, level=Level.R3
    )
    proof = AttestationFactory(attempt=attempt)
    olivia = staff_client(cast.olivia)
    page = f"/triage/office/tickets/{row.public_id}/"
    press = f"{page}attestation/{proof.public_id}/second/"
    assert olivia.post(press).status_code == 409
    assert cast.pat.user.authenticators.count() == 1
    cast.oscar.role_assignments.update(office=cast.north)
    manager = refresh(cast.oscar)
    second_person.approve(attestation=proof, staff=manager, by=manager.actor)
    assert "Take off the second step" in olivia.get(page).content.decode()

    assert olivia.post(press).status_code == 302

    assert cast.pat.user.authenticators.count() == 0
    assert olivia.post(press).status_code == 409
    assert refresh(proof).consumed_by_action == "reset_second_step"


def test_what_came_back_is_counted_by_office_and_code(cast, staff_client):
    """TR-06: an office sees itself with its tickets, IT sees all offices and no ticket."""
    for office, state in ((cast.north, "returned"), (cast.north, "sent"), (cast.south, "sent")):
        FlagFactory(office=office, sent_by=cast.olivia, state=state, closed_at=clock.now())
    mine = staff_client(cast.olivia).get("/triage/returned/")
    assert [(row.name, row.sent, row.back, row.percent) for row in mine.context["offices"]] == [("North", 2, 1, 50)]
    assert [row["many"] for row in mine.context["lessons"]] == [1]
    assert len(mine.context["examples"]) == 1
    its = staff_client(cast.ian).get("/triage/returned/")
    assert [(row.name, row.percent) for row in its.context["offices"]] == [("North", 50), ("South", 0)]
    assert list(its.context["examples"]) == []
    assert staff_client(cast.carla).get("/triage/returned/").status_code == 403
