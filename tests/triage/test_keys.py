"""Single keys: on a page each presses one thing, and the key that is printed is the key that works."""

import re
from collections import Counter

import pytest
from django.urls import reverse

from helpdesk.actions import tickets
from helpdesk.enums import Resolution
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import AttemptFactory, AttestationFactory, FlagFactory
from triage.enums import EscalationState, Purpose

PRESSED = re.compile(r'data-key="([^"]+)"')
LABELLED = re.compile(r'data-key="([^"]+)"[^>]*>(?:(?!</a>|</button>|</summary>).)*?<kbd[^>]*>([^<]+)</kbd>', re.S)


def pages(cast, ticket):
    """(who, address) of each page of the desks that is worked by keys, with all on it that has one."""
    office, it = (lambda row: reverse("triage:office-ticket", args=[row.public_id])), "triage:it-flag"
    checked = [TicketFactory(office=cast.north, patient=cast.pat, owner=cast.olivia) for _ in range(4)]
    AttemptFactory(ticket=checked[0], attester=cast.olivia)
    for row, purpose in zip(checked[1:], (Purpose.RESET, Purpose.PIN, Purpose.SECOND_STEP), strict=True):
        AttestationFactory(attempt__ticket=row, attempt__attester=cast.olivia, action_class=purpose)
    flags = [
        FlagFactory(office=cast.north, sent_by=cast.olivia, state=state)
        for state in (EscalationState.SENT, EscalationState.INVESTIGATING, EscalationState.LINKED)
    ]
    written = TicketFactory(office=cast.north, side="it", requester_kind="provider")
    done = TicketFactory(office=cast.north)  # solved a moment ago: with the bar that takes it back
    tickets.solve(ticket=done, resolution=Resolution.OFFICE, hold=True, by=cast.olivia.actor)
    return [
        *(("olivia", office(row)) for row in (ticket, *checked)),
        ("olivia", reverse("triage:office")),
        ("olivia", reverse("triage:call")),
        ("ian", reverse("triage:it")),
        *(("ian", reverse(it, args=[row.public_id])) for row in flags),
        ("ian", reverse("triage:it-ticket", args=[written.public_id])),
    ]


@pytest.mark.usefixtures("mail_component")
def test_each_key_of_a_page_is_one_things_and_its_label_tells_the_truth(cast, ticket, staff_client):
    """HD-13: x ticks the row and never prints a PIN; y takes back and never says who somebody is."""
    found = {}
    clients = {"olivia": staff_client(cast.olivia), "ian": staff_client(cast.ian)}
    for who, address in pages(cast, ticket):
        page = clients[who].get(address).content.decode()
        keys = Counter(PRESSED.findall(page))
        found[address] = set(keys)
        assert [key for key, times in keys.items() if times > 1] == [], address
        assert [pair for pair in LABELLED.findall(page) if pair[0] != pair[1].strip()] == [], address

    worked = list(found.values())
    assert {"x", "y", "g"} <= worked[2]
    assert {"x", "i", "y"} <= worked[1]
