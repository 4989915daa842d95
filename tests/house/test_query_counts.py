"""Every page of the URL map that needs no id costs as many queries with six of everything as with three."""

from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal_core.accounts.sessions import realm_of
from portal_core.kernel import clock
from portal_core.kernel.enums import Realm
from tests.house.urls import addresses
from tests.house.world import more

PAGES = [address for address in addresses() if "<" not in address.pattern]
STAFF = ("olivia", "ana", "ines", "carla", "omar")  # of one office, of all, of IT, …
ENOUGH = 2  # of them, per page: the first two to whom it shows itself
MOST = 25  # a page that asks more often than this does too much at once, however constant it is


def _costs(visitors: dict[Realm, dict[str, Client]]) -> dict[tuple[str, str], int]:
    """(who, page) → queries, of every page that shows itself to them."""
    costs = {}
    for address in PAGES:
        seen = 0
        for name, visitor in visitors[realm_of(address.path)].items():
            if seen == ENOUGH:
                break
            if visitor.get(address.path).status_code != 200:
                continue  # the first visit also fills whatever is kept for a moment
            seen += 1
            with CaptureQueriesContext(connection) as asked:
                visitor.get(address.path)
            costs[name, address.pattern] = len(asked)
    return costs


@pytest.fixture
def _still_clock() -> Iterator[None]:
    """A session notes once a minute that it is in use: on a slow machine that minute would fall between two counts."""
    with time_machine.travel(clock.now(), tick=False):
        yield


@pytest.mark.usefixtures("_still_clock")
def test_no_page_asks_more_often_when_there_is_more_to_show(client, cast, staff_client, patient_client):
    visitors = {
        Realm.PATIENT: {"pat": patient_client(cast.pat)},
        Realm.STAFF: {name: staff_client(getattr(cast, name)) for name in STAFF},
        Realm.PUBLIC: {"nobody": client},
    }
    for _ in range(3):
        more(cast)
    few = _costs(visitors)

    for _ in range(3):
        more(cast)
    many = _costs(visitors)

    assert {page: (few[page], many[page]) for page in few if many[page] != few[page]} == {}
    assert {page: count for page, count in many.items() if count > MOST} == {}
    assert len(many) > 60, "the pages were not really visited"
