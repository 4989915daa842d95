import hashlib

import factory
from django.utils import timezone

from portal_core.access.enums import (
    AccessLevel,
    CheckMethod,
    HelpFlow,
    InviteOutcome,
    ProxyScope,
    Relationship,
    TokenPurpose,
)
from portal_core.access.models import (
    AccessToken,
    EmailChange,
    HelpAttempt,
    OnboardingResult,
    OnboardingRun,
    PortalAccess,
    ProxyGrant,
    ProxyPerson,
    Registration,
    RegistrationPin,
)
from portal_core.directory.fhir.load import Patients
from portal_core.kernel import clock
from tests.factories import OfficeFactory, PatientFactory, PracticeFactory, StaffFactory


class PortalAccessFactory(factory.django.DjangoModelFactory):
    """A patient who may use the portal."""

    class Meta:
        model = PortalAccess
        django_get_or_create = ("patient",)

    patient = factory.SubFactory(PatientFactory)
    level = AccessLevel.CAN_ACCESS
    enabled_at = factory.LazyAttribute(lambda row: timezone.now() if row.level == AccessLevel.CAN_ACCESS else None)
    enabled_by = factory.LazyAttribute(lambda row: "Olivia Staff" if row.level == AccessLevel.CAN_ACCESS else "")
    first_access_at = None
    last_access_at = factory.SelfAttribute("first_access_at")


class AccessTokenFactory(factory.django.DjangoModelFactory):
    """A link whose secret is `secret`."""

    class Meta:
        model = AccessToken
        exclude = ("secret",)

    secret = factory.Sequence(lambda n: f"secret-{n}")
    patient = factory.SubFactory(PatientFactory, email="pat@patients.example")
    purpose = TokenPurpose.RESET
    hash = factory.LazyAttribute(lambda row: hashlib.sha256(row.secret.encode()).hexdigest())
    sent_to_hash = factory.LazyAttribute(lambda row: hashlib.sha256(row.patient.email.encode()).hexdigest())
    created_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyAttribute(lambda row: row.created_at + timezone.timedelta(hours=4))


class RegistrationFactory(factory.django.DjangoModelFactory):
    """Somebody who registered and has yet to confirm."""

    class Meta:
        model = Registration

    office = factory.SubFactory(OfficeFactory)
    at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyAttribute(lambda row: row.at + timezone.timedelta(hours=48))
    hash = factory.Sequence(lambda n: hashlib.sha256(f"registration-{n}".encode()).hexdigest())


class RegistrationPinFactory(factory.django.DjangoModelFactory):
    """A PIN that an office handed over and nobody has used."""

    class Meta:
        model = RegistrationPin

    patient = factory.SubFactory(PatientFactory)
    hash = factory.Sequence(lambda n: hashlib.sha256(f"pin-{n}".encode()).hexdigest())
    issued_at = factory.LazyFunction(timezone.now)
    issued_by = "Olivia Staff"
    expires_at = factory.LazyAttribute(lambda row: row.issued_at + timezone.timedelta(days=7))


class HelpAttemptFactory(factory.django.DjangoModelFactory):
    """Somebody at the sign-in page whose details matched nobody."""

    class Meta:
        model = HelpAttempt

    flow = HelpFlow.FORGOT
    email_matched = False
    last_name_matched = False
    birth_date_matched = False
    zip_matched = False
    succeeded = False
    at = factory.LazyFunction(timezone.now)


class EmailChangeFactory(factory.django.DjangoModelFactory):
    """A new address that rests for a day."""

    class Meta:
        model = EmailChange

    patient = factory.SubFactory(PatientFactory)
    new_email = "new@patients.example"
    method = CheckMethod.CHECKED
    changed_at = factory.LazyFunction(timezone.now)
    changed_by = "Olivia Staff"
    hold_until = factory.LazyAttribute(lambda row: row.changed_at + timezone.timedelta(days=1))


class OnboardingRunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OnboardingRun

    practice = factory.SubFactory(PracticeFactory)
    by = factory.SubFactory(StaffFactory, practice=factory.SelfAttribute("..practice"))
    created_at = factory.LazyFunction(timezone.now)


class OnboardingResultFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OnboardingResult

    run = factory.SubFactory(OnboardingRunFactory)
    patient = factory.SubFactory(PatientFactory)
    outcome = InviteOutcome.PENDING


class ProxyPersonFactory(factory.django.DjangoModelFactory):
    """A parent who has yet to choose a user name."""

    class Meta:
        model = ProxyPerson

    practice = factory.SubFactory(PracticeFactory)
    name = "Mona Parent"
    email = factory.Sequence("mona{}@proxies.example".format)
    created_at = factory.LazyFunction(timezone.now)


class ProxyGrantFactory(factory.django.DjangoModelFactory):
    """Good for a year from today."""

    class Meta:
        model = ProxyGrant

    patient = factory.SubFactory(PatientFactory)
    person = factory.SubFactory(ProxyPersonFactory, practice=factory.SelfAttribute("..patient.practice"))
    relationship = Relationship.PARENT
    scopes = factory.LazyFunction(lambda: list(ProxyScope.values))
    starts_on = factory.LazyAttribute(lambda row: row.granted_at.date())
    ends_on = factory.LazyAttribute(lambda row: row.starts_on + timezone.timedelta(days=365))
    method = CheckMethod.IN_PERSON
    granted_at = factory.LazyFunction(timezone.now)
    granted_by = "Olivia Staff"


def set_access(patient, **values):
    """Put the patient's access row into this shape, whatever stood there."""
    PortalAccess.objects.filter(patient=patient).delete()
    return PortalAccessFactory(patient=patient, **values)


def refresh(row):
    return type(row).objects.get(pk=row.pk)


def take(practice, rows):
    """Import these (line, PatientRow) as one batch of one file."""
    loader = Patients(practice)
    loader.begin(clock.now())
    loader.take(rows)
    loader.finish()
    assert loader.refused == []
