"""Somebody who has died is written to no more, and nothing of theirs stays open."""

import pytest

from portal_core.access.actions import portal
from portal_core.access.errors import PatientDeceased
from portal_core.access.models import AccessToken
from portal_core.kernel.contracts import SYSTEM
from portal_core.notify.models import Delivery


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
