"""What became of each text to a patient stands on the patient's page, as Twilio reports it (PC-58)."""

import pytest
from django.utils import timezone
from twilio.request_validator import RequestValidator

from portal_core.access.rules.delivery import TEXT_WORDS, WORDS, fate_of
from portal_core.notify.enums import DeliveryState
from portal_core.notify.models import Delivery
from tests.cast import signed_in
from tests.helpdesk.factories import TicketFactory
from tests.notify.factories import DeliveryFactory, MessageFactory

CODE = "triage/identity_code"


def text_to(patient, **more) -> Delivery:
    message = MessageFactory(template=CODE)
    return DeliveryFactory(
        message=message, recipient_key=f"patient:{patient.public_id}", channel="sms", address=patient.phone, urgency=0,
        **more,
    )  # fmt: skip


def tab(cast, patient) -> str:
    return signed_in(cast.olivia).get(f"/desk/patients/{patient.public_id}/portal/").content.decode()


def twilio_says(client, settings, row, **form):
    settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = "secret-token", "https://lantern.example"
    path = f"/hooks/twilio/status/?delivery={row.public_id}"
    signature = RequestValidator("secret-token").compute_signature(f"https://lantern.example{path}", form)
    return client.post(path, form, headers={"X-Twilio-Signature": signature})


def test_from_waiting_to_the_phone(cast, client, settings):
    row = text_to(cast.pat)
    page = tab(cast, cast.pat)
    assert "Code to show who is asking" in page
    assert "Text message" in page
    assert "Waiting to be sent" in page

    Delivery.objects.update(state="sent", sent_at=timezone.now())
    assert "has not said yet that it arrived" in tab(cast, cast.pat)

    assert twilio_says(client, settings, row, MessageStatus="delivered", MessageSid="SM1").status_code == 204
    assert "Delivered to the phone." in tab(cast, cast.pat)
    assert (
        "Delivered to the phone."
        in signed_in(cast.olivia).get(f"/desk/patients/{cast.pat.public_id}/").content.decode()
    )
    assert "Delivered to the phone." not in tab(cast, cast.paula)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("30003", "off or without reception"),
        ("21610", "has stopped our texts"),
        ("30006", "is a landline"),
        ("30007", "held it back"),
        ("39999", "could not deliver it"),
    ],
)
def test_a_text_that_failed_says_what_to_do(cast, client, settings, code, says):
    row = text_to(cast.pat, state="sent", sent_at=timezone.now())

    twilio_says(client, settings, row, MessageStatus="undelivered", ErrorCode=code)

    page = tab(cast, cast.pat)
    assert says in page
    assert "Not delivered" in page


def test_every_state_has_words_for_mails_and_for_texts():
    assert set(WORDS) == set(TEXT_WORDS) == set(DeliveryState.values)
    assert "mailbox" in fate_of("delivered").sentence
    assert "phone" in fate_of("delivered", text=True).sentence
    assert fate_of("failed", code="twilio_30003") == fate_of("failed")  # a mail's code is no phone's


def test_answers_to_the_patient_s_own_requests_are_tracked_too(cast):
    """By text and by mail; a provider's question about the patient is no letter to the patient."""
    mine = TicketFactory(office=cast.north, patient=cast.pat, requester_kind="patient")
    theirs = TicketFactory(office=cast.north, patient=cast.pat, requester_kind="provider")
    for ticket, template in ((mine, "helpdesk/reply"), (theirs, "helpdesk/solved")):
        DeliveryFactory(
            message=MessageFactory(template=template), recipient_key=f"ticket:{ticket.public_id}", channel="sms",
            address="+12175550100", urgency=0, state="delivered", sent_at=timezone.now(), delivered_at=timezone.now(),
        )  # fmt: skip

    page = tab(cast, cast.pat)

    assert "An answer to the request" in page
    assert "Delivered to the phone." in page
    assert "The request is solved" not in page
    assert "An answer to the request" not in tab(cast, cast.paula)
