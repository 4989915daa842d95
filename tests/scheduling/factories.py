"""Appointments as the actions leave them."""

import datetime as dt

import factory

from portal_core.kernel import clock
from portal_core.scheduling.enums import AppointmentStatus, AppointmentType
from portal_core.scheduling.models import Appointment
from tests.factories import PatientFactory, StaffFactory


class AppointmentFactory(factory.django.DjangoModelFactory):
    """A booked hour with a patient."""

    class Meta:
        model = Appointment

    patient = factory.SubFactory(PatientFactory)
    clinician = factory.SubFactory(StaffFactory, practice=factory.SelfAttribute("..patient.practice"))
    practice = factory.SelfAttribute("clinician.practice")
    office = factory.SelfAttribute("patient.home_office")
    type = AppointmentType.INDIVIDUAL
    status = AppointmentStatus.BOOKED
    start = factory.LazyFunction(clock.now)
    end = factory.LazyAttribute(lambda row: row.start + dt.timedelta(minutes=50))
    telehealth = False
    created_at = factory.LazyFunction(clock.now)
    updated_at = factory.SelfAttribute("created_at")
