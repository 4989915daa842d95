"""The office writes to a patient, from their page or from a ticket that is over."""

import datetime as dt
import re

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from helpdesk.actions import messages
from helpdesk.enums import Channel, TicketState
from helpdesk.models import Ticket, TicketLink
from portal_core.access.enums import AccessLevel
from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import set_access
from tests.helpdesk.factories import TicketFactory

WORDS = "Your form is ready."
FORM = {
    "subject": "Your form", "body": WORDS, "expects_answer": "on", "notify": "on", "belongs": "on",
    "idempotency_key": "k1",
}  # fmt: skip


def later():
    """Ten seconds and a bit from now: what may be taken back has left."""
    return time_machine.travel(clock.now() + dt.timedelta(seconds=11), tick=False)


def url(patient):
    return f"/triage/office/patients/{patient.public_id}/message/"


def test_from_the_patients_page_to_the_ticket_once(cast, staff_client):
    """PC-10: the field is called "Message to Patient:"."""
    client = staff_client(cast.olivia)
    dash = client.get(f"/desk/patients/{cast.pat.public_id}/").content.decode()
    assert url(cast.pat) in dash
    assert "Message to Patient:" in client.get(url(cast.pat)).content.decode()

    answers = [client.post(url(cast.pat), FORM) for _press in range(2)]

    ticket = Ticket.objects.get()
    assert [answer["Location"] for answer in answers] == [f"/triage/office/tickets/{ticket.public_id}/"] * 2
    assert (ticket.channel, ticket.state) == (Channel.MESSAGE, TicketState.WAIT_PATIENT)
    assert ticket.messages.get().body == WORDS
    with later():
        dash = client.get(f"/desk/patients/{cast.pat.public_id}/").content.decode()
    assert "Not read yet</span>" in dash


def test_within_ten_seconds_it_can_be_taken_back(cast, staff_client, drain):
    """Nobody heard of it; the words are a draft on the ticket."""
    client = staff_client(cast.olivia)
    client.post(url(cast.pat), FORM)
    ticket = Ticket.objects.get()
    page = f"/triage/office/tickets/{ticket.public_id}/"
    undo = re.search(r'name="undo" value="([^"]+)"', client.get(page).content.decode())

    assert client.post("/triage/office/undo/", {"undo": undo[1]}).status_code == 302
    with later():
        drain()
        assert WORDS in client.get(page).content.decode()

    ticket.refresh_from_db()
    assert (ticket.state, ticket.messages.count(), Delivery.objects.count()) == (TicketState.OPEN, 0, 0)


def test_files_go_with_it_and_a_refused_one_keeps_the_words(cast, staff_client):
    """PC-59"""
    client = staff_client(cast.olivia)
    program = SimpleUploadedFile("setup.exe", b"MZ....", "application/pdf")
    refused = client.post(url(cast.pat), {**FORM, "files": program})
    assert (refused.status_code, Ticket.objects.count()) == (422, 0)
    assert WORDS in refused.content.decode()

    client.post(url(cast.pat), {**FORM, "files": SimpleUploadedFile("form.pdf", b"%PDF-1.7")})

    file = Ticket.objects.get().attachments.get()
    assert (file.name, file.sender, file.patient) == ("form.pdf", "office", cast.pat)


def test_what_was_typed_stays_when_something_is_missing(cast, staff_client):
    answer = staff_client(cast.olivia).post(url(cast.pat), {**FORM, "subject": ""})

    assert answer.status_code == 422
    assert WORDS in answer.content.decode()
    assert not Ticket.objects.exists()


def test_for_somebody_who_cannot_read_it_the_page_says_what_to_do_instead(cast, staff_client):
    client = staff_client(cast.olivia)
    page = client.get(url(cast.paula)).content.decode()

    assert "They cannot read messages in the portal" in page
    assert "Portal access is not enabled" in page
    assert "(217) 555-0100" in page
    assert "Message to Patient:" not in page
    assert client.post(url(cast.paula), FORM).status_code == 409
    assert not Ticket.objects.exists()


def test_somebody_who_never_signed_in_is_told_apart(cast, staff_client):
    set_access(cast.paula, level=AccessLevel.CAN_ACCESS)

    page = staff_client(cast.olivia).get(url(cast.paula)).content.decode()

    assert "They have never signed in" in page
    assert "Message to Patient:" in page


@pytest.mark.parametrize(
    ("who", "status"), [("ian", 403), ("dan", 403), ("oscar", 404), ("charlie", 404), ("ana", 403)]
)
def test_nobody_else_writes(cast, staff_client, who, status):
    client = staff_client(getattr(cast, who))

    assert client.get(url(cast.pat)).status_code == status
    assert client.post(url(cast.pat), FORM).status_code == status
    assert not Ticket.objects.exists()


def test_both_defaults_can_be_overridden(cast, staff_client, drain):
    """PC-06, PC-07, PC-08: told by e-mail, and tied to the ticket, unless somebody unticks it."""
    client = staff_client(cast.olivia)
    old = TicketFactory(office=cast.north, patient=cast.pat, state=TicketState.CLOSED)
    page = client.get(f"{url(cast.pat)}?about={old.public_id}").content.decode()
    for name in ("notify", "belongs"):
        assert re.search(rf'<input[^>]*name="{name}"[^>]*checked', page)
    bare = {name: value for name, value in FORM.items() if name not in ("notify", "belongs")}

    client.post(url(cast.pat), {**bare, "about": old.public_id})
    with later():
        drain()
    assert (Delivery.objects.count(), TicketLink.objects.count()) == (0, 0)

    client.post(url(cast.pat), {**FORM, "about": old.public_id, "idempotency_key": "k2"})
    with later():
        drain()
    assert (Delivery.objects.count(), TicketLink.objects.count()) == (1, 1)


def test_past_correspondence_stands_below_the_form(cast, staff_client):
    """PC-11"""
    past = messages.begin(patient=cast.pat, subject="Last year", body="x", staff=cast.olivia, by=cast.olivia.actor)

    page = staff_client(cast.olivia).get(url(cast.pat)).content.decode()

    assert "Show past correspondence with this patient" in page
    assert f'href="/triage/office/tickets/{past.public_id}/"' in page


def test_from_a_ticket_that_is_over(cast, staff_client):
    """PC-07: it is tied to it."""
    client = staff_client(cast.olivia)
    old = TicketFactory(office=cast.north, patient=cast.pat, state=TicketState.CLOSED)
    link = f"{url(cast.pat)}?about={old.public_id}"
    assert link in client.get(f"/triage/office/tickets/{old.public_id}/").content.decode()
    assert old.reference in client.get(link).content.decode()

    client.post(url(cast.pat), {**FORM, "about": old.public_id})

    fresh = Ticket.objects.exclude(pk=old.pk).get()
    assert TicketLink.objects.get().ticket == fresh
    paulas = TicketFactory(office=cast.north, patient=cast.paula)
    assert client.get(f"{url(cast.pat)}?about={paulas.public_id}").status_code == 404


def test_the_desk_sees_when_it_was_read(cast, staff_client, patient_client):
    """PC-58; in the practice's own time."""
    with time_machine.travel("2026-03-02 20:02Z", tick=False):
        ticket = messages.begin(
            patient=cast.pat, subject="Your form", body=WORDS, staff=cast.olivia, by=cast.olivia.actor
        )
        page = f"/triage/office/tickets/{ticket.public_id}/"
        assert "Not read by the patient yet" in staff_client(cast.olivia).get(page).content.decode()
        messages.mark_read(ticket=ticket, by=cast.pat.actor)
    with time_machine.travel(dt.datetime(2026, 3, 2, 20, 5, tzinfo=dt.UTC), tick=False):
        shown = staff_client(cast.olivia).get(page).content.decode()

    assert "Read by the patient" in shown
    assert "Mar 2, 14:02" in shown
    assert AuditEvent.objects.filter(action="message:read").count() == 1
