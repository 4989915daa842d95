"""Somebody who has died is written to no more, and nothing of theirs stays open."""

import pytest

from portal_core.access.actions import portal
from portal_core.access.errors import PatientDeceased
from portal_core.access.models import AccessToken, RegistrationPin
from portal_core.directory.fhir.parse import Address, PatientRow
from portal_core.directory.models import Patient
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import AccessTokenFactory, RegistrationPinFactory, refresh, take
from tests.cast import PASSWORD


def deceased(patient):
    type(patient).objects.filter(pk=patient.pk).update(deceased=True)


def test_nobody_who_died_is_invited(enabled):
    """PC-47."""
    deceased(enabled.paula)

    with pytest.raises(PatientDeceased):
        portal.resend_invitation(patient=enabled.paula, by=SYSTEM)

    assert (AccessToken.objects.count(), Delivery.objects.count()) == (0, 0)


def test_nobody_who_died_gets_a_reset_link(enabled, attested):
    deceased(enabled.pat)

    with pytest.raises(PatientDeceased):
        portal.send_reset_link(patient=enabled.pat, attestation_id="att-1", by=enabled.olivia.actor)

    assert (attested, AccessToken.objects.count()) == ([], 0)


def test_an_import_that_says_so_ends_what_was_open(cast, client, patient_client, drain):
    """Sessions, links and PINs; said twice it is done once."""
    inside, token = patient_client(cast.pat), AccessTokenFactory(patient=cast.pat, secret="sent-before")
    RegistrationPinFactory(patient=cast.pat)
    Patient.objects.filter(pk=cast.pat.pk).update(fhir_id="fhir-pat")
    row = PatientRow(
        fhir_id="fhir-pat", mrn=cast.pat.mrn, first_name="Pat", last_name="Patient", preferred_name="",
        birth_date=cast.pat.birth_date, email="", phone="", address=Address(), language="", deceased=True,
    )  # fmt: skip
    epoch = refresh(cast.pat).user.session_epoch

    for _ in range(2):
        take(cast.practice, [(1, row)])
    assert client.get("/portal/set-password/sent-before/").status_code == 404
    drain()

    assert refresh(cast.pat).user.session_epoch == epoch + 1
    assert refresh(token).superseded_at is not None
    assert RegistrationPin.objects.get().voided_at is not None
    assert inside.get("/portal/").status_code == 302
    assert client.post("/portal/sign-in/", {"username": "pat", "password": PASSWORD}).status_code == 403
    assert AuditEvent.objects.filter(action="access:close_deceased").count() == 1
