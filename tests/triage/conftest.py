import datetime as dt

import pytest

from helpdesk.enums import Category, TicketState
from portal_core.access.enums import AccessLevel
from portal_core.access.models import PortalAccess
from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent, OutboxMessage
from statuspage.actions import pages
from statuspage.queries import components
from tests.helpdesk.factories import TicketFactory
from triage.actions import verification
from triage.contracts import FlagDraft
from triage.enums import CallChannel, Impact, Method, Purpose, RelayReason


@pytest.fixture
def ticket(cast):
    """Pat's own ticket at North, taken by Olivia; Pat is an active patient."""
    now = clock.now()
    active = {"level": AccessLevel.CAN_ACCESS, "enabled_at": now, "enabled_by": "Test"}
    active |= {"first_access_at": now, "last_access_at": now}
    PortalAccess.objects.update_or_create(patient=cast.pat, defaults=active)
    return TicketFactory(office=cast.north, patient=cast.pat, owner=cast.olivia, state=TicketState.OPEN)


@pytest.fixture
def olivia(cast, staff_client):
    """Her browser, signed in."""
    return staff_client(cast.olivia)


@pytest.fixture
def ian(cast, staff_client):
    """His browser, signed in."""
    return staff_client(cast.ian)


@pytest.fixture
def begin(cast, ticket):
    """`begin()` starts a check for a reset link by Olivia on Pat's ticket."""

    def start(staff=None, row=None, channel=CallChannel.PHONE, purpose=Purpose.RESET):
        staff = staff or cast.olivia
        return verification.begin(ticket=row or ticket, staff=staff, channel=channel, purpose=purpose, by=staff.actor)

    return start


@pytest.fixture
def attest(cast, begin):
    """`attest()` works a check to its end: details and a call-back."""

    def work(methods=(Method.K, Method.E3), **how):
        staff = how.get("staff") or cast.olivia
        attempt = begin(**how)
        for method in methods:
            verification.record_method(attempt=attempt, staff=staff, method=method, by=staff.actor)
        return verification.complete(attempt=attempt, staff=staff, by=staff.actor)

    return work


@pytest.fixture
def draft():
    """`draft()` is a flag with every field filled in, for a kind that needs nothing first."""

    def fill(**changes):
        values = {
            "category": Category.ERROR_MSG, "reason": RelayReason.ERROR_MESSAGE, "error_text": "Error 500",
            "page": "sign-in", "happened_at": clock.now() - dt.timedelta(minutes=5), "device": "Chrome",
            "ok_to_contact": True, "contact_number": "+12175550100", "contact_window": "", "impact": Impact.ONE,
            "note": "",
        }  # fmt: skip
        return FlagDraft(**{**values, **changes})

    return fill


@pytest.fixture
def mail_component(db):
    """The status page, and the id of its part "Secure message e-mail"."""
    from portal_core.kernel.contracts import SYSTEM

    pages.set_up(name="Lantern", time_zone="UTC", by=SYSTEM)
    return next(row.id for row in components() if row.slug == "secure-message-e-mail")


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
