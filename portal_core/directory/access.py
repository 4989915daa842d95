"""The only doors to one patient, office or staff member for one person; a stranger learns nothing (404)."""

from typing import Any

from portal_core.directory.enums import Permission
from portal_core.directory.errors import OfficeNotFound, PatientNotFound, StaffNotFound
from portal_core.directory.models import Office, Patient, Staff
from portal_core.kernel import audit
from portal_core.kernel.errors import Forbidden


def patient_for(staff: Staff, public_id: str, *, to: Permission, **facts: Any) -> Patient:
    """The patient, if this person works with patients of that office; the read is written to the ledger, with `facts`.

    Raises PatientNotFound for everybody else (IT included, TR-01), Forbidden when they may see but not do `to`.
    """
    rows = Patient.objects.seen_by(staff).select_related("home_office", "practice", "primary_clinician", "user")
    patient = rows.filter(public_id=public_id).first()
    if patient is None:
        raise PatientNotFound
    if not staff.may(to, office_id=patient.home_office_id):
        raise Forbidden
    audit.record("patient:read", by=staff.actor, target=patient, to=str(to), **facts)
    return patient


def note_list_read(staff: Staff, *, shown: int, searched: bool, **facts: Any) -> None:
    """Write to the ledger that a list of patients was read: how many, never what was searched for."""
    audit.record("patient:search" if searched else "patient:list", by=staff.actor, shown=shown, **facts)


def office_for(staff: Staff, public_id: str, *, to: Permission = Permission.SETTINGS) -> Office:
    """An active office of the same practice, for somebody who holds `to`. Raises OfficeNotFound."""
    rows = Office.objects.select_related("practice").filter(practice_id=staff.practice_id, is_active=True)
    office = rows.filter(public_id=public_id).first()
    if office is None or not staff.may(to):
        raise OfficeNotFound
    return office


def staff_for(staff: Staff, public_id: str, *, to: Permission = Permission.SETTINGS) -> Staff:
    """A colleague of the same practice, for somebody who holds `to`. Raises StaffNotFound."""
    rows = Staff.objects.filter(practice_id=staff.practice_id).prefetch_related("role_assignments__office")
    colleague = rows.filter(public_id=public_id).first()
    if colleague is None or not staff.may(to):
        raise StaffNotFound
    return colleague
