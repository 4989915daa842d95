from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Roles of PC-76 and PC-77, and those of the support desk. Two seeds' names of one job are one word."""

    OWNER = "owner", _("Practice owner")
    MANAGER = "manager", _("Practice manager")
    ADMINISTRATOR = "administrator", _("Practice administrator")
    SCHEDULER = "scheduler", _("Scheduler")
    BILLER = "biller", _("Biller")
    OFFICE_STAFF = "office_staff", _("Office staff")
    OFFICE_MANAGER = "office_manager", _("Office manager")
    CLINICIAN = "clinician", _("Clinician")
    INTERN = "intern", _("Intern")
    IT_AGENT = "it_agent", _("IT agent")
    IT_LEAD = "it_lead", _("IT lead")
    STATUS_OPERATOR = "status_operator", _("Status page operator")
    PRIVACY_OFFICER = "privacy_officer", _("Privacy officer")


class Hat(models.TextChoices):
    """The side a person works on in a session. IT and everything that may see patients never mix (TR-01)."""

    PRACTICE = "practice", _("Practice")
    IT = "it", _("IT support")


IT_ROLES = frozenset({Role.IT_AGENT, Role.IT_LEAD, Role.STATUS_OPERATOR})
OFFICE_ROLES = frozenset({Role.OFFICE_STAFF, Role.OFFICE_MANAGER})


class Permission(StrEnum):
    SETTINGS = "settings"  # practice, offices, staff, roles
    PATIENT_READ = "patient.read"  # demographics and portal status of patients of one's offices
    PORTAL_ACCESS = "portal.access"  # switch access, send reset mails
    VERIFY_PATIENT = "patient.verify"
    APPROVE_RISKY = "patient.verify.approve"
    OFFICE_DESK = "desk.office"
    IT_DESK = "desk.it"
    SCHEDULE = "schedule"
    CHART = "chart"
    TELEHEALTH = "telehealth.start"
    STATUS_PUBLISH = "status.publish"
    AUDIT_READ = "audit.read"


ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset({Permission.SETTINGS, Permission.SCHEDULE, Permission.PATIENT_READ, Permission.AUDIT_READ}),
    Role.MANAGER: frozenset({Permission.SETTINGS, Permission.SCHEDULE, Permission.PATIENT_READ}),
    Role.ADMINISTRATOR: frozenset({Permission.SETTINGS, Permission.SCHEDULE, Permission.PATIENT_READ}),
    Role.SCHEDULER: frozenset({Permission.SCHEDULE, Permission.PATIENT_READ}),
    Role.BILLER: frozenset({Permission.SCHEDULE}),
    Role.OFFICE_STAFF: frozenset(
        {
            Permission.OFFICE_DESK,
            Permission.PATIENT_READ,
            Permission.PORTAL_ACCESS,
            Permission.VERIFY_PATIENT,
            Permission.SCHEDULE,
        }
    ),
    Role.OFFICE_MANAGER: frozenset(
        {
            Permission.OFFICE_DESK,
            Permission.PATIENT_READ,
            Permission.PORTAL_ACCESS,
            Permission.VERIFY_PATIENT,
            Permission.APPROVE_RISKY,
            Permission.SCHEDULE,
        }
    ),
    Role.CLINICIAN: frozenset({Permission.SCHEDULE, Permission.PATIENT_READ, Permission.CHART, Permission.TELEHEALTH}),
    Role.INTERN: frozenset({Permission.SCHEDULE, Permission.PATIENT_READ, Permission.CHART, Permission.TELEHEALTH}),
    Role.IT_AGENT: frozenset({Permission.IT_DESK}),
    Role.IT_LEAD: frozenset({Permission.IT_DESK, Permission.STATUS_PUBLISH}),
    Role.STATUS_OPERATOR: frozenset({Permission.STATUS_PUBLISH}),
    Role.PRIVACY_OFFICER: frozenset({Permission.AUDIT_READ}),
}


class PatientSupportMode(models.TextChoices):
    """C5: whether patients may write to IT at all."""

    OFFICE_ONLY = "office_only", _("Patients write to their office")
    PATIENT_LINE = "patient_line", _("Patients may write to the support line")
