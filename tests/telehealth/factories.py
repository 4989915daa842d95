"""Visits as the actions leave them."""

import factory

from portal_core.kernel import clock
from telehealth.enums import Role, VisitEventKind, VisitState
from telehealth.models import Participant, Visit, VisitEvent
from tests.scheduling.factories import AppointmentFactory


class VisitFactory(factory.django.DjangoModelFactory):
    """A visit nobody has opened."""

    class Meta:
        model = Visit

    appointment = factory.SubFactory(AppointmentFactory, telehealth=True)
    state = VisitState.SCHEDULED
    created_at = factory.LazyFunction(clock.now)


class ParticipantFactory(factory.django.DjangoModelFactory):
    """One side, not in the room."""

    class Meta:
        model = Participant

    visit = factory.SubFactory(VisitFactory)
    role = Role.PROVIDER


class VisitEventFactory(factory.django.DjangoModelFactory):
    """A line of a visit's timeline."""

    class Meta:
        model = VisitEvent

    visit = factory.SubFactory(VisitFactory)
    at = factory.LazyFunction(clock.now)
    kind = VisitEventKind.STARTED
    generation = 1
