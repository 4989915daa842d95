import pytest

from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.kernel.enums import ActorKind
from statuspage.actions import pages
from statuspage.models import Page

OMAR = Actor(kind=ActorKind.STAFF, id="omar", label="Omar Staff")
INES = Actor(kind=ActorKind.STAFF, id="ines", label="Ines Staff")


@pytest.fixture
def page(db: None) -> Page:
    """The page as an installation has it: six parts in two groups, all operational."""
    pages.set_up(name="Larkfield", time_zone="America/New_York", url="http://testserver/status/", by=SYSTEM)
    return Page.objects.get()


@pytest.fixture
def omar(cast, staff_client):
    return staff_client(cast.omar)


@pytest.fixture
def ines(cast, staff_client):
    return staff_client(cast.ines)
