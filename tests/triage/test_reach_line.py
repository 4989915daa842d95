"""Above the reply: whether anybody hears of it, before it is written into the void (HD-08, HD-10)."""

import pytest
from django.urls import reverse

from helpdesk.enums import Channel, Side
from tests.helpdesk.factories import TextOptOutFactory, TicketFactory

pytestmark = pytest.mark.django_db
PHONE = "+12175550144"
NOBODY, SIGN_IN, STOP, ON_FILE = (
    "nobody is told what you write here", "they read it when they next sign in", "This number answered STOP",
    "told to the patient's own address",
)  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, ""),  # they left an address
        ({"requester_email": "", "channel": Channel.PHONE}, NOBODY),
        ({"requester_email": "", "channel": Channel.SMS}, ""),
        ({"requester_email": "", "channel": Channel.SMS, "stopped": True}, STOP),
        ({"requester_email": "", "channel": Channel.PHONE, "patient": "pat"}, ON_FILE),
        ({"requester_email": "", "channel": Channel.PORTAL, "patient": "piet"}, SIGN_IN),
        ({"requester_email": "", "side": Side.IT, "requester_kind": "staff", "channel": Channel.PHONE}, NOBODY),
    ],
)
def test_the_desk_says_where_an_answer_goes(cast, staff_client, fields, said):
    fields = {"requester_phone": PHONE, **fields}
    if fields.pop("stopped", False):
        TextOptOutFactory(phone=PHONE)
    if "patient" in fields:
        fields["patient"] = getattr(cast, fields["patient"])
        type(cast.piet).objects.filter(pk=cast.piet.pk).update(phone="")
    row = TicketFactory(office=cast.north, **fields)
    who, page = (cast.ian, "triage:it-ticket") if row.side == Side.IT else (cast.olivia, "triage:office-ticket")

    text = " ".join(staff_client(who).get(reverse(page, args=[row.public_id])).content.decode().split())

    assert [one for one in (NOBODY, SIGN_IN, STOP, ON_FILE) if one in text] == ([said] if said else [])
    calls = said in (NOBODY, STOP, SIGN_IN)
    assert (f'Call them, and note the call: <a class="nowrap" href="tel:{PHONE}">' in text) == calls
