"""Pictures that come with a text: fetched from the provider into quarantine, each once (HD-10)."""

import pytest
from twilio.request_validator import RequestValidator

from helpdesk.actions import text_media
from helpdesk.models import Attachment, InboundText, TextMedia, Ticket
from helpdesk.tasks import fetch_recordings
from portal_core.kernel import outbox
from portal_core.kernel.models import AuditEvent
from portal_core.notify.transports import telephony
from tests.fakes.twilio_server import twilio_double
from tests.helpdesk.mails import PDF, PNG

pytestmark = pytest.mark.django_db
URL = "/hooks/twilio/sms/"
MESSAGE, FIRST, SECOND = "MM" + "1" * 32, "ME" + "a" * 32, "ME" + "b" * 32


@pytest.fixture
def twilio(settings, cast):
    with twilio_double() as double:
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = double.account, double.token
        settings.TWILIO_API_URL, settings.PUBLIC_URL = double.url, "https://portal.example"
        yield double


@pytest.fixture
def text(client, twilio):
    def post(*media, sid=MESSAGE, account=""):
        base = f"https://api.twilio.com/2010-04-01/Accounts/{account or twilio.account}/Messages/{MESSAGE}/Media"
        values = {"MessageSid": sid, "From": "+12175550177", "To": "+12175550900", "Body": "See this"}
        values["NumMedia"] = str(len(media))
        for number, one in enumerate(media):
            values |= {f"MediaUrl{number}": f"{base}/{one}", f"MediaContentType{number}": "image/png"}
        token = RequestValidator(twilio.token)
        signature = token.compute_signature(f"https://portal.example{URL}", values)
        answer = client.post(URL, values, headers={"X-Twilio-Signature": signature})
        outbox.drain()
        return answer

    return post


def test_files_of_a_text_come_to_its_ticket_once(text, twilio, cast, staff_client):
    twilio.media |= {FIRST: PNG, SECOND: PDF}
    text(FIRST, SECOND)
    text(FIRST, SECOND)  # the provider repeats what it is not sure of

    page = f"/triage/office/tickets/{Ticket.objects.get().public_id}/"
    assert "2 files of texts are being fetched." in staff_client(cast.olivia).get(page).content.decode()
    assert fetch_recordings() == 2
    assert fetch_recordings() == 0

    ticket = Ticket.objects.get()
    files = Attachment.objects.order_by("pk")
    assert [(one.ticket, one.message, one.name, one.kind, one.state) for one in files] == [
        (ticket, ticket.messages.get(), "picture-1.png", "image/png", "unchecked"),
        (ticket, ticket.messages.get(), "picture-2.pdf", "application/pdf", "unchecked"),
    ]
    assert twilio.deleted == [FIRST, SECOND]
    assert AuditEvent.objects.filter(action="text:keep_file").count() == 2
    shown = staff_client(cast.olivia).get(page).content.decode()
    assert "picture-1.png" in shown
    assert "being fetched" not in shown


def test_only_files_of_our_own_account_are_asked_for(text, twilio):
    text(FIRST, account="AC" + "9" * 32)

    assert not TextMedia.objects.exists()
    assert InboundText.objects.get().pictures == 1
    ours = f"/2010-04-01/Accounts/{twilio.account}/Messages/{MESSAGE}/Media/{FIRST}"
    for address in (f"https://evil.example{ours}/..", f"https://evil.example/x?{ours}", "", "::", ours + ".json"):
        assert telephony.media_of(address) is None


def test_what_is_late_is_asked_for_again_and_what_is_gone_is_given_up(text, twilio, monkeypatch, cast, staff_client):
    twilio.outage = 503
    text(FIRST)
    assert fetch_recordings() == 0
    media = TextMedia.objects.get()
    assert (media.state, media.tries) == ("wanted", 1)

    twilio.outage = 0
    TextMedia.objects.update(due_at=media.text.received_at)
    assert fetch_recordings() == 0  # 404: nobody has it

    media = TextMedia.objects.get()
    assert (media.state, media.due_at, Attachment.objects.count()) == ("lost", None, 0)
    page = staff_client(cast.olivia).get(f"/triage/office/tickets/{Ticket.objects.get().public_id}/").content.decode()
    assert "could not be fetched. Ask for it by e-mail." in page


def test_what_is_too_large_or_elsewhere_is_given_up_at_once(text, twilio, monkeypatch):
    monkeypatch.setattr(telephony, "MAX_MEDIA", 10)
    twilio.media |= {FIRST: PNG}
    twilio.elsewhere[SECOND] = "https://evil.example/file"
    text(FIRST, SECOND)

    assert fetch_recordings() == 0

    assert list(TextMedia.objects.values_list("state", flat=True)) == ["lost", "lost"]
    assert twilio.deleted == []
    assert text_media.fetch_due() == 0
