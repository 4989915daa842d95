"""The only doors to one object for one person; a stranger learns nothing (404)."""

from typing import TYPE_CHECKING

from portal_core.access.errors import LinkUnusable, ProxyNotFound, RegistrationNotFound, RunNotFound
from portal_core.access.models import AccessToken, OnboardingRun, ProxyGrant, Registration
from portal_core.directory.enums import Permission

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff


def registration_for(staff: "Staff", public_id: str) -> Registration:
    """A registration at an office in which this person manages portal access. Raises RegistrationNotFound."""
    rows = Registration.objects.filter(office__practice_id=staff.practice_id, public_id=public_id)
    row = rows.select_related("patient", "resembles").first()
    if row is None or not staff.may(Permission.PORTAL_ACCESS, office_id=row.office_id):
        raise RegistrationNotFound
    return row


def link_for(patient: "Patient", public_id: str) -> AccessToken:
    """A link that was sent to this patient, without its secret. Raises LinkUnusable."""
    row = AccessToken.objects.filter(patient=patient, public_id=public_id).first()
    if row is None:
        raise LinkUnusable
    return row


def proxy_for(patient: "Patient", public_id: str) -> ProxyGrant:
    """A grant of this patient, for whoever was let to the patient. Raises ProxyNotFound."""
    row = ProxyGrant.objects.filter(patient=patient, public_id=public_id).first()
    if row is None:
        raise ProxyNotFound
    return row


def run_for(staff: "Staff", public_id: str) -> OnboardingRun:
    """A run this person began; it names patients of their offices. Raises RunNotFound."""
    row = OnboardingRun.objects.filter(by=staff, public_id=public_id).first()
    if row is None:
        raise RunNotFound
    return row
