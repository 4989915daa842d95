"""An import puts another address on file for somebody with portal access: nothing opens for it that a clerk's own
change would not open either (PC-42)."""

import datetime as dt
import re

import pytest
import time_machine

from portal_core.access.actions import email
from portal_core.access.models import EmailChange, PortalAccess
from portal_core.directory.fhir.parse import Address, PatientRow
from portal_core.directory.models import Patient
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import AccessTokenFactory, refresh, set_access, take
from tests.cast import make_patient

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
OLD, NEW = "pat@patients.example", "pat.new@patients.example"


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def bring_in(practice, *patients: Patient, address: str = NEW) -> None:
    """One file of the records system that states this address for each of them, and nothing else new."""
    rows = []
    for number, patient in enumerate(patients, 1):
        Patient.objects.filter(pk=patient.pk).update(fhir_id=f"fhir-{patient.mrn}")
        row = PatientRow(
            fhir_id=f"fhir-{patient.mrn}", mrn=patient.mrn, first_name=patient.first_name,
            last_name=patient.last_name, preferred_name="", birth_date=patient.birth_date, email=address, phone="",
            address=Address(), language="", deceased=False,
        )  # fmt: skip
        rows.append((number, row))
    take(practice, rows)


def test_the_new_address_waits_and_both_mailboxes_hear(cast, clock, client, patient_client, drain):
    inside, token = patient_client(cast.pat), AccessTokenFactory(patient=cast.pat, secret="sent-before")

    bring_in(cast.practice, cast.pat)
    row = EmailChange.objects.get()
    assert (row.old_email, row.new_email, row.method, row.changed_by) == (OLD, NEW, "imported", "Records import")
    assert row.hold_until == NOON + dt.timedelta(hours=24)
    assert client.get("/portal/set-password/sent-before/").status_code == 404
    drain()

    assert refresh(cast.pat).email == NEW
    assert refresh(token).superseded_at == NOON
    assert inside.get("/portal/").status_code == 302
    assert {each.address for each in Delivery.objects.all()} == {OLD, NEW}
    assert AuditEvent.objects.get(action="access:change_email").facts == {"method": "imported", "held": True}
    four = {"email": NEW, "last_name": "Patient", "birth_date": "1980-05-17", "zip_code": "62701"}
    client.post("/portal/forgot-password/", four)
    drain()
    assert Delivery.objects.latest("id").message.subject == "Your new e-mail address is on hold"


def test_the_owner_of_the_old_address_can_stop_it(cast, clock, client, drain):
    bring_in(cast.practice, cast.pat)
    drain()
    text = Delivery.objects.get(message__template="access/email_changed_old").message.text
    (link,) = re.findall(r"(/portal/email-change/[^/\s]+/)", text)

    assert "The change is stopped" in client.post(link, {"last_name": "Patient"}).content.decode()

    assert refresh(cast.pat).email == OLD
    assert PortalAccess.objects.get(patient=cast.pat).level == "none"


def test_handed_out_twice_it_is_told_once(cast, clock, drain):
    bring_in(cast.practice, cast.pat)
    drain()
    row = EmailChange.objects.get()

    email.tell_imported(change_id=row.public_id)

    assert refresh(row).stop_hash == row.stop_hash != ""
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize("address", ["PAT@patients.example", ""], ids=["the same in capitals", "none stated"])
def test_what_is_no_other_address_changes_nothing(cast, clock, address):
    bring_in(cast.practice, cast.pat, address=address)

    assert EmailChange.objects.count() == 0


def test_who_has_no_portal_access_is_simply_corrected(cast, clock, drain):
    many = [make_patient(f"Many{n}", cast.north, f"MRN-M{n}") for n in range(5)]
    set_access(many[0])

    bring_in(cast.practice, *many)
    drain()

    assert {row.patient for row in EmailChange.objects.all()} == {many[0]}
    assert {row.email for row in Patient.objects.filter(mrn__startswith="MRN-M")} == {NEW}
