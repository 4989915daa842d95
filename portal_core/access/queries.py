"""Portal status of one patient or of a whole list."""

from typing import TYPE_CHECKING

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Trim

from portal_core.access.contracts import PortalStatus
from portal_core.access.enums import AccessLevel, PortalState
from portal_core.access.models import HelpAttempt, PortalAccess
from portal_core.access.rules.status import status_of

if TYPE_CHECKING:
    from portal_core.directory.models import Patient


def portal_status(patient: "Patient") -> PortalStatus:
    """The status with its reasons, and what to say (PC-24 to PC-32). One query."""
    row = PortalAccess.objects.filter(patient_id=patient.pk).first()
    return status_of(
        enabled=row is not None and row.level == AccessLevel.CAN_ACCESS,
        email=patient.email,
        zip_code=patient.zip,
        has_accessed=row is not None and row.first_access_at is not None,
    )


def with_portal_status(patients: "QuerySet[Patient]") -> "QuerySet[Patient]":
    """Annotate `portal_enabled`, `portal_accessed` (booleans) and `portal_state` (a value of PortalState)."""
    own = PortalAccess.objects.filter(patient=OuterRef("pk"))
    return patients.annotate(
        portal_enabled=Exists(own.filter(level=AccessLevel.CAN_ACCESS)),
        portal_accessed=Exists(own.filter(first_access_at__isnull=False)),
        portal_email=Trim("email"),
        portal_zip=Trim("zip"),
    ).annotate(
        portal_state=Case(
            When(
                Q(portal_enabled=False) | Q(portal_email="") | Q(portal_zip=""), then=Value(PortalState.INACTIVE.value)
            ),
            When(portal_accessed=False, then=Value(PortalState.UNACTIVATED.value)),
            default=Value(PortalState.ACTIVE.value),
        )
    )


def status_of_annotated(patient: "Patient") -> PortalStatus:
    """The same for a row of `with_portal_status`, without a query."""
    return status_of(
        enabled=patient.portal_enabled,  # type: ignore[attr-defined]
        email=patient.email,
        zip_code=patient.zip,
        has_accessed=patient.portal_accessed,  # type: ignore[attr-defined]
    )


def last_attempts(patient: "Patient", *, limit: int = 3) -> list[HelpAttempt]:
    """The latest tries of this patient at the sign-in page, newest first (PC-32)."""
    return list(HelpAttempt.objects.filter(patient=patient).order_by("-at", "-id")[:limit])
