"""Whether patients may bring technical faults to IT themselves is the practice's own decision (C5, TR-07)."""

import pytest

from helpdesk.models import Ticket
from portal_core.directory.actions import practices
from portal_core.directory.errors import NotYoursToGrant
from portal_core.directory.models import Practice
from portal_core.kernel.models import AuditEvent

PAGE = "/desk/settings/patient-line/"


def mode(cast):
    return Practice.objects.get(pk=cast.practice.pk).patient_support_mode


def write(client, cast):
    typed = {
        "who": "patient", "category": "SITE_DOWN", "body": "It does not open.", "office": cast.north.public_id,
        "name": "Pat", "email": "pat@patients.example", "idempotency_key": f"k{Ticket.objects.count()}",
    }  # fmt: skip
    assert client.post("/help/contact/", typed).status_code == 302
    return Ticket.objects.latest("pk").side


def test_the_owner_opens_and_closes_it_and_the_contact_form_obeys(cast, client, staff_client):
    """Pressed twice it is on the ledger once."""
    ana = staff_client(cast.ana)
    assert write(client, cast) == "office"
    for _ in range(2):
        assert ana.post(PAGE, {"enabled": "on"}).url == PAGE
    assert "checked" in ana.get(PAGE).content.decode()
    assert write(client, cast) == "it"

    ana.post(PAGE, {})

    assert write(client, cast) == "office"
    assert AuditEvent.objects.filter(action="practice:set-patient-line").count() == 2


@pytest.mark.parametrize(("who", "status"), [("oscar", 403), ("olivia", 403), ("ian", 403), ("charlie", 403)])
def test_nobody_else_does(cast, staff_client, who, status):
    assert staff_client(getattr(cast, who)).post(PAGE, {"enabled": "on"}).status_code == status
    with pytest.raises(NotYoursToGrant):
        practices.set_patient_line(practice=cast.practice, enabled=True, by=getattr(cast, who).actor)
    assert mode(cast) == "office_only"
