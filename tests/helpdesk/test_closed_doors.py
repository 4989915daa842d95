"""While nobody is there, every way of writing says from when on somebody is (HD-11)."""

import datetime as dt

import pytest
import time_machine

from portal_core.directory.enums import PatientSupportMode
from portal_core.notify.models import Message
from tests.helpdesk.factories import TicketFactory
from tests.helpdesk.test_contact import typed

NOON = dt.datetime(2026, 11, 18, 18, 0, tzinfo=dt.UTC)  # a Wednesday in Chicago
NIGHT = dt.datetime(2026, 11, 19, 4, 0, tzinfo=dt.UTC)
CLOSED = "Your office is closed right now"
BACK = "it opens tomorrow at 8 a.m. and reads it then."


@pytest.mark.parametrize(("moment", "said"), [(NOON, (False, False)), (NIGHT, (True, True))])
def test_a_patient_who_writes_in_the_portal_is_told(cast, patient_client, moment, said):
    ticket = TicketFactory(office=cast.north, patient=cast.pat, created_at=NOON)
    with time_machine.travel(moment, tick=False):
        pat = patient_client(cast.pat)
        for address in ("/portal/requests/new/", f"/portal/requests/{ticket.public_id}/"):
            page = pat.get(address).content.decode()
            assert (CLOSED in page, BACK in page) == said, address


@pytest.mark.parametrize(("moment", "told"), [(NOON, False), (NIGHT, True)])
@pytest.mark.parametrize("who", ["patient", "provider"])
def test_the_receipt_tells_patients_of_their_office_and_colleagues_of_it(cast, client, drain, who, moment, told):
    """C5, C6: IT makes sure who a provider is, and how to find care is not for them. A patient's identity is the
    office's also where the practice's line for patients is open."""
    cast.practice.patient_support_mode = PatientSupportMode.PATIENT_LINE
    cast.practice.save()
    with time_machine.travel(moment, tick=False):
        client.post("/help/contact/", typed(cast, who=who, category="SLOW"))
        drain()

    text = Message.objects.get(template="helpdesk/received").text
    assert ("Nobody is here now. We are back tomorrow at 8 a.m. and answer from then on." in text) == told
    assert ("the office makes sure who is asking" in text, "If you need care now" in text) == (who == "patient",) * 2
    assert ("IT support makes sure who is asking: we call back the main number on file." in text) == (who != "patient")
