"""Visits as the actions leave them."""

import factory

from portal_core.kernel import clock
from telehealth.enums import Role, VisitEventKind, VisitState
from telehealth.models import Participant, Visit, VisitEvent


class VisitFactory(factory.django.DjangoModelFactory):
    """A visit nobody has opened; `appointment` must be given."""

    class Meta:
        model = Visit

    state = VisitState.SCHEDULED
    created_at = factory.LazyFunction(clock.now)


class ParticipantFactory(factory.django.DjangoModelFactory):
    """One side, not in the room; `visit` must be given."""

    class Meta:
        model = Participant

    role = Role.PROVIDER


class VisitEventFactory(factory.django.DjangoModelFactory):
    """A line of a visit's timeline; `visit` must be given."""

    class Meta:
        model = VisitEvent

    at = factory.LazyFunction(clock.now)
    kind = VisitEventKind.STARTED
    generation = 1
