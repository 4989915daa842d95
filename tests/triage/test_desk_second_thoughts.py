"""Ten seconds to think again, and putting a ticket aside, as the desk offers them."""

import datetime as dt

import pytest
from django.urls import reverse

from helpdesk.enums import TicketState
from helpdesk.models import TicketUndo
from portal_core.kernel import clock
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import refresh
from triage.models import Draft


def url(name, *args):
    return reverse(f"triage:{name}", args=args)


@pytest.fixture
def row(cast):
    return TicketFactory(office=cast.north)


@pytest.fixture
def patient_row(cast):
    return TicketFactory(office=cast.north, patient=cast.pat)


def offered(client):
    return client.get(url("office")).context["undoable"]


def test_a_reply_taken_back_is_a_draft_again(cast, olivia, staff_client, row):
    olivia.post(url("reply", row.public_id), {"body": "Too quick"})
    offer = offered(olivia)
    assert (offer.kind, offer.reference) == ("reply", row.reference)

    back = olivia.post(url("undo"), {"undo": offer.id})
    assert back["Location"] == url("office-ticket", row.public_id)
    assert not row.messages.exists()
    assert Draft.objects.get().body == "Too quick"
    assert olivia.get(url("office-ticket", row.public_id)).context["reply_form"].initial == {"body": "Too quick"}
    assert offered(olivia) is None


def test_what_was_begun_since_stays_and_the_files_are_named(cast, olivia, patient_row):
    """The words come back before those begun in the ten seconds; files have to be attached again, and are named."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    files = [SimpleUploadedFile("plan.pdf", b"%PDF-1.4\n%%EOF\n", "application/pdf")]
    olivia.post(url("reply", patient_row.public_id), {"body": "Too quick", "files": files})
    olivia.post(url("draft", patient_row.public_id), {"kind": "reply", "body": "One more thing"})

    back = olivia.post(url("undo"), {"undo": offered(olivia).id}, follow=True)

    assert Draft.objects.get().body == "Too quick\n\nOne more thing"
    assert "Attach the files again: plan.pdf." in back.content.decode()


def test_a_solved_ticket_is_open_again(olivia, row):
    olivia.post(url("solve", row.public_id), {"resolution": "office"})
    assert refresh(row).state == TicketState.SOLVED
    olivia.post(url("undo"), {"undo": offered(olivia).id})
    assert refresh(row).state == TicketState.NEW


def test_after_ten_seconds_nothing_is_offered_and_nothing_taken_back(olivia, row):
    olivia.post(url("solve", row.public_id), {"resolution": "office"})
    offer = offered(olivia)
    TicketUndo.objects.update(at=clock.now() - dt.timedelta(seconds=11), until=clock.now() - dt.timedelta(seconds=1))
    assert offered(olivia) is None
    assert olivia.post(url("undo"), {"undo": offer.id}).status_code == 409
    assert refresh(row).state == TicketState.SOLVED


def test_a_colleague_cannot_take_it_back(cast, olivia, staff_client, row):
    olivia.post(url("reply", row.public_id), {"body": "Mine"})
    assert staff_client(cast.oscar).post(url("undo"), {"undo": offered(olivia).id}).status_code == 404
    assert row.messages.get().body == "Mine"


def test_put_aside_with_a_reason_and_brought_back(cast, olivia, row):
    """§5.3: every pause has a reason and a wake-up; then the next one."""
    following = TicketFactory(office=cast.north)
    page = url("office-ticket", row.public_id)
    assert olivia.post(url("snooze", row.public_id), {"hours": "2"}).status_code == 422
    aside = olivia.post(url("snooze", row.public_id), {"hours": "2", "reason": "call_back"})
    assert aside["Location"] == url("office-ticket", following.public_id)
    assert [one["ticket"] for one in olivia.get(url("office")).context["rows"]] == [following]
    assert [one["ticket"] for one in olivia.get(url("office") + "?who=resting").context["rows"]] == [row]
    assert "Put aside until" in olivia.get(page).content.decode()

    olivia.post(url("wake", row.public_id))
    assert refresh(row).snoozed_until is None
    assert {one["ticket"] for one in olivia.get(url("office")).context["rows"]} == {row, following}


def test_what_is_not_our_move_is_not_put_aside(cast, olivia):
    waiting = TicketFactory(office=cast.north, state=TicketState.WAIT_PATIENT)
    assert "Put it aside" not in olivia.get(url("office-ticket", waiting.public_id)).content.decode()
    late = olivia.post(url("snooze", waiting.public_id), {"hours": "2", "reason": "visit"})
    assert late.status_code == 409
