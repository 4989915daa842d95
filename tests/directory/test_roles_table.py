"""Every role × every permission, and the page of the docs that says so."""

from pathlib import Path

import pytest

from portal_core.directory.enums import IT_ROLES, OFFICE_ROLES, ROLE_PERMISSIONS, Permission, Role
from tests.cast import make_staff

DOC = Path(__file__).resolve().parents[2] / "docs" / "architecture" / "people.md"

MAY = {
    "owner": "settings patient.read schedule audit.read",
    "manager": "settings patient.read schedule",
    "administrator": "settings patient.read schedule",
    "scheduler": "patient.read schedule",
    "biller": "schedule",
    "office_staff": "patient.read portal.access patient.verify desk.office schedule",
    "office_manager": "patient.read portal.access patient.verify patient.verify.approve desk.office schedule",
    "clinician": "patient.read schedule chart telehealth.start",
    "intern": "patient.read schedule chart telehealth.start",
    "it_agent": "desk.it",
    "it_lead": "desk.it status.publish",
    "status_operator": "status.publish",
    "privacy_officer": "audit.read",
}


def table() -> str:
    lines = ["| role | " + " | ".join(f"`{permission}`" for permission in Permission) + " |"]
    lines.append("|---|" + "---|" * len(Permission))
    for role in Role:
        marks = ("✓" if permission in ROLE_PERMISSIONS[role] else "" for permission in Permission)
        lines.append(f"| {role.label} | " + " | ".join(marks) + " |")
    return "\n".join(lines)


def test_every_role_is_in_the_table():
    assert set(MAY) == set(Role.values) == {str(role) for role in ROLE_PERMISSIONS}


def test_the_page_says_what_the_code_does():
    page = DOC.read_text()

    printed = page.partition("<!-- roles -->")[2].partition("<!-- /roles -->")[0].strip()
    assert printed == table(), f"docs/architecture/people.md is behind; put this there:\n{table()}"


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("permission", list(Permission))
def test_may(cast, role, permission):
    office = cast.south if role in OFFICE_ROLES else None
    person = make_staff("Someone", cast.practice, (role, office))
    allowed = permission in MAY[role].split()

    assert person.may(permission) is allowed
    assert person.may(permission, office_id=cast.south.pk) is allowed
    assert person.may(permission, office_id=cast.north.pk) is (allowed and role not in OFFICE_ROLES)
    assert person.offices_for(permission) == (([cast.south.pk] if office else None) if allowed else [])


@pytest.mark.parametrize("role", sorted(IT_ROLES))
def test_no_it_role_comes_near_a_patient(role):
    """TR-01"""
    near = {
        Permission.PATIENT_READ,
        Permission.VERIFY_PATIENT,
        Permission.APPROVE_RISKY,
        Permission.PORTAL_ACCESS,
        Permission.CHART,
        Permission.OFFICE_DESK,
    }
    assert not ROLE_PERMISSIONS[role] & near
