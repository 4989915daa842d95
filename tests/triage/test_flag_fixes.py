"""A flag that is refused says what to do, does it by one press, and keeps what was typed (TR-06)."""

import pytest
from django.urls import reverse

from helpdesk.enums import Category
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import FlagFactory
from triage.enums import EscalationState, OfficeStep, RefusalCode
from triage.models import Escalation, PlaybookStep

TYPED = {
    "category": "MSG_NOT_RECEIVED", "reason": "message_not_received", "error_text": "none", "page": "the mail",
    "happened_at": "2026-03-02T10:00", "device": "Chrome", "impact": "one", "note": "",
}  # fmt: skip


@pytest.fixture
def row(cast):
    return TicketFactory(office=cast.north, patient=cast.pat, owner=cast.olivia, category=Category.MSG_NOT_RECEIVED)


def relay(row):
    return reverse("triage:relay", args=[row.public_id])


def test_a_missing_step_is_ticked_from_the_refusal_and_what_was_typed_stays(row, olivia):
    page = olivia.post(relay(row), TYPED).content.decode()
    assert 'value="step:check_setup"' in page

    page = olivia.post(relay(row), TYPED | {"fix": "step:check_setup", "note": "Try later"}).content.decode()

    assert list(PlaybookStep.objects.values_list("step", flat=True)) == [OfficeStep.CHECK_SETUP]
    assert 'value="step:check_setup"' not in page
    assert "Try later" in page
    assert not Escalation.objects.exists()


@pytest.mark.parametrize("fix", ["step:verify_identity", "step:relay", "step:x", "x", "incident"])
def test_no_other_word_fixes_anything(row, olivia, fix):
    """Identity is verified by verifying, not by a button (TR-01)."""
    assert olivia.post(relay(row), TYPED | {"fix": fix}).status_code == 404
    assert not PlaybookStep.objects.exists()


def test_nobody_else_fixes(row, cast, staff_client):
    for who, status in ((cast.oscar, 404), (cast.ian, 403)):
        assert staff_client(who).post(relay(row), TYPED | {"fix": "step:check_setup"}).status_code == status
    assert not PlaybookStep.objects.exists()


def test_a_flag_that_came_back_is_filled_in_again_and_says_where_to_go(cast, row, olivia):
    FlagFactory(
        ticket=row, office=cast.north, sent_by=cast.olivia, state=EscalationState.RETURNED,
        refusal=RefusalCode.NO_ATTESTATION, error_text="Very strange words", page="step nine",
    )  # fmt: skip

    page = olivia.get(reverse("triage:office-ticket", args=[row.public_id])).content.decode()

    assert "Very strange words" in page
    assert "step nine" in page
    assert "Verify now" in page
    assert "Flag again, filled in" in page


@pytest.mark.parametrize("text", ["Pat Patient says no", "she has diabetes", "MRN 00123456"])
def test_what_names_the_patient_stops_once_on_every_way_to_it(cast, row, olivia, text):
    """TR-01, HD-09: in the flag and in the answer to IT's question; ticked, it goes."""
    flag = FlagFactory(
        ticket=row, office=cast.north, sent_by=cast.olivia, state=EscalationState.NEED_OFFICE, question="Which page?"
    )
    address = reverse("triage:to-it", args=[row.public_id, flag.public_id])

    assert olivia.post(address, {"text": text}).status_code == 422
    flag.refresh_from_db()
    assert flag.state == EscalationState.NEED_OFFICE
    assert olivia.post(address, {"text": text, "phi_needed": "on"}).status_code == 302
    flag.refresh_from_db()
    assert flag.state == EscalationState.INVESTIGATING
