import pytest

from portal_core.scheduling.models import Appointment
from tests.scheduling.factories import AppointmentFactory


@pytest.fixture
def appointment(cast) -> Appointment:
    """Carla and Pat, by telehealth, now."""
    return AppointmentFactory(clinician=cast.carla, patient=cast.pat, telehealth=True)
