"""The letter with a code to the address on file (E8): one use, three tries, three weeks, the office's alone (TR-01)."""

import datetime as dt
import re

import pytest
import time_machine
from django.urls import reverse

from portal_core.directory.actions import patients
from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from tests.cast import signed_in
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import refresh
from triage.actions import holds, letters, verification
from triage.enums import AttemptOutcome, CallChannel, Method, Purpose, ReleaseEvidence
from triage.errors import (
    CodeTooOld,
    NotEnoughEvidence,
    NotYourPatient,
    PatientNotMatched,
    TooManyLetters,
    VerificationClosed,
    WrongCode,
)
from triage.models import VerificationLetter
from triage.rules.verification import Evidence

DAY = dt.timedelta(days=1)


def url(name, *args):
    return reverse(f"triage:{name}", args=args)


@pytest.fixture
def olivia(cast):
    return cast.olivia


@pytest.fixture
def post(olivia, ticket):
    """`post()` makes a letter for Pat: the row and its code."""
    return lambda: letters.send(ticket=ticket, staff=olivia, by=olivia.actor)


def enter(attempt, staff, typed):
    return letters.enter(attempt=attempt, staff=staff, typed=typed, by=staff.actor)


def wrong(code):
    return f"{(int(code) + 1) % 10**8:08d}"


def test_the_code_is_read_back_weeks_later_on_another_ticket(cast, olivia, begin, post, deeds):
    letter, code = post()
    assert re.fullmatch(r"\d{8}", code)
    with time_machine.travel(clock.now() + 20 * DAY, tick=False):
        row = TicketFactory(office=cast.north, patient=cast.pat)
        attempt = begin(row=row)
        verification.record_method(attempt=attempt, staff=olivia, method=Method.K, by=olivia.actor)
        assert enter(attempt, olivia, f"{code[:4]} {code[4:]}") == Method.E8
        assert refresh(attempt).evidence[1] == Evidence(Method.E8)
        assert verification.complete(attempt=attempt, staff=olivia, by=olivia.actor).level == "r2"
        used = refresh(letter)
    assert used.used_at is not None
    assert "verification:send_letter" in deeds()
    assert "verification:code_right" in deeds()
    kept = [str(value) for value in vars(used).values()] + [str(line.facts) for line in AuditEvent.objects.all()]
    assert not any(code in one or "Main Street" in one for one in kept)


def test_a_code_works_once(cast, olivia, begin, post):
    _letter, code = post()
    attempt = begin()
    enter(attempt, olivia, code)
    verification.abandon(attempt=attempt, staff=olivia, by=olivia.actor)
    other = begin()
    with pytest.raises(CodeTooOld):
        enter(other, olivia, code)
    assert refresh(other).methods == []


def test_at_the_last_second_it_is_too_late(olivia, begin, post):
    letter, code = post()
    with time_machine.travel(letter.expires_at, tick=False), pytest.raises(CodeTooOld):
        enter(begin(), olivia, code)
    assert refresh(letter).used_at is None


def test_a_newer_letter_makes_the_older_void(olivia, begin, post):
    _old, first = post()
    _new, second = post()
    attempt = begin()
    with pytest.raises(WrongCode) as refusal:
        enter(attempt, olivia, first)
    assert refusal.value.facts["left"] == 2
    assert enter(attempt, olivia, second) == Method.E8


def test_the_third_wrong_one_over_all_checks_ends_letter_and_check(olivia, begin, post):
    letter, code = post()
    first = begin()
    for left in (2, 1):
        with pytest.raises(WrongCode) as refusal:
            enter(first, olivia, wrong(code))
        assert refusal.value.facts["left"] == left
    verification.abandon(attempt=first, staff=olivia, by=olivia.actor)
    second = begin()
    with pytest.raises(VerificationClosed):
        enter(second, olivia, wrong(code))

    assert refresh(second).outcome == AttemptOutcome.FAILED
    assert refresh(letter).void_at is not None
    with pytest.raises(CodeTooOld):
        enter(begin(), olivia, code)


def test_it_dies_with_the_address_it_went_to(cast, olivia, begin, post):
    _letter, code = post()
    patients.update_contact(patient=cast.pat, values={"street": "2 New Road"}, by=olivia.actor)
    with pytest.raises(CodeTooOld):
        enter(begin(), olivia, code)


def test_to_an_address_that_moved_lately_it_proves_nothing(cast, olivia, begin, ticket):
    patients.update_contact(patient=cast.pat, values={"street": "2 New Road"}, by=olivia.actor)
    ticket.patient.refresh_from_db()
    _letter, code = letters.send(ticket=ticket, staff=olivia, by=olivia.actor)
    attempt = begin()
    enter(attempt, olivia, code)
    assert refresh(attempt).evidence == [Evidence(Method.E8, 0, unused=True)]
    assert refresh(attempt).evidence[0].too_new


def test_it_is_never_ticked_by_hand(olivia, begin, post):
    post()
    with pytest.raises(NotEnoughEvidence):
        verification.record_method(attempt=begin(), staff=olivia, method=Method.E8, by=olivia.actor)


def test_who_may_send_one_and_to_whom(cast, olivia, ticket):
    """TR-01: IT and other offices cannot; a patient has to be matched and to have an address."""
    for stranger in (cast.ian, cast.ines, cast.oscar, cast.charlie, cast.carla):
        with pytest.raises(NotYourPatient):
            letters.send(ticket=ticket, staff=stranger, by=stranger.actor)
    with pytest.raises(PatientNotMatched):
        letters.send(ticket=TicketFactory(office=cast.north), staff=olivia, by=olivia.actor)
    type(cast.paula).objects.filter(pk=cast.paula.pk).update(street="")
    row = TicketFactory(office=cast.north, patient=refresh(cast.paula))
    with pytest.raises(NotEnoughEvidence):
        letters.send(ticket=row, staff=olivia, by=olivia.actor)
    assert not VerificationLetter.objects.exists()


def test_three_a_week(post):
    for _ in range(3):
        post()
    with pytest.raises(TooManyLetters):
        post()
    with time_machine.travel(clock.now() + 8 * DAY, tick=False):
        post()
    assert VerificationLetter.objects.filter(void_at=None).count() == 1


# --- holds ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def hold(cast, olivia):
    cast.oscar.role_assignments.update(office=cast.north)
    return holds.open_hold(cast.pat, rule="three_failures_in_a_day", at=clock.now(), by=olivia.actor)


def test_a_hold_ends_by_the_code_of_a_letter_and_not_by_saying_so(cast, hold, post):
    letter, code = post()  # also while checks are on hold
    manager = refresh(cast.oscar)
    with pytest.raises(NotEnoughEvidence):
        holds.release(hold=hold, evidence=ReleaseEvidence.LETTER, staff=manager, by=manager.actor)
    with pytest.raises(WrongCode):
        letters.release_hold(hold=hold, typed=wrong(code), staff=manager, by=manager.actor)
    with pytest.raises(NotYourPatient):
        letters.release_hold(hold=hold, typed=code, staff=cast.olivia, by=cast.olivia.actor)
    assert refresh(hold).released_at is None

    for _ in range(2):  # a double click
        letters.release_hold(hold=hold, typed=code, staff=manager, by=manager.actor)

    assert (refresh(hold).release_evidence, refresh(hold).released_by) == ("letter", manager)
    assert (refresh(letter).used_at is None, refresh(letter).tries) == (False, 1)


def test_three_wrong_codes_leave_the_hold(cast, hold, post):
    _letter, code = post()
    manager = refresh(cast.oscar)
    for refusal in (WrongCode, WrongCode, CodeTooOld, CodeTooOld):
        with pytest.raises(refusal):
            letters.release_hold(hold=hold, typed=wrong(code), staff=manager, by=manager.actor)
    with pytest.raises(CodeTooOld):
        letters.release_hold(hold=hold, typed=code, staff=manager, by=manager.actor)
    assert refresh(hold).released_at is None


def test_the_page_of_holds_asks_for_the_code(cast, hold, post):
    _letter, code = post()
    manager = signed_in(refresh(cast.oscar))
    address = url("hold-release", hold.public_id)
    assert manager.post(address, {"evidence": "letter", "code": wrong(code)}).status_code == 409
    assert manager.post(address, {"evidence": "letter", "code": code}).status_code == 302
    assert refresh(hold).release_evidence == "letter"


# --- pages ------------------------------------------------------------------------------------------------------------
def test_the_letter_is_shown_once_to_be_printed(cast, ticket, staff_client):
    desk = staff_client(cast.olivia)
    assert "Make the letter" in desk.get(url("office-ticket", ticket.public_id)).content.decode()

    page = desk.post(url("verify-letter", ticket.public_id))

    text = page.content.decode()
    code = re.search(r"data-code>(\d{4}) (\d{4})<", text)
    assert code is not None
    assert "no-store" in page["Cache-Control"]
    for word in ("1 Main Street", "Larkfield, IL 62701", "Dear Pat", cast.north.phone_shown):
        assert word in text, word
    after = desk.get(url("office-ticket", ticket.public_id)).content.decode()
    assert "A letter went out on" in after
    assert code[1] + code[2] not in after
    assert desk.get(url("verify-letter", ticket.public_id)).status_code == 405

    begun = verification.begin(
        ticket=ticket, staff=cast.olivia, channel=CallChannel.PHONE, purpose=Purpose.RESET, by=cast.olivia.actor
    )
    assert "Type its code below." in desk.get(url("office-ticket", ticket.public_id)).content.decode()
    typed = {"code": f"{code[1]} {code[2]}"}
    assert desk.post(url("verify-code-enter", ticket.public_id, begun.public_id), typed).status_code == 302
    assert refresh(begun).methods[0]["method"] == "e8"


def test_strangers_get_no_letter(cast, ticket, staff_client, patient_client):
    address = url("verify-letter", ticket.public_id)
    assert staff_client(cast.ian).post(address).status_code == 403
    assert staff_client(cast.oscar).post(address).status_code == 404
    assert patient_client(cast.pat).post(address).status_code == 302
    assert not VerificationLetter.objects.exists()


def test_a_refusal_is_told_on_the_ticket(cast, ticket, staff_client):
    type(cast.pat).objects.filter(pk=cast.pat.pk).update(street="")
    page = staff_client(cast.olivia).post(url("verify-letter", ticket.public_id))
    assert page.status_code == 422
    assert "There is no complete postal address on file." in page.content.decode()
