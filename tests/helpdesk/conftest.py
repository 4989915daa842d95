import pytest

from helpdesk.actions import inbound_mail, tickets
from helpdesk.actions import messages as secure_messages
from helpdesk.models import InboundMail
from portal_core.kernel import outbox
from portal_core.kernel.models import AuditEvent, OutboxMessage
from tests.access.factories import set_access
from tests.fakes.twilio_server import twilio_double
from tests.helpdesk.factories import TicketFactory, refresh
from tests.helpdesk.mails import DOMAIN

PUBLIC = "https://lantern.example"


@pytest.fixture
def ticket(cast):
    return TicketFactory(office=cast.north)


@pytest.fixture
def mail_domain(settings, cast):
    """E-mail comes in at the practice's own domain."""
    settings.INBOUND_MAIL_DOMAIN = DOMAIN


@pytest.fixture
def arrive():
    """Hand a mail over and let everything that follows happen; returns its row."""

    def hand_over(raw: bytes, *to: str, sender: str = "pat@patients.example") -> InboundMail:
        row = inbound_mail.receive(raw=raw, envelope_sender=sender, recipients=to or (f"larkfield@{DOMAIN}",))
        outbox.drain()
        return refresh(row)

    return hand_over


@pytest.fixture
def secure(cast):
    """A secure message that waits for Pat's answer, and its notice has left."""
    cast.pat.email = "pat@patients.example"
    cast.pat.save()
    set_access(cast.pat)
    ticket = secure_messages.begin(
        patient=cast.pat, subject="Your form", body="Bring it.", staff=cast.olivia, by=cast.olivia.actor
    )
    outbox.drain()
    return ticket


@pytest.fixture
def twilio(settings):
    """A server that speaks Twilio's API, and the account it knows."""
    with twilio_double() as double:
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = double.account, double.token
        settings.TWILIO_API_URL, settings.PUBLIC_URL = double.url, PUBLIC
        yield double


@pytest.fixture
def requester():
    return tickets.requester_of


@pytest.fixture
def deeds():
    """The actions on the ledger, oldest first."""
    return lambda: list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


@pytest.fixture
def events():
    """Names of the events published, one per event, oldest first."""

    def names() -> list[str]:
        rows = OutboxMessage.objects.order_by("id").values_list("event_id", "event_name")
        return [name.rpartition(".")[2] for name in dict(rows).values()]

    return names
