import pytest

from helpdesk.actions import tickets
from portal_core.kernel.models import AuditEvent, OutboxMessage
from tests.helpdesk.factories import TicketFactory


@pytest.fixture
def ticket(cast):
    return TicketFactory(office=cast.north)


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
