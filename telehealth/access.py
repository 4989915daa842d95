"""The doors to a visit: as the clinician on it, as its patient, or with a signed link. Strangers learn nothing."""

import datetime as dt
from typing import TYPE_CHECKING

from django.core import signing

from portal_core.directory.enums import Permission
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from portal_core.scheduling import queries as scheduling
from telehealth.contracts import Seat
from telehealth.enums import Role
from telehealth.errors import LinkExpired, VisitNotFound
from telehealth.models import Visit
from telehealth.rules import eligibility

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff
    from portal_core.scheduling.models import Appointment

SALT = "telehealth.join"
LINK_LIFE = dt.timedelta(days=14)  # at most; a link also dies when the window of its appointment closes


def seat_of_staff(staff: "Staff", public_id: str) -> Seat:
    """The provider's seat; only for the clinician on the appointment (TH-04, TH-06). Raises VisitNotFound."""
    visit = Visit.objects.with_appointment().filter(public_id=public_id, appointment__clinician=staff).first()
    if visit is None or not staff.may(Permission.TELEHEALTH):
        raise VisitNotFound
    return Seat(visit=visit, role=Role.PROVIDER, actor=staff.actor)


def seat_of_patient(patient: "Patient", public_id: str) -> Seat:
    """The client's seat, for the patient of the appointment (TH-07). Raises VisitNotFound."""
    visit = Visit.objects.with_appointment().filter(public_id=public_id, appointment__patient=patient).first()
    if visit is None:
        raise VisitNotFound
    return Seat(visit=visit, role=Role.CLIENT, actor=patient.actor)


def link_token(appointment: "Appointment") -> str:
    """A signed token for the patient's seat of one appointment (TH-31). Holds opaque ids and its last second only."""
    if appointment.patient is None:
        raise VisitNotFound
    dies = min(eligibility.closes_at(appointment.start), clock.now() + LINK_LIFE)
    body = {"a": appointment.public_id, "p": appointment.patient.public_id, "x": int(dies.timestamp())}
    return signing.dumps(body, salt=SALT)


def appointment_of_token(token: str) -> "Appointment":
    """The appointment a link was made for. Raises LinkExpired for a forged, cut, old or replaced one alike."""
    try:
        body = signing.loads(token, salt=SALT)
        appointment_id, patient_id, dies = str(body["a"]), str(body["p"]), int(body["x"])
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        raise LinkExpired from None
    if clock.now().timestamp() > dies:
        raise LinkExpired
    appointment = scheduling.by_id(appointment_id)
    if appointment is None or appointment.patient is None or appointment.patient.public_id != patient_id:
        raise LinkExpired
    return appointment


def link_actor(appointment: "Appointment") -> Actor:
    """Who acts with a link: not known to be the patient, only to hold the patient's link."""
    patient_id = appointment.patient.public_id if appointment.patient is not None else ""
    return Actor(
        kind=ActorKind.REQUESTER, id=patient_id, label="Joined by direct link", practice_id=appointment.practice_id
    )


def seat_of_token(token: str) -> Seat:
    """The client's seat by direct link (TH-31…33). Raises LinkExpired, VisitNotFound when it was never prepared."""
    appointment = appointment_of_token(token)
    visit = Visit.objects.with_appointment().filter(appointment=appointment).first()
    if visit is None:
        raise VisitNotFound
    return Seat(visit=visit, role=Role.CLIENT, actor=link_actor(appointment))
