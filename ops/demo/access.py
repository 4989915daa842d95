"""The demo's portal access: Pat uses the portal, Paula has yet to set up her account, Piet lacks an e-mail address; the
others are a mix that is the same everywhere."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction

from ops.demo import people
from portal_core.access.enums import AccessLevel
from portal_core.access.models import PortalAccess

if TYPE_CHECKING:
    from portal_core.directory.models import Practice

BY = "Olivia Marsh"


@transaction.atomic
def create(practice: "Practice") -> None:
    """Give every patient of the demo a portal access row; patients who have one keep it."""
    known = set(PortalAccess.objects.filter(patient__practice=practice).values_list("patient_id", flat=True))
    rows = []
    for place, patient in enumerate(practice.patients.order_by("fhir_id", "pk")):
        if patient.pk in known:
            continue
        level, first = _share(patient.fhir_id, place)
        enabled = level == AccessLevel.CAN_ACCESS
        rows.append(
            PortalAccess(
                patient=patient,
                level=level,
                enabled_at=people.EPOCH if enabled else None,
                enabled_by=BY if enabled else "",
                first_access_at=first,
                last_access_at=first + dt.timedelta(days=place % 200) if first else None,
            )
        )
    PortalAccess.objects.bulk_create(rows)


def _share(fhir_id: str, place: int) -> tuple[AccessLevel, dt.datetime | None]:
    """Of ten patients six use the portal, two have yet to sign in for the first time, two have no access."""
    if fhir_id == "demo-pat":
        return AccessLevel.CAN_ACCESS, people.EPOCH + dt.timedelta(days=1)
    if fhir_id in ("demo-paula", "demo-piet"):
        return AccessLevel.CAN_ACCESS, None
    share = place * 7 % 10
    if share < 6:
        return AccessLevel.CAN_ACCESS, people.EPOCH + dt.timedelta(days=1 + place % 60)
    return (AccessLevel.CAN_ACCESS, None) if share < 8 else (AccessLevel.NONE, None)
