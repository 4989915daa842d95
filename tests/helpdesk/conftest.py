import pytest

from helpdesk.actions import tickets
from portal_core.kernel.models import AuditEvent, OutboxMessage
from tests.fakes.twilio_server import twilio_double
from tests.helpdesk.factories import TicketFactory
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
