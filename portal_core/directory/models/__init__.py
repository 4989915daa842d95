from portal_core.directory.models.patient import Patient
from portal_core.directory.models.practice import Office, Practice
from portal_core.directory.models.staff import RoleAssignment, Staff

__all__ = ["Office", "Patient", "Practice", "RoleAssignment", "Staff"]
