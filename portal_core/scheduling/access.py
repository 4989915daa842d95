"""The only door to one appointment."""

from typing import TYPE_CHECKING, cast

from portal_core.kernel import audit
from portal_core.kernel.enums import ActorKind
from portal_core.scheduling.errors import AppointmentNotFound
from portal_core.scheduling.models import Appointment

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff


def appointment_for(person: "Staff | Patient", public_id: str) -> Appointment:
    """One appointment as this person may see it; the read is audited. Raises AppointmentNotFound, for strangers too."""
    rows = Appointment.objects.with_people()
    if person.actor.kind == ActorKind.STAFF:
        rows = rows.seen_by(cast("Staff", person))
    else:
        rows = rows.of_patient(cast("Patient", person))
    appointment = rows.filter(public_id=public_id).first()
    if appointment is None:
        raise AppointmentNotFound
    audit.record("appointment:read", by=person.actor, target=appointment)
    return appointment
