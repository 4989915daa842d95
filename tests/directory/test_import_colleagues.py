"""`manage.py import_fhir` and who may work here: nobody comes back whom a leader closed off, no owner is shut out."""

from portal_core.directory.actions import colleagues
from portal_core.directory.enums import Role
from portal_core.directory.models import Staff
from tests.directory.test_import_fhir import PRACTITIONER, run, write
from tests.factories import RoleAssignmentFactory, StaffFactory


def test_a_colleague_closed_off_here_is_not_opened_again_by_an_export(db, tmp_path):
    """What an import itself closed, an import opens; what a leader closed, a leader opens."""
    run(write(tmp_path, {"Practitioner": [PRACTITIONER, {**PRACTITIONER, "id": "doc-2", "active": False}]}))
    irvin, second = Staff.objects.order_by("fhir_id")
    owner = StaffFactory(practice=irvin.practice)
    RoleAssignmentFactory(staff=owner, role=Role.OWNER, office=None)
    colleagues.set_active(staff=irvin, active=False, by=owner.actor)

    named = {**PRACTITIONER, "name": [{"family": "Emard", "given": ["Irving"]}]}
    run(write(tmp_path, {"Practitioner": [named, {**named, "id": "doc-2"}]}))

    irvin.refresh_from_db()
    second.refresh_from_db()
    assert [(one.first_name, one.is_active) for one in (irvin, second)] == [("Irving", False), ("Irving", True)]
    colleagues.set_active(staff=irvin, active=True, by=owner.actor)
    run(write(tmp_path, {"Practitioner": [{**named, "active": False}]}))
    run(write(tmp_path, {"Practitioner": [named]}))
    irvin.refresh_from_db()
    assert irvin.is_active


def test_an_owner_is_not_closed_off_by_an_export(db, tmp_path):
    """Nor is anybody else kept open by it, and what else it says of the owner is taken over."""
    run(write(tmp_path, {"Practitioner": [PRACTITIONER, {**PRACTITIONER, "id": "doc-2"}]}))
    irvin, _second = Staff.objects.order_by("fhir_id")
    RoleAssignmentFactory(staff=irvin, role=Role.OWNER, office=None)

    gone = {**PRACTITIONER, "active": False, "name": [{"family": "Emard", "given": ["Irving"]}]}
    run(write(tmp_path, {"Practitioner": [gone, {**gone, "id": "doc-2"}]}))

    kept = Staff.objects.order_by("fhir_id").values_list("first_name", "is_active")
    assert list(kept) == [("Irving", True), ("Irving", False)]
